"""`cockpit check`: what a snapshot says, as JSON with a schema and as text for people. No Textual in here."""

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from cockpit.board.model import Freshness, Health, Instance, Phase, ReadingState, State
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus

Verdict = Literal["ok", "failing", "unknown"]
EXIT: dict[Verdict, int] = {"ok": 0, "failing": 1, "unknown": 2}


class InstanceReport(Struct, frozen=True, kw_only=True):
    """One container, pod or process. state: its phase, or "unhealthy" when it runs and its health check fails."""

    name: str
    id: str
    state: str
    exit_code: int | None
    restarts: int | None


class ProbeReport(Struct, frozen=True, kw_only=True):
    """The last answer of one probe; state is "unknown" when that answer is too old."""

    name: str
    kind: str
    state: ReadingState
    latency_ms: float | None
    detail: str


class ServiceReport(Struct, frozen=True, kw_only=True):
    """One service. scope: project or namespace of a discovered one, else empty. ready, desired: None when not known."""

    name: str
    scope: str
    tier: int
    state: State
    since: datetime | None
    why: str
    ready: int | None
    desired: int | None
    instances: tuple[InstanceReport, ...]
    probes: tuple[ProbeReport, ...]


class SourceReport(Struct, frozen=True, kw_only=True):
    """One source of facts and since when it is live, stale or lost."""

    name: str
    freshness: Freshness
    since: datetime
    why: str


class Report(Struct, frozen=True, kw_only=True):
    """The assessment. verdict: "failing" (something is down or degraded), "unknown" (nothing is, but not all can be
    told), else "ok". Times are RFC 3339 in UTC.
    """

    version: Literal[1] = 1
    profile: str
    at: datetime
    verdict: Verdict
    sources: tuple[SourceReport, ...]
    services: tuple[ServiceReport, ...]


def verdict(snapshot: Snapshot) -> Verdict:
    """What a snapshot comes to. Where nothing is watched, nothing is ok."""
    states = {service.state for service in snapshot.services}
    if states & {State.DOWN, State.DEGRADED}:
        return "failing"
    silent = any(source.freshness is not Freshness.LIVE for source in snapshot.sources)
    if State.UNKNOWN in states or silent or not states - {State.NOT_WATCHED}:
        return "unknown"
    return "ok"


def exit_code(snapshot: Snapshot) -> int:
    """0 all well; 1 something down or degraded; 2 cannot tell."""
    return EXIT[verdict(snapshot)]


def report(snapshot: Snapshot) -> Report:
    """A snapshot as what `check --json` prints; services worst first."""
    return Report(
        profile=snapshot.profile,
        at=snapshot.at,
        verdict=verdict(snapshot),
        sources=tuple(
            SourceReport(name=one.name, freshness=one.freshness, since=one.since, why=one.why)
            for one in snapshot.sources
        ),
        services=tuple(_service(one) for one in snapshot.services),
    )


def to_json(snapshot: Snapshot) -> str:
    """`report` as one JSON object, indented by two."""
    return msgspec.json.format(msgspec.json.encode(report(snapshot)), indent=2).decode()


def schema() -> str:
    """The JSON Schema of what `to_json` gives."""
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Report)), indent=2).decode()


def to_text(snapshot: Snapshot, *, width: int = 80, ascii_only: bool = False) -> str:
    """The assessment for people, worst first, no line wider than `width` cells; ends without a line end."""
    lines = list(_text(snapshot, width, ascii_only))
    text = "\n".join(lines)
    return text.encode("ascii", "replace").decode("ascii") if ascii_only else text


def _service(one: ServiceStatus) -> ServiceReport:
    return ServiceReport(
        name=one.name,
        scope=one.scope,
        tier=one.tier,
        state=one.state,
        since=one.since,
        why=one.why,
        ready=one.ready,
        desired=one.desired,
        instances=tuple(_instance(each) for workload in one.workloads for each in workload.instances),
        probes=tuple(
            ProbeReport(
                name=each.reading.probe,
                kind=each.reading.kind,
                state=each.reading.state if each.freshness is Freshness.LIVE else ReadingState.UNKNOWN,
                latency_ms=each.reading.latency_ms,
                detail=each.reading.detail,
            )
            for each in one.probes
        ),
    )


