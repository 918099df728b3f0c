"""Temporary changes that still stand: what, since when, by whom, and what takes each back. Enter plans that."""

from typing import cast

from textual import on
from textual.app import ComposeResult

from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.engine.port import MakePlan
from cockpit.incident.temporary import Temporary
from cockpit.ui.cells import Span
from cockpit.ui.dialogs.plantext import inverse_words
from cockpit.ui.format import since
from cockpit.ui.narrow import keeper
from cockpit.ui.planning import open_plan
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("SERVICE", 17, grow=14, fit=lambda one: one.service),
    Column("CHANGE", 19),
    Column("SINCE", 6, right=True),
    Column("WHO", 10, fit=lambda one: one.who),
    Column("VERDICT", 12, needs=110),
    Column("ENTER TAKES IT BACK", 0),
)


class TemporaryScreen(SelectedService):
    """Oldest first; the keys of a service work on the one that was changed."""

    def body(self) -> ComposeResult:
        """The table."""
        yield Table[Temporary](COLUMNS, lambda one: (one.target, one.inverse[0], one.since), self._cells, id="body")

    @property
    def table(self) -> Table[Temporary]:
        """The changes."""
        return cast("Table[Temporary]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The service that was changed."""
        one = self.table.current
        return self.cockpit.frame.snapshot.find(one.service) if one is not None else None

    def _cells(self, one: Temporary, exact: bool) -> Cells:
        look = self.cockpit.look
        return (
            Span(one.service, "strong"),
            Span(one.word, "warning"),
            Span(since(self.cockpit.now, one.since, exact), "text"),
            Span(look.name(one.who), "key"),
            Span(one.verdict, "ok" if one.verdict == "worked" else "degraded"),
            Span(inverse_words(look, *one.inverse), "text"),
        )

    def show_frame(self, frame: Frame) -> None:
        """What stands now."""
        keep = keeper(self.filter_text)
        table = self.table
        table.heading = "Temporary changes" + (f"  /{self.filter_text}" if self.filter_text else "")
        table.hint = "oldest first"
        table.empty = ("nothing that was changed for the time being still stands",)
        if frame.temporary:
            table.empty = (f"/{self.filter_text} leaves none; Esc shows all",)
        table.show([one for one in frame.temporary if keep(f"{one.service} {one.word} {one.who} {one.title}")])

    def tick(self) -> None:
        """Ages go on."""
        self.table.tick()

    @on(Table.Entered)
    def entered(self) -> None:
        """Plan what takes it back."""
        one = self.table.current
        if one is not None:
            verb, arguments = one.inverse
            request = MakePlan(verb=verb, service=one.service, workload=one.workload, arguments=arguments)
            open_plan(self, request, f"{verb} {one.service}")
