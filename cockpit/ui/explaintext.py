"""Why a service is as it is, in words: what it needs (and what that needs), who needs it, what happened just before."""

from datetime import datetime, timedelta

from cockpit.board.model import State
from cockpit.board.snapshot import ServiceStatus, SourceStatus
from cockpit.incident.timeline import Row
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.format import moment, since
from cockpit.ui.look import Look
from cockpit.ui.lookup import Services
from cockpit.ui.panes.arrange import WELL
from cockpit.ui.panes.timeline import row_style
from cockpit.ui.theme import state_style

Needed = tuple[int, str, ServiceStatus | None]
BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=2)
"""What stands in the timeline so long before the service fell, and just after, may have to do with it."""
DEEPEST, MOST = 6, 60


def needed(service: ServiceStatus, services: Services) -> list[Needed]:
    """(depth, name, service or None when it is not known) of all that it needs, each once."""
    found: list[Needed] = []
    _walk(service, services, 1, {service.key}, found)
    return found


def _walk(service: ServiceStatus, services: Services, depth: int, seen: set[str], found: list[Needed]) -> None:
    for name in service.depends_on:
        other = services.get(name)
        key = other.key if other else name
        if key in seen or len(found) >= MOST:
            continue
        seen.add(key)
        found.append((depth, name, other))
        if other is not None:
            _walk(other, services, min(depth + 1, DEEPEST), seen, found)


def first_to_fail(service: ServiceStatus, services: Services) -> ServiceStatus | None:
    """Of all that it needs and that is not well, what fell first, if that was before it."""
    bad = [
        (other.since, other.key, other)
        for _, _, other in needed(service, services)
        if other is not None and other.state not in WELL and other.since is not None
    ]
    if not bad:
        return None
    at, _, first = min(bad, key=lambda one: one[:2])
    return first if service.since is None or at <= service.since else None


def explain_lines(
    look: Look, service: ServiceStatus, services: Services, rows: tuple[Row, ...], now: datetime, columns: int
) -> list[Line]:
    """The whole explanation."""
    lines = [*_verdict(look, service, services, now, columns), Line(), _title("What it needs")]
    tree = [_node(look, depth, name, other, now) for depth, name, other in needed(service, services)]
    lines += tree or [Line((Span("   nothing is declared", "dim"),))]
    if service.dependents:
        lines += [Line(), _title("What needs it")]
        lines += [_node(look, 1, name, services.get(name), now) for name in service.dependents]
    lines += [Line(), _title("What happened around then"), *_around(look, service, rows, columns)]
    lines += [Line(), _title("What is known of it")]
    return lines + _texts(look, service.evidence or (service.why or "nothing speaks against it",), columns)


def unseen_lines(look: Look, service: ServiceStatus, sources: tuple[SourceStatus, ...], columns: int) -> list[Line]:
    """What its sources cannot see although they answer: a missing permission, numbers that nobody measures."""
    named = {workload.source for workload in service.workloads}
    said = tuple(f"{source.label}: {source.why}" for source in sources if source.name in named and source.why)
    return [Line(), _title("What cannot be seen"), *_texts(look, said, columns)] if said else []


def _title(text: str) -> Line:
    return Line((Span(f" {text}", "title"),))


def _texts(look: Look, texts: tuple[str, ...], columns: int) -> list[Line]:
    return [Line((Span(f"   {piece}"),)) for text in texts for piece in wrap_words(look.text(text), columns - 6)]


_ASIDE = {State.PAUSED: "it was put aside", State.NOT_WATCHED: "nothing watches it: how it is, is not known"}


def _verdict(look: Look, service: ServiceStatus, services: Services, now: datetime, columns: int) -> list[Line]:
    head = f" {look.glyphs.state(service.state)} {service.name} {service.state.value}"
    lines = [Line((Span(head, state_style(service.state)), Span(f" for {since(now, service.since)}")))]
    first = first_to_fail(service, services) if service.state is not State.OK else None
    if first is not None:
        at = moment(first.since, look.utc)
        text = f"{first.name} is {first.state} since {at} as well ({first.why})"
        if first.state is State.DOWN:
            text = f"{first.name} fell before it, at {at}: start there ({first.why})"
    elif service.state in WELL:
        text = _ASIDE.get(service.state) or (f"it is well but for: {service.why}" if service.why else "it is well")
    else:
        text = "nothing that it needs fell before it: look at the service itself"
    return lines + _texts(look, (text,), columns)


def _node(look: Look, depth: int, name: str, other: ServiceStatus | None, now: datetime) -> Line:
    indent = Span("   " * depth)
    if other is None:
        return Line((indent, Span(f"{look.glyphs.unknown} {name}"), Span("  not on the board", "dim")))
    style = state_style(other.state)
    return Line(
        (
            indent,
            Span(f"{look.glyphs.state(other.state)} {other.name} ", style),
            Span(f"{other.state.value} {since(now, other.since, True, other.since_exact)}  ", style),
            Span(look.text(other.why), "dim"),
        )
    )


def _around(look: Look, service: ServiceStatus, rows: tuple[Row, ...], columns: int) -> list[Line]:
    if service.since is None:
        return [Line((Span("   it is not known since when it is so", "dim"),))]
    near = [row for row in rows if service.since - BEFORE <= row.happened <= service.since + AFTER]
    found = [
        Line((Span(f"   {moment(row.happened, look.utc)} ", "dim"), Span(look.text(row.text), row_style(row))))
        for row in near[-20:]
    ]
    return found or [Line((Span("   nothing in the half hour before it", "dim"),))]