def _instance(one: Instance) -> InstanceReport:
    unhealthy = one.phase is Phase.RUNNING and one.health is Health.UNHEALTHY
    return InstanceReport(
        name=one.name,
        id=one.id.instance,
        state=str(Health.UNHEALTHY if unhealthy else one.phase),
        exit_code=one.exit_code,
        restarts=one.restarts,
    )


_GLYPHS = {
    State.DOWN: "✗x", State.DEGRADED: "▲!", State.UNKNOWN: "??", State.STARTING: "◌.", State.PAUSED: "◇-",
    State.NOT_WATCHED: "· ", State.OK: "●o",
}  # fmt: skip
"""The sign of each state, and the one for a terminal without UTF-8."""
_WORDS: dict[Verdict, str] = {"ok": "all well", "failing": "not well", "unknown": "cannot tell"}
_NAME_MOST = 30
_REASON_MOST = 4
"""Lines: at 80 columns enough for 250 letters, of which a reason has seldom more."""


def _text(snapshot: Snapshot, width: int, ascii_only: bool) -> Iterator[str]:
    dots = "..." if ascii_only else "…"
    counts = Counter(service.state for service in snapshot.services)
    summary = ", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "no services"
    yield _cut(f"{snapshot.profile}: {_WORDS[verdict(snapshot)]}", width, dots)
    yield _cut(f"  {summary}", width, dots)
    for source in snapshot.sources:
        # Why a source is lost is told nowhere else, and what to do about it stands at its end.
        lines = textwrap.wrap(
            _source(source), width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
        )
        yield from (_cut(line, width, dots) for line in lines)
    yield _cut(f"  at {snapshot.at:%Y-%m-%d %H:%M:%S} UTC", width, dots)
    if not snapshot.services:
        return
    yield ""
    names = {one.key: f"{one.scope}/{one.name}" if one.scope else one.name for one in snapshot.services}
    room = min(_NAME_MOST, max(_cells(name) for name in names.values()))
    for one in snapshot.services:
        glyph = _GLYPHS[one.state][ascii_only]
        ready = "" if one.ready is None else f"{one.ready}/{'-' if one.desired is None else one.desired}"
        line = (
            f"{glyph} {one.state:<11} {one.tier} {_padded(_cut(names[one.key], room, dots), room)} {ready:>5} "
            f"{_since(one, snapshot.at):>6}"
        )
        if _cells(line) + 2 + _cells(one.why) <= width:
            yield f"{line}  {one.why}".rstrip()
        else:
            # Nothing here opens on Enter: a reason that does not fit gets lines of its own.
            yield _cut(line.rstrip(), width, dots)
            yield from _reason(one.why, width, dots)


def _reason(why: str, width: int, dots: str) -> Iterator[str]:
    indent = " " * 16
    letters = width if _cells(why) <= len(why) else (width + len(indent)) // 2  # wide letters take two cells each
    lines = textwrap.wrap(
        why, letters, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False,
        max_lines=_REASON_MOST, placeholder=f" {dots}",
    )  # fmt: skip
    return (_cut(line, width, dots) for line in lines)


def _source(source: SourceStatus) -> str:
    since = "" if source.freshness is Freshness.LIVE else f" since {source.since:%H:%M:%S} UTC"
    return f"{source.label or source.name}: {source.freshness}{since}{f': {source.why}' if source.why else ''}"


def _since(one: ServiceStatus, now: datetime) -> str:
    """The age of a state: "4m12", "3h05", "12d"; ">" before one of which only the first sight is known."""
    if one.since is None or one.state is State.NOT_WATCHED:
        return ""
    seconds = max(0, int((now - one.since).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days >= 2:
        age = f"{days}d"
    elif hours:
        age = f"{hours}h{minutes % 60:02}"
    else:
        age = f"{minutes}m{seconds % 60:02}" if minutes else f"{seconds}s"
    return age if one.since_exact else f">{age}"


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) == "Mn":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - _cells(text))


def _cut(text: str, width: int, dots: str) -> str:
    if _cells(text) <= width:
        return text
    used, kept = len(dots), []
    for char in text:
        used += _width(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept) + dots
