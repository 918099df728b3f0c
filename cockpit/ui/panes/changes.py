"""What changed about a service: a line of time above how much went wrong, on one axis, and the changes, newest first.

It says when things were, and of nothing that it caused another.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import zip_longest

from cockpit.board.model import Change, ChangeKind, State
from cockpit.board.rate import Rate
from cockpit.board.snapshot import ServiceStatus, SourceStatus
from cockpit.ui.cells import Line, Span, cut, pad, width, wrap_words
from cockpit.ui.format import UNKNOWN, bars, clock, number, since, stamp
from cockpit.ui.look import Look
from cockpit.ui.theme import state_style

HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
MOST = 20
_INDENT = 3
_LETTERS = {
    ChangeKind.ROLLOUT: "R", ChangeKind.SCALE: "S", ChangeKind.RESTART: "r", ChangeKind.CONFIG: "C",
    ChangeKind.NODE: "N", ChangeKind.MITIGATION: "M",
}  # fmt: skip
"""On the line of time and in the list: letters, so that each terminal has them."""
_ILL = frozenset({State.DOWN, State.DEGRADED, State.UNKNOWN})


class _Axis:
    """Which column a moment stands in; the last is now."""

    def __init__(self, now: datetime, columns: int, span: timedelta) -> None:
        self.now, self.columns, self.span = now, columns, span

    def column(self, at: datetime) -> int | None:
        """None: before what is shown."""
        behind = (self.now - at) / self.span
        return None if behind > 1 else min(self.columns - 1, round((1 - behind) * (self.columns - 1)))


def changes_lines(
    look: Look, service: ServiceStatus, sources: Iterable[SourceStatus], now: datetime, columns: int, most: int = MOST
) -> list[Line]:
    """The whole pane without its title: at most six lines of time, then `most` changes and what of them is not seen."""
    lines: list[Line] = []
    if service.changes or service.rate is not None:
        lines += _time(look, service, now, columns)
    lines += [_listed(look, one, now, columns) for one in service.changes[:most]]
    if not service.changes:
        lines.append(Line((Span("   nothing is known to have changed within a day", "dim"),)))
    elif len(service.changes) > most:
        lines.append(Line((Span(f"   {len(service.changes) - most} more", "dim"),)))
    named = {workload.source for workload in service.workloads}
    unseen = [look.text(one.aside) for one in sources if one.name in named and one.aside]
    lines += [
        Line((Span(f"   {piece}", "dim"),))
        for text in unseen
        for piece in wrap_words(f"changes not seen: {text}", columns - _INDENT)
    ]
    return lines


def title(service: ServiceStatus, now: datetime) -> str:
    """ "Recent changes, last hour"."""
    return f"Recent changes, last {'2 hours' if _span(service, now) > HOUR else 'hour'}"


def _span(service: ServiceStatus, now: datetime) -> timedelta:
    """An hour, or two where what matters was more than one ago."""
    moments = [one.at for one in service.changes[:1]] + [service.since] * (service.state in _ILL)
    older = [at for at in moments if at is not None and HOUR < now - at <= 2 * HOUR]
    return 2 * HOUR if older else HOUR


def _time(look: Look, service: ServiceStatus, now: datetime, columns: int) -> Iterator[Line]:
    axis = _Axis(now, max(20, columns - 2 * _INDENT), _span(service, now))
    indent = Span(" " * _INDENT)
    yield Line((indent, *_marks(look, service, axis)))
    values = _columns(service.rate, axis) if service.rate is not None else ()
    if values:
        yield Line((indent, Span(bars(values, look.glyphs.steps), "starting")))
    yield Line((indent, Span(_ticks(look, axis), "dim")))
    yield Line((indent, Span(cut(_legend(service.rate, values), axis.columns, look.end), "dim")))


def _marks(look: Look, service: ServiceStatus, axis: _Axis) -> Iterator[Span]:
    """A letter for each change, a number where several share a column, and where the present state began."""
    found = [(column, one) for one in service.changes if (column := axis.column(one.at)) is not None]
    count = Counter(column for column, _ in found)
    cells = [Span(look.glyphs.rule, "dim")] * axis.columns
    for column, one in found:
        cells[column] = Span(str(min(9, count[column])) if count[column] > 1 else _LETTERS[one.kind], "strong")
    began = axis.column(service.since) if service.since is not None and service.state in _ILL else None
    if began is not None:
        # What came just before must stay to be seen.
        while began < axis.columns - 1 and count[began]:
            began += 1
        if not count[began]:
            cells[began] = Span(look.glyphs.state(service.state), state_style(service.state))
    run = cells[0]
    for cell in cells[1:]:
        if cell.style == run.style:
            run = Span(run.text + cell.text, run.style)
        else:
            yield run
            run = cell
    yield run


def _columns(rate: Rate, axis: _Axis) -> tuple[float | None, ...]:
    """The most that was counted in each column; None where nothing is known."""
    values: dict[int, float] = {}
    begin = axis.now - axis.span
    ends = [at for at, _ in rate.points[1:]] if rate.holds else [at + _MINUTE for at, _ in rate.points]
    for (at, value), end in zip_longest(rate.points, ends):
        until = min(end or axis.now, axis.now)
        first, last = axis.column(max(at, begin)), axis.column(max(until, begin))
        if until < begin or first is None or last is None:
            continue
        for column in range(first, max(first, last if until == axis.now else last - 1) + 1):
            values[column] = max(value, values.get(column, 0.0))
    return tuple(values.get(column) for column in range(axis.columns))


def _ticks(look: Look, axis: _Axis) -> str:
    """The times of day under the axis: its beginning, its middle, its end."""
    first, middle, last = (clock(axis.now - axis.span * part, look.utc) for part in (1, 0.5, 0))
    half = (axis.columns - width(middle)) // 2
    text = pad(first, half, end="") + middle
    return text + pad(last, axis.columns - width(text), right=True, end="")


def _legend(rate: Rate | None, values: tuple[float | None, ...]) -> str:
    known = [value for value in values if value is not None]
    if rate is None or not known:
        return f"above: changes; errors {UNKNOWN}: no number, log or probe tells of them yet"
    top = max(known)
    most = f", most {number(top, rate.unit)}" if top else ", none"
    return f"above: changes; below: {rate.what}{most}" + (f" ({rate.partly})" if rate.partly else "")


def _listed(look: Look, one: Change, now: datetime, columns: int) -> Line:
    when = f"{stamp(one.at, now, look.utc)} "
    age = pad(since(now, one.at, exact=False), 5, right=True)
    head = (Span(" " * _INDENT), Span(f"{_LETTERS[one.kind]} ", "strong"), Span(f"{when}{age}  ", "dim"))
    used = sum(width(text) for text, _ in head)
    return Line((*head, Span(cut(look.text(one.text), columns - used, look.end))))
