"""What the cockpit writes into the timeline by itself: services and probes that change state, sources lost and back.

A subject that changes more than three times within 60 s is *flapping*: one entry says so, one more how it settled.
A service that is only unknown because its source is lost is not told about: the source's own entry says it once.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from cockpit.board.model import Freshness, ReadingState, SafeText, State
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, Snapshot, SourceStatus
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry

WINDOW = timedelta(seconds=60)
MOST_CHANGES = 3
"""Within the window; one more is flapping."""

_PASSING = frozenset({State.STARTING, State.NOT_WATCHED})
"""On the way to another state, or none: not told."""

_BAD = frozenset({"down", "degraded", "lost"})


class Seen(Struct, frozen=True, kw_only=True):
    """One subject as a snapshot shows it. key: unique ("service:redis"); why: in brackets after the state."""

    key: str
    kind: str
    name: str
    state: str
    since: datetime
    why: SafeText
    facts: tuple[tuple[str, str], ...]


class _Track(Struct):
    """What is remembered of one subject. state: the last that was told, or known from the journal."""

    state: str
    since: datetime
    changes: list[datetime]
    flapping_since: datetime | None = None
    flaps: int = 0
    untold: bool = False
    """Unknown when first seen, which was not told."""
    present: bool = False
    """A service that this watcher saw, not only the journal."""


class Watcher:
    """A fold over snapshots: `look` gives the drafts that the newest one adds. One small track a subject."""

    def __init__(self, profile: str, remembered: Iterable[Entry] = ()) -> None:
        """remembered: earlier entries; what they told last of a subject is not told again, and its end is."""
        self._profile = profile
        self._tracks: dict[str, _Track] = {}
        self._seen: tuple[object, tuple[Freshness, ...]] = (None, ())
        for entry in remembered:
            facts = dict(entry.facts)
            if entry.kind in ("state", "probe") and facts.get("profile") == profile and "state" in facts:
                self._tracks[facts.get("key", "")] = _Track(facts["state"], entry.happened, [])

    def look(self, snapshot: Snapshot) -> tuple[Draft, ...]:
        """What is new. The same change gives the same unique key, whichever cockpit sees it."""
        now = (snapshot.services, tuple(source.freshness for source in snapshot.sources))
        old, self._seen = self._seen, now
        # Each second brings a snapshot in which only a source was heard again: 3 ms with 60 services, for nothing.
        if now[0] is old[0] and now[1] == old[1] and all(one.flapping_since is None for one in self._tracks.values()):
            return ()
        found = [self._consider(seen, snapshot.at) for seen in subjects(snapshot)]
        return (*(draft for draft in found if draft is not None), *self._gone(snapshot))

    def _gone(self, snapshot: Snapshot) -> Iterator[Draft]:
        """Services that are there no more (a container removed): told only while every source is live."""
        if any(source.freshness is not Freshness.LIVE for source in snapshot.sources):
            return
        there = {f"service:{service.key}" for service in snapshot.services}
        for key in [key for key, track in self._tracks.items() if track.present and key not in there]:
            name = key.partition(":")[2]
            was = self._tracks.pop(key).state
            seen = Seen(
                key=key, kind="state", name=name, state="gone", since=snapshot.at, why=SafeText(""),
                facts=(("service", name),),
            )  # fmt: skip
            yield self._draft(seen, was, f"from every live source, was {was}")

    def _consider(self, seen: Seen, now: datetime) -> Draft | None:
        track = self._tracks.get(seen.key)
        present = seen.key.startswith("service:")
        if track is None:
            untold = seen.state == State.UNKNOWN
            self._tracks[seen.key] = _Track(seen.state, seen.since, [], present=present, untold=untold)
            return self._draft(seen, "", "when first seen") if seen.state in _BAD else None
        track.present = present
        if track.state == seen.state:
            return self._settled(seen, track, now)
        was, since, untold = track.state, track.since, track.untold
        track.state, track.since, track.untold = seen.state, seen.since, False
        if untold and seen.state not in _BAD:
            # At the start nothing is known for a moment: that it is well then is no news.
            return None
        track.changes = [*(at for at in track.changes if now - at < WINDOW), now]
        if track.flapping_since is not None:
            track.flaps += 1
            return None
        if len(track.changes) > MOST_CHANGES:
            track.flapping_since, track.flaps = now, len(track.changes)
            return self._flapping(seen, now, f"flapping, {track.flaps} changes in 60 s, now {seen.state}")
        lasted = duration(seen.since - since)
        return self._draft(seen, was, f"after {lasted} {was}" if seen.state not in _BAD else "")

    def _settled(self, seen: Seen, track: _Track, now: datetime) -> Draft | None:
        if track.flapping_since is None or now - track.changes[-1] < WINDOW:
            return None
        lasted = duration(track.changes[-1] - track.flapping_since)
        track.flapping_since = None
        return self._flapping(seen, now, f"settled at {seen.state} after {track.flaps} changes in {lasted}")

    def _draft(self, seen: Seen, was: str, remark: str) -> Draft:
        words = " ".join(part for part in (seen.state, remark) if part)
        text = safe(f"{seen.name}: {words}" + (f" ({seen.why})" if seen.why else ""))
        facts = (*seen.facts, ("key", seen.key), ("state", seen.state), ("was", was), ("profile", self._profile))
        moment = seen.since.isoformat(timespec="seconds")
        unique = f"{seen.kind}:{self._profile}:{seen.key}:{seen.state}:{moment}"
        return Draft(kind=seen.kind, text=text, happened=seen.since, subject=seen.name, facts=facts, unique=unique)

    def _flapping(self, seen: Seen, now: datetime, words: str) -> Draft:
        facts = (*seen.facts, ("key", seen.key), ("state", seen.state), ("flapping", "yes"), ("profile", self._profile))
        unique = f"flapping:{self._profile}:{seen.key}:{now.isoformat(timespec='seconds')}"
        text = safe(f"{seen.name}: {words}" + (f" ({seen.why})" if seen.why else ""))
        return Draft(kind=seen.kind, text=text, happened=now, subject=seen.name, facts=facts, unique=unique)


def subjects(snapshot: Snapshot) -> Iterator[Seen]:
    """Everything in a snapshot whose state is worth telling."""
    for source in snapshot.sources:
        if source.freshness is not Freshness.STALE:
            yield _source(source)
    for service in snapshot.services:
        if service.state not in _PASSING and (
            service.state is not State.UNKNOWN or service.freshness is Freshness.LIVE
        ):
            yield _service(service, snapshot.at)
        for probe in service.probes:
            if probe.freshness is Freshness.LIVE and probe.reading.state is not ReadingState.UNKNOWN:
                yield _probe(service, probe)


def _source(source: SourceStatus) -> Seen:
    return Seen(
        key=f"source:{source.name}", kind="state", name=source.label, state=str(source.freshness), since=source.since,
        why=source.why, facts=(("source", source.name),),
    )  # fmt: skip


def _service(service: ServiceStatus, now: datetime) -> Seen:
    return Seen(
        key=f"service:{service.key}", kind="state", name=service.key, state=str(service.state),
        since=service.since or now, why=service.why, facts=(("service", service.key),),
    )  # fmt: skip


def _probe(service: ServiceStatus, probe: ProbeStatus) -> Seen:
    reading = probe.reading
    return Seen(
        key=f"probe:{service.key}:{reading.probe}", kind="probe", name=f"{service.key} {reading.probe}",
        state=str(reading.state), since=probe.since, why=safe(f"{reading.target} {reading.detail}".strip()),
        facts=(("service", service.key), ("probe", reading.probe)),
    )  # fmt: skip


def duration(length: timedelta) -> str:
    """A length of time, short: "9 s", "4m12s", "2h05m", "3d"."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86400}d"
