"""Every probe of every service, worst first: state, latency with its past, age, what it answered."""

from datetime import datetime
from typing import NamedTuple

from cockpit.board.model import Freshness, ReadingState
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, Snapshot
from cockpit.ui.cells import Line, Span, cut, pad
from cockpit.ui.format import history, milliseconds, since
from cockpit.ui.look import Look
from cockpit.ui.theme import reading_style
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

_WORST = {ReadingState.DOWN: 0, ReadingState.DEGRADED: 1, ReadingState.UNKNOWN: 2, ReadingState.OK: 3}


class Endpoint(NamedTuple):
    """A probe and the service it belongs to."""

    service: ServiceStatus
    status: ProbeStatus

    @property
    def key(self) -> str:
        """Its identity in a list."""
        return f"{self.service.key} {self.status.reading.probe}"


def endpoints(snapshot: Snapshot) -> list[Endpoint]:
    """Every probe, worst first, then by tier and name."""
    found = [Endpoint(service, status) for service in snapshot.services for status in service.probes]
    return sorted(found, key=lambda one: (_WORST[one.status.reading.state], one.service.tier, one.key))


def health_line(look: Look, one: Endpoint, now: datetime, columns: int) -> Line:
    """One probe in a narrow pane."""
    reading = one.status.reading
    style = reading_style(reading.state) if one.status.freshness is Freshness.LIVE else "dim"
    spark = 8 if columns >= 44 else 0
    named = max(8, columns - 3 - 7 - 7 - spark)
    name = f"{one.service.name} {reading.probe}"
    spans = [
        Span(f" {look.glyphs.reading(reading.state)} ", style),
        Span(pad(cut(name, named, look.end), named)),
        Span(pad(milliseconds(reading.latency_ms), 6, right=True) + " "),
        Span(pad(since(now, one.status.since, exact=False), 6, right=True) + " ", "dim"),
    ]
    if spark:
        spans.append(Span(history(one.status.history, spark, look.glyphs.steps, look.glyphs.down), style))
    return Line(tuple(spans))


class HealthPane(LineWidget):
    """The worst probes, as many as fit."""

    def draw(self) -> list[Line]:
        """Rule and probes."""
        look, columns = self.look, self.size.width
        every = endpoints(self.cockpit.frame.snapshot)
        bad = sum(one.status.reading.state is not ReadingState.OK for one in every)
        right = f"{bad} of {len(every)} not well" if bad else f"{len(every)} well" if every else ""
        lines = [rule(look, columns, "Health endpoints", right)]
        if not every:
            lines.append(Line((Span(" no probe is declared: a profile names them", "dim"),)))
        return lines + [health_line(look, one, self.cockpit.now, columns) for one in every[: self.size.height - 1]]
