"""The probes of a service: the last reading of each, its recent past, and how far it may still be believed."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.board.freshness import age
from cockpit.board.model import Freshness, Reading, ReadingState, SafeText
from cockpit.board.snapshot import ProbeStatus
from cockpit.profile.probes import Probe

HISTORY = 30
SHORTEST_INTERVAL = 3.0
"""A probe asked more often is still given a timeout's worth of silence."""


USUAL_BAD_AFTER = 2


class Track(Struct):
    """One probe over time. exact: its last change of state was seen. next: when silence makes it worse.

    well_at: the first of the last `needed` good readings in a row, kept when bad ones follow. A single good reading
    proves nothing: a probe goes on saying ok until `needed` answers in a row were bad.
    """

    status: ProbeStatus
    exact: bool = False
    asked: bool = True
    next: datetime | None = None
    needed: int = USUAL_BAD_AFTER
    oks: tuple[datetime, ...] = ()
    well_at: datetime | None = None


def declared(service: str, name: str, spec: Probe, at: datetime) -> Track:
    """A probe that has not answered yet."""
    reading = Reading(
        service=service,
        probe=name,
        kind=str(spec.__struct_config__.tag),
        state=ReadingState.UNKNOWN,
        at=at,
        critical=spec.critical,
        detail=SafeText("not asked yet"),
        interval=float(spec.every),
    )
    status = ProbeStatus(reading=reading, since=at, freshness=Freshness.LIVE)
    return Track(status, asked=False, needed=max(1, spec.bad_after))


def take(track: Track | None, reading: Reading) -> Track:
    """The probe with one more reading."""
    old = track.status if track is not None and track.asked else None
    same = old is not None and old.reading.state is reading.state
    history = (*(old.history if old else ())[-(HISTORY - 1) :], (reading.state, reading.latency_ms))
    needed = track.needed if track is not None else USUAL_BAD_AFTER
    oks = (*(track.oks if track else ()), reading.at)[-needed:] if reading.state is ReadingState.OK else ()
    return Track(
        ProbeStatus(
            reading=reading,
            since=old.since if old is not None and same else reading.at,
            freshness=Freshness.LIVE,
            history=history,
        ),
        exact=(track.exact if track is not None and same else old is not None),
        needed=needed,
        oks=oks,
        well_at=oks[0] if len(oks) == needed else track.well_at if track is not None else None,
    )


def current(track: Track, now: datetime) -> ProbeStatus:
    """The probe as it may be believed at `now`; the same object while that does not change."""
    reading = track.status.reading
    if not track.asked:
        return track.status
    seen = age(min(reading.at, now), max(SHORTEST_INTERVAL, reading.interval), now)
    track.next = seen.next
    if seen.freshness is not track.status.freshness:
        track.status = replace(track.status, freshness=seen.freshness)
    return track.status
