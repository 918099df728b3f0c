"""Resources: CPU, memory against its limit, traffic and disk of every service, with their recent past."""

from textual.app import ComposeResult

from cockpit.board.model import Freshness
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.ui.cells import Span
from cockpit.ui.format import UNKNOWN, percent, since, size, sparkline
from cockpit.ui.panes.arrange import Wanted
from cockpit.ui.panes.host import share
from cockpit.ui.screens.servicetable import ServiceTable
from cockpit.ui.theme import reading_style, state_style
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("SERVICE", 20),
    Column("CPU", 5, right=True),
    Column("", 12, needs=90),
    Column("MEM", 5, right=True),
    Column("LIMIT", 5, right=True),
    Column("USED", 4, right=True),
    Column("", 12, needs=90),
    Column("NET IN", 7, right=True),
    Column("NET OUT", 7, right=True),
    Column("READ", 7, right=True, needs=90),
    Column("WRITE", 7, right=True, needs=90),
    Column("AGE", 0),
)
BY_CPU, BY_MEMORY = 3, 4
"""Places in `arrange.ORDERS`."""


class ResourcesScreen(ServiceTable):
    """Most CPU first; S: most memory first. select: the key of the service that the cursor stands on at first."""

    def __init__(self, select: str = "") -> None:
        super().__init__()
        self._select = select
        self._by = BY_CPU

    def body(self) -> ComposeResult:
        """The table."""
        table = Table[ServiceStatus](COLUMNS, lambda service: service.key, self._cells, id="body")
        table.cursor = self._select or None
        yield table

    def _cells(self, service: ServiceStatus, exact: bool) -> Cells:
        steps = self.cockpit.look.glyphs.steps
        plain = "text" if service.freshness is Freshness.LIVE else "dim"
        cpu, memory = service.series.get("cpu"), service.series.get("memory")
        used = (
            share(service.memory, service.memory_limit) if service.memory is not None and service.memory_limit else None
        )
        bad = reading_style(memory.bad) if memory and memory.bad else plain

        def rate(name: str) -> Span:
            series = service.series.get(name)
            return Span(f"{size(series.values[-1])}/s" if series and series.values else UNKNOWN, plain)

        return (
            Span(service.name, state_style(service.state)),
            Span(percent(service.cpu), reading_style(cpu.bad) if cpu and cpu.bad else plain),
            Span(sparkline(cpu, 12, steps) if cpu else "", "starting"),
            Span(size(service.memory), bad),
            Span(size(service.memory_limit), "dim"),
            Span(percent(used), bad),
            Span(sparkline(memory, 12, steps, service.memory_limit) if memory else "", "starting"),
            rate("net rx"),
            rate("net tx"),
            rate("disk read"),
            rate("disk write"),
            Span(since(self.cockpit.now, cpu.at, exact) if cpu else "never", "dim"),
        )

    def show_frame(self, frame: Frame) -> None:
        """Every service of the frame."""
        table = self.table
        table.heading = "Resources" + (f"  /{self.filter_text}" if self.filter_text else "")
        table.hint = "most CPU first" if self._by == BY_CPU else "most memory first"
        table.empty = (f"/{self.filter_text} leaves none; Esc shows all" if self.filter_text else "no service yet",)
        table.show(Wanted(self.filter_text, False, self._by).of(frame.snapshot.services))
        self.tell_shown()

    def action_sort(self) -> None:
        """By CPU, or by memory."""
        self._by = BY_MEMORY if self._by == BY_CPU else BY_CPU
        self.table.reorder()
        self.show_frame(self.cockpit.frame)
