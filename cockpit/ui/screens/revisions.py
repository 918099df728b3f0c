"""What a service's workload ran: each revision with image, age and pods; what differs between any two; the way back.

The list stays as it was read, for a row that moves under a key is rolled back to by mistake: it is read again with ^l,
when the workload's definition changes, and when a rollout begins or ends.
"""

from collections.abc import Hashable
from datetime import datetime
from typing import cast

from textual import on
from textual.app import ComposeResult

from cockpit.board.model import Identity, Workload
from cockpit.board.revision import Revision, difference
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.engine.port import Revisions
from cockpit.ui import mitigate
from cockpit.ui.cells import Line, Span, cut, wrap
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.format import UNKNOWN, plural, since, stamp
from cockpit.ui.look import Look
from cockpit.ui.narrow import keeper
from cockpit.ui.rooms import Rooms, split
from cockpit.ui.screens.base import CockpitScreen
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.screens.servicepager import ServicePager
from cockpit.ui.widgets.drawn import Drawn
from cockpit.ui.widgets.rule import rule
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("REV", 12, fit=lambda one: one.title, least=3),
    Column("", 7),
    Column("IMAGE", 26, grow=50, fit=lambda one: ", ".join(one.images), middle=True),
    Column("READY", 5, right=True),
    Column("AGE", 5, right=True),
    Column("HEALTHY", 8, right=True),
    Column("CHANGE CAUSE", 0),
)
SIGNS = {"-": "down", "+": "ok"}
TO_REVISION = frozenset({"rollback"})
"""Verbs that go to a revision."""


def begin(screen: CockpitScreen, service: ServiceStatus | None) -> None:
    """Read the revisions of a service's workload and show them; say why there are none."""
    if service is not None and not service.workloads:
        cockpit_of(screen).say(f"{service.name}: nothing that runs it is known")
        return
    mitigate.with_workload(screen, service, lambda found, work: _open(screen, found, work))


def _open(screen: CockpitScreen, service: ServiceStatus, workload: Workload) -> None:
    def show(found: tuple[Revision, ...]) -> None:
        screen.app.push_screen(RevisionsScreen(service, workload.id, found))

    cockpit_of(screen).ask(Revisions(workload.id), f"the revisions of {service.name}", show)


def difference_lines(look: Look, old: Revision, new: Revision, width: int, whole: bool) -> list[Line]:
    """What differs between two revisions; its signs say what its colours say. whole: wrapped, not cut."""
    found = difference(old, new)
    if not found and not (old.definition and new.definition):
        return [Line((Span(" what one of them is made from is not known", "dim"),))]
    if not found:
        return [Line((Span(" nothing differs in what instances are made from", "dim"),))]
    room = max(20, width - 2)
    pieces = [(look.text(text), SIGNS.get(text[:1], "dim")) for text in found if not text.startswith("@@")]
    if not whole:
        return [Line((Span(f" {cut(text, room, look.end)}", style),)) for text, style in pieces]
    return [Line((Span(f" {piece}", style),)) for text, style in pieces for piece in wrap(text, room)]


