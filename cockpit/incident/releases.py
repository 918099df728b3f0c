"""Which release (image) each workload ran and when, written as the board shows it and folded back from the journal.

What is there when a workload is first seen is noted quietly, many workloads in one entry: after the next deploy, which
nobody may have watched, it is still known what ran before, and when it was healthy. A change is an entry of its own.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.history import Ran
from cockpit.board.model import Freshness, Identity, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry

KIND = "release"
FACT = "release"
MOST = 100
"""Workloads in one quiet entry."""
AGAIN = timedelta(hours=6)
"""After which it is noted again that a release is healthy; that it no longer was, its service's own entry says."""
PAUSE = timedelta(seconds=10)
"""Between two looks at the same services: each second brings a snapshot in which only a source was heard again."""
SECOND = timedelta(seconds=1)
"""Ten snapshots a second need not each say of every service that it is well."""
LONGEST = 300
"""Characters of a name that are kept."""


class Release(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One release of one workload, as it stands in an entry."""

    profile: str
    service: str
    workload: Identity
    ran: Ran


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Release).decode


class ReleaseWatcher:
    """A fold over snapshots: `look` gives the drafts that the newest one adds. One small value a workload."""

    def __init__(self, profile: str, remembered: Iterable[Entry] = ()) -> None:
        """remembered: earlier entries; what they told of a workload is not told again."""
        self._profile = profile
        self._now: dict[Identity, Release] = {}
        self._drawn: dict[Identity, Workload] = {}
        self._told: dict[Identity, datetime | None] = {}
        """When what runs was healthy, as it was noted last."""
        self._seen: tuple[object, datetime] = (None, _LONG_AGO)
        for entry in remembered:
            for one in releases_in(entry):
                if one.profile == profile and one.ran.until is None:
                    self._now[one.workload], self._told[one.workload] = one, one.ran.healthy

    def healthy(self, workload: Identity) -> tuple[str, datetime | None]:
        """(id, when its service was last seen well with it) of what a workload runs."""
        known = self._now.get(workload)
        return (known.ran.id, known.ran.healthy) if known else ("", None)

    def look(self, snapshot: Snapshot) -> tuple[Draft, ...]:
        """What is new. The same change gives the same unique key, whichever cockpit sees it."""
        services, looked = self._seen
        if snapshot.services is services and snapshot.at - looked < PAUSE:
            return ()
        self._seen = snapshot.services, snapshot.at
        live = {source.name for source in snapshot.sources if source.freshness is Freshness.LIVE}
        noted: list[Release] = []
        changed: list[Draft] = []
        for service in snapshot.services:
            for workload in service.workloads:
                if workload.source in live:
                    self._consider(service, workload, snapshot.at, noted, changed)
        return (*self._noted(noted, snapshot.at), *changed)

    def _consider(
        self, service: ServiceStatus, workload: Workload, now: datetime, noted: list[Release], changed: list[Draft]
    ) -> None:
        known = self._now.get(workload.id)
        if known is None or self._drawn.get(workload.id) is not workload:
            found = release_of(workload, now)
            if found is None:  # nothing runs, or two releases side by side: a roll-out that is not over
                return
            self._drawn[workload.id] = workload
            if known is None:
                known = Release(profile=self._profile, service=service.key, workload=workload.id, ran=found)
            elif known.ran.id != found.id:
                known = self._changed(service, known, found, now, changed)
        healthy = known.ran.healthy
        if service.state is State.OK and (healthy is None or now - healthy >= SECOND):
            known = replace(known, ran=replace(known.ran, healthy=now))
        self._now[workload.id] = known
        if len(noted) < MOST and self._worth_noting(known):
            noted.append(known)
            self._told[workload.id] = known.ran.healthy

    def _worth_noting(self, known: Release) -> bool:
        if known.workload not in self._told:
            return True
        told, healthy = self._told[known.workload], known.ran.healthy
        return healthy is not None and (told is None or healthy - told >= AGAIN)

    def _changed(
        self, service: ServiceStatus, known: Release, found: Ran, now: datetime, changed: list[Draft]
    ) -> Release:
        at = max(found.since, known.ran.since)
        new = replace(known, service=service.key, ran=replace(found, since=at))
        old = replace(known, ran=replace(known.ran, until=at))
        text = f"{service.key}: image {_words(old.ran)} -> {_words(new.ran)}"
        facts = (
            ("service", service.key), ("was", _words(old.ran)), ("image", _words(new.ran)),
            ("was last healthy", f"{old.ran.healthy:%Y-%m-%d %H:%M:%S}Z" if old.ran.healthy else "not seen"),
            (FACT, _encode(old).decode()), (FACT, _encode(new).decode()), ("profile", self._profile),
        )  # fmt: skip
        unique = f"{KIND}:{self._profile}:{service.key}:{new.ran.id}:{at.isoformat(timespec='seconds')}"
        self._told[known.workload] = None
        changed.append(
            Draft(kind=KIND, text=safe(text), happened=min(at, now), subject=service.key, facts=facts, unique=unique)
        )
        return new

    def _noted(self, noted: list[Release], now: datetime) -> Iterator[Draft]:
        if noted:
            facts = tuple((FACT, _encode(one).decode()) for one in noted)
            names = ", ".join(dict.fromkeys(one.service for one in noted))
            text = safe(f"what runs was noted, to roll back to: {names}", LONGEST)
            unique = f"{KIND}:{self._profile}:noted:{now.isoformat()}"
            yield Draft(kind=KIND, text=text, facts=(*facts, ("profile", self._profile)), unique=unique)


def release_of(workload: Workload, now: datetime) -> Ran | None:
    """What all instances of a workload run; None when there are none, or not all run the same."""
    if len({one.image_id for one in workload.instances}) != 1 or not workload.instances[0].image_id:
        return None
    began = [one.created_at or one.started_at or now for one in workload.instances]
    first = workload.instances[0]
    return Ran(id=first.image_id[:LONGEST], name=str(first.image)[:LONGEST], since=min(max(began), now))


def quiet(entry: Entry) -> bool:
    """Whether an entry only notes what runs: for planning, no part of the story."""
    return entry.kind == KIND and not any(name == "was" for name, _ in entry.facts)


def releases_in(entry: Entry) -> Iterator[Release]:
    """Those that an entry tells of; what cannot be read (another version wrote it) is left out."""
    for name, value in entry.facts if entry.kind == KIND else ():
        if name == FACT:
            try:
                yield _decode(value)
            except (msgspec.DecodeError, UnicodeError):
                continue


def ran(entries: Iterable[Entry], workload: Identity) -> tuple[Ran, ...]:
    """Every release that entries tell of for one workload, the latest first.

    When its service turned from well, or to well, is told by that service's own entries.
    """
    found: dict[str, Ran] = {}
    services: set[str] = set()
    well: list[tuple[str, datetime]] = []
    for entry in entries:
        if entry.kind == "state":
            facts = dict(entry.facts)
            if State.OK in (facts.get("state"), facts.get("was")):
                well.append((facts.get("service", ""), entry.happened))
        for one in releases_in(entry):
            if one.workload == workload:
                services.add(one.service)
                before = found.get(one.ran.id)
                found[one.ran.id] = _later(before, one.ran) if before else one.ran
    times = [at for service, at in well if service in services]
    return tuple(sorted((_well(one, times) for one in found.values()), key=_order, reverse=True))


def _later(before: Ran, one: Ran) -> Ran:
    healthy = max((at for at in (before.healthy, one.healthy) if at is not None), default=None)
    # Rolled back to by its id, it is still known by the name that it had.
    return replace(one, healthy=healthy, name=before.name if one.id in one.name else one.name)


def _well(one: Ran, times: Iterable[datetime]) -> Ran:
    seen = [at for at in times if one.since <= at and (one.until is None or at <= one.until)]
    seen += [one.healthy] if one.healthy is not None else []
    return replace(one, healthy=max(seen, default=None))


def _order(one: Ran) -> tuple[bool, datetime]:
    return one.until is None, one.until or one.since


def _words(one: Ran) -> str:
    digest = one.id.rpartition(":")[2][:12]
    return digest if one.id in one.name else f"{one.name} {digest}"
