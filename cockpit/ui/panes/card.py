"""The card of one service: its state and since when, why, what runs it, what probes say, what was done to it last."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from cockpit.board.model import Freshness, Health, Instance, Phase, State
from cockpit.board.snapshot import ProbeStatus, ServiceStatus
from cockpit.ui.cells import Line, Span, cut, cut_middle, pad, width, wrap_words
from cockpit.ui.format import UNKNOWN, history, milliseconds, moment, number, percent, since, size, sparkline, stamp
from cockpit.ui.look import Look
from cockpit.ui.lookup import services_near
from cockpit.ui.theme import reading_style, state_style
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

LABEL = 7
SPARK = 10
LAST = 2
"""Changes that are shown; d and x show all."""


class CardFacts(Struct, frozen=True, kw_only=True):
    """What a card is drawn from. others: every service by key, for what it depends on; last: with its last changes."""

    service: ServiceStatus
    others: Mapping[str, ServiceStatus] = {}
    last: bool = True


def card_lines(look: Look, facts: CardFacts, now: datetime, columns: int) -> list[Line]:
    """The card without its rule."""
    service = facts.service
    lines = [*_state(look, service, now, columns), *_why(look, facts, now, columns)]
    lines += _instances(look, service, now, columns)
    lines += _probes(look, service, now, columns)
    lines += _resources(look, service, columns)
    lines += _last(look, service, now, columns) if facts.last else []
    lines += _declared(look, service, columns)
    return lines


def _labelled(label: str, rows: list[Line]) -> list[Line]:
    return [
        Line((Span(f" {label if not index else '':<{LABEL - 1}}", "dim"), *row.spans), row.base)
        for index, row in enumerate(rows)
    ]


def _text(label: str, text: str, columns: int, style: str = "text") -> list[Line]:
    return (
        _labelled(label, [Line((Span(piece, style),)) for piece in wrap_words(text, columns - LABEL)]) if text else []
    )


def _state(look: Look, service: ServiceStatus, now: datetime, columns: int) -> list[Line]:
    style = state_style(service.state)
    bound = "" if service.since_exact else "at least "
    known = (
        f" since {bound}{stamp(service.since, now, look.utc)} ({since(now, service.since)})" if service.since else ""
    )
    spans = [Span(f" {look.glyphs.state(service.state)} {service.state.value}", style), Span(known)]
    owner = f"owner {look.name(service.owner)} " if service.owner else ""
    used = sum(width(text) for text, _ in spans)
    if owner and used + width(owner) < columns:
        spans.append(Span(" " * (columns - used - width(owner)) + owner, "dim"))
    lines = [Line(tuple(spans))]
    if service.freshness is not Freshness.LIVE:
        old = f" ({since(now, service.freshness_since)})" if service.freshness_since else ""
        lines.append(
            Line((Span(f"   {service.freshness.value}{old}: what follows is what was last known", "degraded"),))
        )
    return lines


def _why(look: Look, facts: CardFacts, now: datetime, columns: int) -> list[Line]:
    service = facts.service
    rows = [
        Line((Span(piece),))
        for text in service.evidence or ((service.why,) if service.why else ())
        for piece in wrap_words(look.text(text), columns - LABEL)
    ]
    for name in service.depends_on:
        other = facts.others.get(name)
        if other is None or other.state in (State.OK, State.NOT_WATCHED):
            continue
        first = f" <{look.glyphs.rule} first" if name == service.cause else ""
        at = f" {moment(other.since, look.utc)}" if other.since else ""
        needed = f"needs {name} {look.glyphs.state(other.state)} {other.state.value}{first}"
        at = at if width(needed) + width(at) <= columns - LABEL else ""
        spans = (
            Span(f"needs {name} "),
            Span(f"{look.glyphs.state(other.state)} {other.state.value}{at}", state_style(other.state)),
            Span(first, "warning"),
        )
        rows.append(Line(spans))
    return _labelled("why", rows)


def _instances(look: Look, service: ServiceStatus, now: datetime, columns: int) -> list[Line]:
    every = [instance for workload in service.workloads for instance in workload.instances]
    rows = [_instance(look, instance, now, columns - LABEL) for instance in sorted(every, key=_worst)]
    # What `why` says is not said twice: at 24 rows each counts.
    told = " ".join(service.evidence)
    rolling = [work.rollout for work in service.workloads if work.rollout and work.rollout not in told]
    rows += [Line((Span(rollout, "starting"),)) for rollout in rolling]
    if not service.workloads:
        rows = [Line((Span("nothing that runs it is known", "dim"),))]
    elif not every:
        rows = [Line((Span("none", "warning"),))]
    more = len(rows) - 6
    if more > 0:
        rows = [*rows[:6], Line((Span(f"{look.end} {more} more, d shows all", "dim"),))]
    return _labelled("inst", rows)


def _worst(instance: Instance) -> tuple[bool, bool, str]:
    return (instance.phase is Phase.RUNNING, instance.health is not Health.UNHEALTHY, instance.name)


def _instance(look: Look, instance: Instance, now: datetime, columns: int) -> Line:
    style = "ok" if instance.phase is Phase.RUNNING and instance.health is not Health.UNHEALTHY else "degraded"
    if instance.phase in (Phase.EXITED, Phase.DEAD):
        style = "down" if instance.exit_code else "degraded"
    version = 9 if columns >= 46 and instance.version else 0
    named = max(10, min(28, columns - 11 - version - 7))
    moment_of = instance.started_at if instance.phase is Phase.RUNNING else instance.finished_at
    spans = [
        Span(pad(cut_middle(instance.name, named, look.end), named) + " "),
        Span(pad(phase_text(instance), 10, end=look.end) + " ", style),
        Span(pad(cut_middle(instance.version, version - 1, look.end), version) if version else "", "dim"),
        Span(pad(since(now, moment_of, exact=False), 5, right=True), "dim"),
    ]
    restarts = f" restarts {instance.restarts}" if instance.restarts else ""
    if restarts and sum(width(text) for text, _ in spans) + len(restarts) <= columns:
        spans.append(Span(restarts, "degraded"))
    return Line(tuple(spans))


def phase_text(instance: Instance) -> str:
    """What one instance does, in two words at most: "exited 137", "unhealthy"."""
    if instance.phase in (Phase.EXITED, Phase.DEAD) and instance.exit_code is not None:
        return f"{'OOM' if instance.oom_killed else instance.phase.value} {instance.exit_code}"
    if instance.phase is Phase.RUNNING and instance.health not in (Health.NONE, Health.HEALTHY):
        return "unhealthy" if instance.health is Health.UNHEALTHY else "starting"
    return instance.phase.value


def _probes(look: Look, service: ServiceStatus, now: datetime, columns: int) -> list[Line]:
    rows: list[Line] = []
    for status in service.probes:
        rows += _probe(look, status, now, columns - LABEL)
    return _labelled("probe", rows[:8])


def _probe(look: Look, status: ProbeStatus, now: datetime, columns: int) -> Iterator[Line]:
    reading = status.reading
    style = reading_style(reading.state)
    named = max(8, min(18, columns - 27))
    spark = history(status.history, SPARK, look.glyphs.steps, look.glyphs.down)
    age = since(now, status.since, exact=False)
    yield Line(
        (
            Span(pad(reading.probe, named, end=look.end) + " "),
            Span(f"{look.glyphs.reading(reading.state)} ", style),
            Span(pad(milliseconds(reading.latency_ms), 6, right=True) + " ", "text"),
            Span(pad(age, 6, right=True) + " ", "dim"),
            Span(spark, style),
        )
    )
    if reading.detail and reading.state.value != "ok":
        yield Line((Span("  " + cut(look.text(reading.detail), columns - 2, look.end), style),))


def _resources(look: Look, service: ServiceStatus, columns: int) -> list[Line]:
    shown = []
    room = max(6, min(16, (columns - LABEL) // 3))
    for metric, label, value in (
        ("cpu", "cpu", percent(service.cpu)),
        (
            "memory",
            "mem",
            f"{size(service.memory)}{f' of {size(service.memory_limit)}' if service.memory_limit else ''}",
        ),
    ):
        series = service.series.get(metric)
        if series is None and value == UNKNOWN:
            continue
        top = service.memory_limit if metric == "memory" else None
        drawn = pad(sparkline(series, room, look.glyphs.steps, top), room) + " " if series else ""
        bad = reading_style(series.bad) if series and series.bad else "text"
        shown += _labelled(label, [Line((Span(drawn, "starting"), Span(value, bad)))])
    for name, series in service.series.items():
        if name not in ("cpu", "memory") and series.values:
            drawn = pad(sparkline(series, room, look.glyphs.steps), room)
            bad = reading_style(series.bad) if series.bad else "text"
            text = f"{cut(name, 20, look.end)} {number(series.values[-1], series.unit)}"
            shown.append(Line((Span(" " * LABEL), Span(drawn + " ", "starting"), Span(text, bad))))
    return shown


def _last(look: Look, service: ServiceStatus, now: datetime, columns: int) -> list[Line]:
    """The newest changes, what the cockpit did among them."""
    rows = [
        Line((Span(piece),))
        for one in service.changes[:LAST]
        for piece in wrap_words(
            f"{stamp(one.at, now, look.utc)} {look.text(one.text)} ({since(now, one.at)})", columns - LABEL
        )
    ]
    return _labelled("last", rows)


def _declared(look: Look, service: ServiceStatus, columns: int) -> list[Line]:
    lines = _text("what", look.text(service.description), columns, "dim")
    lines += _text("note", look.text(service.notes), columns)
    if service.dependents:
        lines += _text("feeds", ", ".join(service.dependents), columns, "dim")
    for name, target in service.links:
        lines += _text("link", f"{name} {look.text(target)}", columns, "dim")
    return lines


def card_title(look: Look, service: ServiceStatus) -> str:
    """ "hook-receiver · tier 1 · docker prod-1/omninode"."""
    parts = [service.name, f"tier {service.tier}"]
    if service.workloads:
        work = service.workloads[0]
        where = "/".join(look.name(str(value)) for _, value in work.where)
        # What was found by itself names its backend in its place already: "docker:local/shop".
        own = where.partition(":")[0] == work.id.backend.partition(":")[0] and ":" in where
        parts.append(where if own else f"{work.id.backend} {where}")
    return f" {look.glyphs.dot} ".join(parts)


class Card(LineWidget):
    """The card of the selected service."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._key: str | None = None
        self._drawn_from: tuple[object, ...] = ()

    def catch_up(self) -> None:
        """Redraw when what it shows differs. Ages alone are for each second: its rows cost as much as a whole frame."""
        now, drawn = self._made_of(), self._drawn_from
        if len(now) != len(drawn) or any(one is not old for one, old in zip(now, drawn, strict=True)):
            self.redraw()

    def _made_of(self) -> tuple[object, ...]:
        frame = self.cockpit.frame
        shown = next((one for one in frame.snapshot.services if one.key == self._key), None)
        if shown is None or not (shown.depends_on or shown.dependents or shown.cause):
            return (self._key, shown, frame.timeline)
        near = services_near(frame.snapshot, shown.key)
        others = (*shown.depends_on, *shown.dependents, shown.cause)
        return (self._key, shown, frame.timeline, *(near.get(one) for one in others))

    def choose(self, key: str | None) -> None:
        """Show another service."""
        if key != self._key:
            self._key = key
            self.redraw()

    def draw(self) -> list[Line]:
        """Rule and card."""
        self._drawn_from = self._made_of()
        frame, columns = self.cockpit.frame, self.size.width
        service = next((one for one in frame.snapshot.services if one.key == self._key), None)
        if service is None:
            return [rule(self.look, columns, "no service selected")]
        named = services_near(frame.snapshot, service.key) if service.depends_on else {}
        facts = CardFacts(service=service, others=named)
        return [
            rule(self.look, columns, card_title(self.look, service)),
            *card_lines(self.look, facts, self.cockpit.now, columns),
        ]
