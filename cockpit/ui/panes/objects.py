"""A list of objects as a table: its columns come with it, what narrows it stands in its rule, its age beside it."""

from collections.abc import Sequence

from cockpit.board.model import Freshness
from cockpit.engine.port import ObjectRow
from cockpit.ui.cells import Span
from cockpit.ui.format import age
from cockpit.ui.kindwords import clusters
from cockpit.ui.objectcolumns import NEWEST, ObjectColumns
from cockpit.ui.objectlist import ObjectList
from cockpit.ui.objectrows import arranged
from cockpit.ui.widgets.natural import NaturalColumns
from cockpit.ui.widgets.table import Cells, Table


class ObjectsPane(Table[ObjectRow]):
    """read: what is shown. select: the name of the object that the cursor is to stand on."""

    def __init__(self, read: ObjectList, select: str = "", *, id: str | None = None) -> None:
        super().__init__((), lambda row: row.key, self._object_cells, ages=self._texts, id=id)
        self.read = read
        self.filter_text = ""
        self.faults_only = False
        self.by: int | None = None
        self.backwards = False
        self._own = ObjectColumns((), False)
        self._select = select
        self._natural = NaturalColumns((), self._exact)
        self._shown: tuple[object, ...] = ()

    # What is in it

    @property
    def titles(self) -> tuple[str, ...]:
        """Of its columns, as the cluster names them."""
        return self._own.titles

    def heard(self, rows: Sequence[ObjectRow]) -> None:
        """These are new, or something else of the list is."""
        if tuple(one.title for one in self.read.columns) != self.titles or self.read.spaced != self._own.spaced:
            self._own = ObjectColumns(self.read.columns, self.read.spaced)
            self.by = self._own.first
            self._columns = self._natural = NaturalColumns(self._own.natural, self._exact)
            self._drawn.clear()
            rows = self.read.rows
        self._widen(rows)
        self.update_rows()

    def tick(self) -> None:
        """Ages go on."""
        self._widen(self.on_screen)
        super().tick()

    def _widen(self, rows: Sequence[ObjectRow]) -> None:
        if self._natural.widen(rows):
            self._drawn.clear()

    def update_rows(self) -> None:
        """Show what the reader asks for, when that or the list is another than before."""
        state = (self.read.version, self.filter_text, self.faults_only, self.by, self.backwards)
        if state == self._shown:
            return
        if state[1:] != self._shown[1:]:
            self.reorder()
        self._shown = state
        aged = self._own.aged(self.by)
        rows = arranged(self.read.rows, self.filter_text, self.faults_only, self.by, self.backwards, aged)
        self.say_state()
        self.show(rows)
        if self._select and (found := next((row for row in rows if row.name == self._select), None)):
            self.select(found.key)
            self._select = ""

    def order_by(self, column: int) -> None:
        """Order by a column; by the same again the other way round."""
        self.backwards = column == self.by and not self.backwards
        self.by = column
        self.update_rows()

    def _texts(self, row: ObjectRow, exact: bool) -> tuple[str, ...]:
        spent = (self.cockpit.now - row.at).total_seconds() if row.at else 0.0
        return self._own.texts(self.look, row, spent, exact)

    def _exact(self, row: ObjectRow) -> tuple[str, ...]:
        return self._texts(row, True)

    def _object_cells(self, row: ObjectRow, exact: bool) -> Cells:
        style = "degraded" if row.fault else "text"
        return tuple(Span(self.look.text(text), style) for text in self._texts(row, exact))

    # What stands around it

    def say_state(self) -> None:
        """Heading, age, and what to say when there is no row."""
        read = self.read
        self.heading = "  ".join(part for part in self._parts() if part)
        failed = "not read again: " if read.error and read.rows else ""
        fresh = "live" if self._live else f"{failed}{age(read.old)} old" if read.old is not None else ""
        hints = [self._looked_at or read.left_out, fresh]
        self.hint = ", ".join(part for part in hints if part)
        self.empty = self._empty()
        self.redraw()

    @property
    def _looked_at(self) -> str:
        """How much of a list that is not whole a filter has looked at; empty when it is all of it, or there is none."""
        if not self.read.left_out or not (self.filter_text or self.faults_only):
            return ""
        whole = f" of {self.read.whole}" if self.read.whole else ", there are more"
        return f"looked at {len(self.read.rows)}{whole}"

    @property
    def _live(self) -> bool:
        """Whether what happens to the list is told, by a cluster that is heard of otherwise too."""
        sources = self.cockpit.frame.snapshot.sources
        heard = any(one.name == self.read.source and one.freshness is Freshness.LIVE for one in sources)
        return self.read.watching and heard and self.cockpit.stale_for is None

    def _parts(self) -> list[str]:
        read, look = self.read, self.look
        spaces = ", ".join(read.spaces) if len(read.spaces) < 4 else f"{len(read.spaces)} namespaces"
        everywhere = "all namespaces" if read.kind and read.kind.namespaced else ""
        several = len(clusters(self.cockpit.frame.snapshot)) > 1
        ordered = _ordered(self.titles, self.by, self.backwards)
        return [
            read.kind.qualified if read.kind else read.query.kind,
            look.text(spaces) or everywhere,
            read.query.labels,
            f"@{look.name(read.source)}" if several else "",
            ordered,
            "faults only" if self.faults_only else "",
            f"/{self.filter_text}" if self.filter_text else "",
        ]

    def _empty(self) -> tuple[str, ...]:
        read = self.read
        if read.rows:
            why = f"/{self.filter_text} leaves none" if self.filter_text else "no row tells of a fault"
            if self._looked_at:
                narrow = f":{read.query.kind} NAMESPACE or :{read.query.kind} LABEL=VALUE asks for less"
                return (f"{why}, {self._looked_at}; Esc shows these", narrow)
            return (f"{why} of {len(read.rows)}; Esc shows all",)
        if read.error:
            return (read.error, f"asked again in {age(read.again_in)}; Esc goes back")
        if read.page is None:
            spent = age(read.waiting or 0.0)
            return (f"waiting for {read.query.kind} of {self.look.name(read.source)}, {spent}; Esc goes back",)
        kind, *narrowed = [part for part in self._parts()[:4] if part]
        return (f"there are no {kind}: {', '.join(narrowed)}" if narrowed else f"there are no {kind}",)


def _ordered(titles: Sequence[str], by: int | None, backwards: bool) -> str:
    """What the list is ordered by."""
    if by is None or by >= len(titles):
        return ""
    if titles[by].lower() == NEWEST:
        return "oldest first" if backwards else "newest first"
    return f"by {titles[by]}" + (", last first" if backwards else "")
