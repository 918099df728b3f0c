"""What may be done to the services that are looked at: asked of the engine once, and again when they do otherwise."""

from collections.abc import Callable
from typing import Any

from cockpit.board.model import Identity
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import EnginePort, Verbs

MOST = 256
"""Answers that are kept."""
State = tuple[object, ...]


class Offers:
    """The names of verbs by workload. changed: called when an answer has come."""

    def __init__(self, port: EnginePort, changed: Callable[[], object]) -> None:
        self._port = port
        self._changed = changed
        self._known: dict[Identity, frozenset[str]] = {}
        self._asked: dict[Identity, State] = {}
        self._last: tuple[ServiceStatus, frozenset[str]] | None = None

    def of(self, service: ServiceStatus) -> frozenset[str]:
        """What at least one of its workloads offers, as far as it is known by now."""
        # Each key of the footer asks, with each frame; a service that did nothing is the same value.
        if self._last is not None and self._last[0] is service:
            return self._last[1]
        found: frozenset[str] = frozenset()
        asked = False
        for work in service.workloads:
            state: State = tuple((one.id, one.phase) for one in work.instances)
            if self._asked.get(work.id) != state:
                self._ask(work.id, state)
                asked = True
            found |= self._known.get(work.id, frozenset())
        if not asked:
            self._last = service, found
        return found

    def _ask(self, identity: Identity, state: State) -> None:
        if len(self._asked) >= MOST:
            self._asked.clear()
            self._known.clear()
        self._asked[identity] = state
        future = self._port.submit(Verbs(identity))
        future.add_done_callback(lambda done: self._heard(identity, done))

    def _heard(self, identity: Identity, done: Any) -> None:
        self._last = None
        if done.cancelled() or done.exception() is not None:
            self._asked.pop(identity, None)  # asked again with the next look
            return
        names = frozenset(verb.name.replace(" ", "") for verb in done.result())
        if self._known.get(identity) != names:
            self._known[identity] = names
            self._changed()
