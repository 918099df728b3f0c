"""The services, worst first: the table that the overview is about."""

import re
from datetime import datetime

from cockpit.board.model import Freshness, State
from cockpit.board.snapshot import ServiceStatus
from cockpit.ui.cells import Span
from cockpit.ui.format import UNKNOWN, percent, since, size
from cockpit.ui.look import Look
from cockpit.ui.theme import state_style
from cockpit.ui.widgets.table import Cells, Column, Table

_COUNTED = re.compile(r", restarted \d+x(?: in \d+ min)?(?=, .*\bafter )")
"""What stands in a column of its own: the change before has the room, for at 80 columns 20 to 30 are left."""


def name_of(service: ServiceStatus) -> str:
    """Its name, with its scope where the name alone is not enough."""
    return f"{service.scope}/{service.name}" if service.scope and service.key != service.name else service.name


COLUMNS = (
    Column("T", 2),
    Column("SERVICE", 17, grow=14, fit=name_of),
    Column("STATE", 11),
    Column("INST", 5, right=True),
    Column("CPU", 5, right=True),
    Column("MEM", 4, right=True),
    Column("RST", 3, right=True, needs=78),
    Column("SINCE", 6, right=True),
    Column("WHY", 0),
)


def service_cells(look: Look, service: ServiceStatus, now: datetime, exact: bool, stale: bool) -> Cells:
    """The cells of one service. stale: the engine is silent, so nothing of it is shown as live."""
    state = State.UNKNOWN if stale and service.state is State.OK else service.state
    style = state_style(state)
    old = stale or service.freshness is not Freshness.LIVE
    plain = "dim" if old else "text"
    return (
        Span(f"{look.glyphs.state(state)}{service.tier}", style),
        Span(name_of(service), "strong" if state in (State.DOWN, State.DEGRADED) else "text"),
        Span(state.value, style),
        Span(_instances(service), "down" if _missing(service) else plain),
        Span(percent(service.cpu), plain),
        Span(size(service.memory), plain),
        Span(UNKNOWN if service.restarts is None else str(service.restarts), "degraded" if service.restarts else plain),
        Span(since(now, service.since, exact, service.since_exact), "dim"),
        Span(why(look, service, now, exact), "text" if state is not State.OK else "dim"),
    )


def why(look: Look, service: ServiceStatus, now: datetime, exact: bool = False) -> str:
    """The reason, with the age of what is known when that is not live, and the dependency that failed first."""
    parts = [look.text(_COUNTED.sub("", service.why))] if service.why else []
    if service.cause and service.cause not in service.why:
        parts.append(f"{service.cause} failed first")
    if service.freshness is not Freshness.LIVE:
        old = since(now, service.freshness_since, exact) if service.freshness_since else ""
        parts.append(f"{service.freshness.value} {old}".rstrip())
    return "; ".join(parts)


def _instances(service: ServiceStatus) -> str:
    if service.ready is None and service.desired is None:
        return UNKNOWN
    ready = UNKNOWN if service.ready is None else str(service.ready)
    return ready if service.desired is None else f"{ready}/{service.desired}"


def _missing(service: ServiceStatus) -> bool:
    return service.ready is not None and service.desired is not None and service.ready < service.desired


class Services(Table[ServiceStatus]):
    """The table of services, filtered as the reader asked."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(COLUMNS, lambda service: service.key, self._service_cells, ages=self._service_ages, id=id)
        self.heading = "Services"
        self.hint = "worst first"
        self.follow_first = True

    def _service_cells(self, service: ServiceStatus, exact: bool) -> Cells:
        cockpit = self.cockpit
        return service_cells(self.look, service, cockpit.now, exact, cockpit.stale_for is not None)

    def _service_ages(self, service: ServiceStatus, exact: bool) -> tuple[str, str]:
        now = self.cockpit.now
        return since(now, service.since, exact), since(now, service.freshness_since, exact)
