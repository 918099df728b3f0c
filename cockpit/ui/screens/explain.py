"""Why a service is as it is: findings, the most telling first, each a key from its evidence; below what is around."""

from operator import is_
from typing import cast

from textual import on
from textual.app import ComposeResult

from cockpit.board.lead import Lead
from cockpit.board.leads import leads
from cockpit.board.model import ReadingState, State
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.ui import jumps
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.errorshapes import ErrorShapes
from cockpit.ui.explaintext import explain_lines, first_to_fail, unseen_lines
from cockpit.ui.format import UNKNOWN, since
from cockpit.ui.look import Look
from cockpit.ui.lookup import Services, services_near
from cockpit.ui.narrow import keeper
from cockpit.ui.panes.arrange import WELL
from cockpit.ui.rooms import Rooms, split
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.theme import reading_style
from cockpit.ui.widgets.pager import Pager
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("#", 2, right=True),
    Column("", 1),
    Column("FINDING", 0),
    Column("SINCE", 6, right=True),
    Column("ENTER", 14, fit=lambda one: one.brief, least=5),
)


class Row(Lead, frozen=True, kw_only=True):
    """A finding with its rank, and what Enter opens: whole, and in a word."""

    rank: int
    opens: str
    brief: str


class ExplainScreen(SelectedService):
    """key: the service's. The order follows what happens, but not under the reader's hands."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self._key, self._name = key, name
        self._rows: tuple[Row, ...] = ()
        self._drawn_from: tuple[object, ...] = ()
        self._errors: ErrorShapes | None = None

    def body(self) -> ComposeResult:
        """The findings, and what is around the service."""
        table = Table[Row](COLUMNS, lambda one: (one.kind, one.subject), self._cells, id="body")
        table.follow_first = True
        self._rows = self._found(self.cockpit.frame)  # the rooms depend on how many there are
        yield table
        yield Pager("What is around it", self._lines, id="detail")

    def rooms(self, width: int, height: int) -> Rooms:
        """Few findings leave their room to what is around."""
        return split(width, height, rows=max(3, len(self._rows)) + 2)

    @property
    def table(self) -> Table[Row]:
        """The findings."""
        return cast("Table[Row]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The service, as it is now; None when it is not on the board any more."""
        return self.cockpit.frame.snapshot.find(self._key)

    @property
    def _services(self) -> Services:
        return services_near(self.cockpit.frame.snapshot, self._key)

    # Rows

    def _cells(self, one: Row, exact: bool) -> Cells:
        look = self.cockpit.look
        # What only tells has no colour of its own: nothing in this list is good news.
        told = one.state is ReadingState.OK
        glyph = look.glyphs.dot if told else look.glyphs.reading(one.state)
        return (
            Span(str(one.rank), "dim"),
            Span(glyph, "dim" if told else reading_style(one.state)),
            Span(look.text(one.text), "text"),
            Span(since(self.cockpit.now, one.since, exact), "dim"),
            Span(one.brief or UNKNOWN, "key" if one.brief else "dim"),
        )

    def show_frame(self, frame: Frame) -> None:
        """The findings of the frame."""
        keep, table, before = keeper(self.filter_text), self.table, len(self._rows)
        self._rows = self._found(frame)
        filtered = f"  /{self.filter_text}" if self.filter_text else ""
        table.heading = f"Why {self._name} is so{filtered}"
        table.hint = "most telling first"
        table.empty = ("nothing speaks against it",)
        if self._rows:
            table.empty = (f"/{self.filter_text} leaves none of {len(self._rows)}; Esc shows all",)
        table.show([one for one in self._rows if keep(f"{one.kind} {one.text} {one.opens}")])
        if len(self._rows) != before:
            self.relayout()
        self.one(Pager).redraw()

    def _found(self, frame: Frame) -> tuple[Row, ...]:
        service, look = self.service, self.cockpit.look
        if service is None:
            return ()
        errors = self._errors.leads if self._errors else ()
        snapshot = frame.snapshot
        source = (snapshot.services, snapshot.nodes, snapshot.sources, errors, look)
        if len(source) == len(self._drawn_from) and all(map(is_, source, self._drawn_from)):
            return self._rows
        self._drawn_from = source
        first = first_to_fail(service, self._services) if service.state is not State.OK else None
        found = leads(service, first, snapshot.sources, errors)
        rows = [_row(look, one, rank) for rank, one in enumerate(found, 1)]
        # A row that says what it said is the same one: then it is not drawn again.
        before = {row: row for row in self._rows}
        return tuple(before.get(row, row) for row in rows)

    def _lines(self, width: int) -> list[Line]:
        cockpit, service = self.cockpit, self.service
        if service is None:
            return [Line((Span(f" {self._name} is not on the board any more", "warning"),))]
        frame, look = cockpit.frame, cockpit.look
        lines = self._selected(width)
        lines += explain_lines(look, service, self._services, frame.rows, cockpit.now, width)
        return lines + unseen_lines(look, service, frame.snapshot.sources, width)

    def _selected(self, width: int) -> list[Line]:
        """The selected finding whole: in its row there is room for its beginning only."""
        one = self.table.current
        if one is None:
            return []
        pieces = wrap_words(self.cockpit.look.text(one.text), max(20, width - 6))
        opens = f"  Enter opens {one.opens}" if one.opens else "  nothing more is known of it here"
        head = Line((Span(f" {one.rank} ", "dim"), Span(one.kind.value, "title"), Span(opens, "dim")))
        return [head, *(Line((Span(f"   {piece}", "strong"),)) for piece in pieces), Line()]

    # Errors in its log

    def on_screen_resume(self) -> None:
        """On top: read its log for errors, if it is in trouble."""
        super().on_screen_resume()
        service = self.service
        if service is not None and service.workloads and service.state not in WELL:
            self._errors = self._errors or ErrorShapes(self.cockpit, lambda: self.call_later(self._counted))
            self._errors.open(service)

    def on_screen_suspend(self) -> None:
        """What is not seen is not read."""
        if self._errors is not None:
            self._errors.close()

    def on_unmount(self) -> None:
        """Free its log."""
        self.on_screen_suspend()

    def _counted(self) -> None:
        if self.is_mounted:
            self.show_frame(self.cockpit.frame)

    def tick(self) -> None:
        """Ages go on; more of the log may have been read."""
        self.table.tick()
        self.one(Pager).redraw()
        if self._errors is not None:
            self._errors.look()

    # Jumps

    @on(Table.Moved)
    def moved(self) -> None:
        """What is selected stands whole below."""
        self.one(Pager).redraw()

    @on(Table.Entered)
    def entered(self) -> None:
        """To the evidence."""
        one, service = self.table.current, self.service
        if one is not None and service is not None:
            jumps.begin(self, service, one.evidence)

    def action_explain(self) -> None:
        """This is it."""


def _row(look: Look, one: Lead, rank: int) -> Row:
    fields = {name: getattr(one, name) for name in one.__struct_fields__}
    return Row(**fields, rank=rank, opens=jumps.words(look, one.evidence), brief=jumps.brief(look, one.evidence))
