"""Health endpoints: every probe with its timings, the selected one with what it asked, what came back, its parts."""

from typing import cast

from textual import on
from textual.app import ComposeResult

from cockpit.board.model import Freshness, ReadingState
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span
from cockpit.ui.format import UNKNOWN, history, milliseconds, since
from cockpit.ui.narrow import keeper
from cockpit.ui.panes.health import Endpoint, endpoints
from cockpit.ui.rooms import Rooms, split
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.screens.service import probe_lines
from cockpit.ui.theme import reading_style
from cockpit.ui.widgets.drawn import Drawn
from cockpit.ui.widgets.rule import rule
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("SERVICE", 18, grow=8, fit=lambda one: one.service.name),
    Column("PROBE", 14, grow=6, fit=lambda one: one.status.reading.probe),
    Column("STATE", 10),
    Column("TOOK", 6, right=True),
    Column("CONNECT", 7, right=True, needs=100),
    Column("FIRST", 6, right=True, needs=100),
    Column("PAST", 20, needs=110),
    Column("SINCE", 6, right=True),
    Column("ASKED", 6, right=True, needs=90),
    Column("ANSWER", 0),
)


class HealthScreen(SelectedService):
    """Worst first; `/` filters. select: the key of the endpoint that the cursor stands on at first."""

    def __init__(self, select: str = "") -> None:
        super().__init__()
        self._select = select

    def body(self) -> ComposeResult:
        """The table and the selected probe."""
        table = Table[Endpoint](COLUMNS, lambda one: one.key, self._cells, id="body")
        table.cursor = self._select or None
        yield table
        yield Drawn(self._detail, id="detail")

    def rooms(self, width: int, height: int) -> Rooms:
        """The detail takes the lower third."""
        return split(width, height)

    @property
    def table(self) -> Table[Endpoint]:
        """The probes."""
        return cast("Table[Endpoint]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The service of the selected probe."""
        return self.table.current.service if self.table.current else None

    def _cells(self, one: Endpoint, exact: bool) -> Cells:
        look, now, reading = self.cockpit.look, self.cockpit.now, one.status.reading
        style = reading_style(reading.state)
        plain = "text" if one.status.freshness is Freshness.LIVE else "dim"
        took = dict(reading.timings_ms)
        critical = "" if reading.critical else " (not critical)"
        return (
            Span(one.service.name, "strong" if reading.state is not ReadingState.OK else plain),
            Span(reading.probe, plain),
            Span(f"{look.glyphs.reading(reading.state)} {reading.state.value}", style),
            Span(milliseconds(reading.latency_ms), plain),
            Span(milliseconds(took.get("connect")), "dim"),
            Span(milliseconds(took.get("first byte")), "dim"),
            Span(history(one.status.history, 20, look.glyphs.steps, look.glyphs.down), style),
            Span(since(now, one.status.since, exact), "dim"),
            Span(since(now, reading.at, exact), "dim"),
            Span((look.text(reading.detail) or UNKNOWN) + critical, plain),
        )

    def _detail(self, width: int, height: int) -> list[Line]:
        one, look = self.table.current, self.cockpit.look
        if one is None:
            return [rule(look, width)]
        title = f"{one.service.name}: {one.status.reading.probe}"
        return [rule(look, width, title), *probe_lines(look, one.status, self.cockpit.now, width)][:height]

    def show_frame(self, frame: Frame) -> None:
        """Every probe of the frame."""
        keep = keeper(self.filter_text)
        every = endpoints(frame.snapshot)
        table = self.table
        table.heading = "Health endpoints" + (f"  /{self.filter_text}" if self.filter_text else "")
        table.hint = "worst first"
        table.empty = ("no probe is declared: services of a profile name theirs under `probes`",)
        if every:
            table.empty = (f"/{self.filter_text} leaves none of {len(every)}; Esc shows all",)
        table.show([one for one in every if keep(f"{one.key} {one.status.reading.state} {one.status.reading.detail}")])
        self.one(Drawn).redraw()

    def tick(self) -> None:
        """Ages go on."""
        self.table.tick()
        self.one(Drawn).redraw()

    @on(Table.Moved)
    def moved(self) -> None:
        """The detail follows the cursor."""
        self.one(Drawn).redraw()

    @on(Table.Entered)
    def entered(self) -> None:
        """Into the service."""
        self.action_describe()
