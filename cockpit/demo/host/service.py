"""What the platform wants of one service: how many, which release, which environment, and what changed when."""

import collections
import time
from collections.abc import Mapping

from cockpit.demo.shape import Release, ServiceShape

DAY = 86_400.0
HISTORY_LIMIT, CHANGES_LIMIT = 20, 20


class Rollout:
    """One release while it was rolled out. until None: it still is."""

    def __init__(self, version: str, since: float, note: str) -> None:
        self.version, self.since, self.note = version, since, note
        self.until: float | None = None

    def as_json(self) -> dict[str, object]:
        return {"version": self.version, "since": self.since, "until": self.until, "note": self.note}


class ServiceState:
    """The definition of a service as it is now. generation grows with each change of it."""

    def __init__(self, shape: ServiceShape, now: float) -> None:
        self.shape = shape
        self.desired = shape.instances
        self.env = dict(shape.env)
        self.memory_limit = shape.memory_limit
        self.generation = 1
        self.rollout = ""
        self.history: collections.deque[Rollout] = collections.deque(maxlen=HISTORY_LIMIT)
        self.changes: collections.deque[dict[str, object]] = collections.deque(maxlen=CHANGES_LIMIT)
        self._next_number = 1
        for release in shape.releases:
            if release.days is not None:
                self._begin(release, now - release.days * DAY)

    @property
    def name(self) -> str:
        return self.shape.name

    @property
    def release(self) -> str:
        return self.history[-1].version

    @property
    def previous_release(self) -> str:
        """What ran before the current one (the current one when nothing did)."""
        others = [rollout.version for rollout in self.history if rollout.version != self.release]
        return others[-1] if others else self.release

    def _begin(self, release: Release, at: float) -> None:
        if self.history:
            self.history[-1].until = at
        self.history.append(Rollout(release.version, at, release.note))

    def roll_to(self, version: str) -> None:
        """Make a known version the current one."""
        release = next(each for each in self.shape.releases if each.version == version)
        self.changed("release", self.release, version)
        self._begin(release, time.time())

    def change_env(self, changes: Mapping[str, str | None]) -> None:
        """Set (or, with None, unset) variables."""
        for key, value in changes.items():
            self.changed(f"env {key}", self.env.get(key), value)
            if value is None:
                self.env.pop(key, None)
            else:
                self.env[key] = value

    def changed(self, what: str, before: object, after: object) -> None:
        """Note a change of the definition."""
        self.generation += 1
        self.changes.append({"at": time.time(), "what": what, "before": before, "after": after})

    def new_name(self) -> str:
        """A name that no instance of this service ever had."""
        self._next_number += 1
        return f"{self.name}-{self._next_number - 1}"

    def as_json(self) -> dict[str, object]:
        shape = self.shape
        return {
            "name": self.name,
            "tier": shape.tier,
            "description": shape.description,
            "needs": [{"service": need.service, "critical": need.critical} for need in shape.needs],
            "desired": self.desired,
            "max_instances": shape.max_instances,
            "release": self.release,
            "history": [rollout.as_json() for rollout in self.history],
            "versions": list(shape.versions),
            "env": dict(self.env),
            "changes": list(self.changes),
            "generation": self.generation,
            "rollout": self.rollout,
            "memory_limit": self.memory_limit,
        }