class RevisionsScreen(SelectedService):
    """Newest first. Enter compares with what is wanted now, or the two that are marked; `v` goes back to one."""

    filter_hint = "words of number, image or cause; ! the others"

    def __init__(self, service: ServiceStatus, workload: Identity, found: tuple[Revision, ...]) -> None:
        super().__init__()
        self._key, self._name, self._workload = service.key, service.name, workload
        self._found = found
        self._read_at: datetime | None = None
        self._version: Hashable = None

    def body(self) -> ComposeResult:
        """The table and what differs; at first the cursor stands on what would be gone back to."""
        table = Table[Revision](COLUMNS, lambda one: one.name, self._cells, id="body")
        others = (one for one in self._found if not one.current and not one.gone)
        likely = max(others, key=lambda one: (bool(one.ready), one.number), default=None)
        table.cursor = likely.name if likely is not None else None
        yield table
        yield Drawn(self._detail, id="detail")

    def rooms(self, width: int, height: int) -> Rooms:
        """A list of few revisions leaves its room to what differs."""
        return split(width, height, rows=max(3, len(self._found)) + 2)

    @property
    def table(self) -> Table[Revision]:
        """The revisions."""
        return cast("Table[Revision]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The service whose workload it is; None when it is not on the board any more."""
        return next((one for one in self.cockpit.frame.snapshot.services if one.key == self._key), None)

    @property
    def workload(self) -> Workload | None:
        """The workload as it is now."""
        found = self.service.workloads if self.service else ()
        return next((one for one in found if one.id == self._workload), None)

    # What is compared

    @property
    def pair(self) -> tuple[Revision, Revision] | None:
        """(older, newer) of the two that are marked, else the selected one and what is wanted now; None: not two."""
        table = self.table
        current = next((one for one in self._found if one.current), None)
        chosen = [one for one in table.items if one.name in table.marks]
        if len(chosen) == 1 and table.current is not None:
            chosen.append(table.current)
        if not chosen:
            chosen = [one for one in (table.current, current) if one is not None]
        names = {one.name for one in chosen}
        if len(names) != 2:
            return None
        new, old = (one for one in self._found if one.name in names)
        return old, new

    def _title(self) -> str:
        pair = self.pair
        if pair is not None:
            return f"From {pair[0].title} to {pair[1].title}"
        if len(self.table.marks) > 2:
            return f"{len(self.table.marks)} are marked: Space leaves two of them to compare"
        return "This is what is wanted now: select another, or mark two"

    def _detail(self, width: int, height: int) -> list[Line]:
        look, pair = self.cockpit.look, self.pair
        if pair is None:
            return [rule(look, width, self._title() if self.table.current else "")]
        lines = difference_lines(look, *pair, width, whole=False)
        more = f"Enter: {plural(len(lines) - height + 1, 'more line')}" if len(lines) >= height else ""
        return [rule(look, width, self._title(), more), *lines][:height]

    # Rows

    def _cells(self, one: Revision, exact: bool) -> Cells:
        look, now = self.cockpit.look, self.cockpit.now
        word, style = _standing(one)
        plain = "dim" if one.gone else "strong" if one.current else "text"
        ready = UNKNOWN if one.replicas is None else str(one.replicas)
        if one.ready is not None and one.replicas is not None:
            ready = f"{one.ready}/{one.replicas}"
        return (
            Span(look.text(one.title), plain),
            Span(word, style),
            Span(look.text(", ".join(one.images)), plain),
            Span(ready, plain),
            Span(since(now, one.created_at, exact), "dim"),
            Span(since(now, one.healthy, exact), "dim"),
            Span(look.text(one.cause) or UNKNOWN, "text"),
        )

    def show_frame(self, frame: Frame) -> None:
        """The list as it was read; read again when what it was read from has changed."""
        version = _version_of(self.workload)
        if self._read_at is None:
            self._read_at, self._version = self.cockpit.now, version
        elif version is not None and version != self._version:
            self._version = version
            self.read_again()
        keep, table = keeper(self.filter_text), self.table
        filtered = f"  /{self.filter_text}" if self.filter_text else ""
        table.heading = f"{self._name}: {plural(len(self._found), 'revision')}{filtered}"
        table.hint = f"read {stamp(self._read_at, self.cockpit.now, self.cockpit.look.utc)}, newest first"
        table.empty = (f"no revision of {self._name} is kept",)
        if self._found:
            table.empty = (f"/{self.filter_text} leaves none of {len(self._found)}; Esc shows all",)
        table.show([one for one in self._found if keep(f"{one.title} {' '.join(one.images)} {one.cause}")])
        self.one(Drawn).redraw()

    def read_again(self) -> None:
        """Read the list anew."""

        def read(found: tuple[Revision, ...]) -> None:
            self._found, self._read_at = found, self.cockpit.now
            if self.is_mounted:
                self.relayout()
                self.show_frame(self.cockpit.frame)

        self.cockpit.ask(Revisions(self._workload), f"the revisions of {self._name}", read)

    def tick(self) -> None:
        """Ages go on."""
        self.table.tick()

    @on(Table.Moved)
    def moved(self) -> None:
        """What differs follows the cursor and the marks."""
        self.one(Drawn).redraw()

    def clear_filter(self) -> bool:
        """Marks go first."""
        if self.table.marks:
            self.table.unmark()
            self.one(Drawn).redraw()
            return True
        return super().clear_filter()

    # Comparing, and going back

    @on(Table.Entered)
    def entered(self) -> None:
        """What differs, whole."""
        pair, look = self.pair, self.cockpit.look
        if pair is None:
            self.cockpit.say(self._title())
            return
        heading = f"{self._name}: from {pair[0].title} to {pair[1].title}"
        source = ServicePager(heading, lambda width: difference_lines(look, *pair, width, whole=True), self._key)
        self.app.push_screen(source)

    def action_verb(self, verb: str) -> None:
        """Rolling back goes to the selected revision; every other verb does what it does everywhere."""
        one, service = self.table.current, self.service
        if verb in TO_REVISION and one is not None and service is not None:
            mitigate.plan_to(self, service, self._workload, verb, one.name)
        else:
            super().action_verb(verb)

    def action_revisions(self) -> None:
        """These are they."""


def _standing(one: Revision) -> tuple[str, str]:
    """The word that says what a revision is now, and its style."""
    if one.current:
        return "current", "ok"
    if one.gone:
        return "gone", "dim"
    return ("serves", "warning") if one.replicas else ("", "text")


def _version_of(workload: Workload | None) -> Hashable:
    """What the list is read again for: another definition, other images, a rollout that begins or ends."""
    if workload is None:
        return None
    images = frozenset((one.image, one.version) for one in workload.instances)
    return workload.generation, images, bool(workload.rollout)
