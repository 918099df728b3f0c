"""The timeline, whole: every row with who, what kind, and when; the selected one with its facts; keys that edit it."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, cast

from textual import on
from textual.app import ComposeResult

from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.frame import Frame
from cockpit.engine.port import EditEntry, ExportTimeline, Recorded
from cockpit.incident.edits import POINTING
from cockpit.incident.filter import parse
from cockpit.incident.timeline import Row
from cockpit.ui.cells import Line, Span
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.evidence import Evidence
from cockpit.ui.format import plural, stamp
from cockpit.ui.keys import bindings
from cockpit.ui.linking import offered
from cockpit.ui.lookup import services_near
from cockpit.ui.panes.entry import entry_lines
from cockpit.ui.panes.timeline import brief, row_style
from cockpit.ui.rooms import Rooms, split
from cockpit.ui.screens.base import Asking
from cockpit.ui.screens.pager import PagerScreen
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.widgets.drawn import Drawn
from cockpit.ui.widgets.rule import rule
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("TIME", 15),
    Column("WHO", 12, fit=lambda row: row.entry.who),
    Column("KIND", 10),
    Column("SERVICE", 16, needs=110, fit=lambda row: row.service),
    Column("WHAT", 0),
)

How = Literal["edit", "pin", "unpin", "hide", "unhide", "annotate", "evidence", "redact"]


class TimelineScreen(SelectedService):
    """Newest last, as it happened; `/kind:decision` filters, the keys here change the selected row."""

    BINDINGS = bindings("timeline")
    scopes: tuple[str, ...] = ("timeline", "service")
    first_scopes = ("timeline",)

    filter_hint = "words, kind:decision who:name service:name, ! inverts one"

    def __init__(self, at: datetime | None = None) -> None:
        """at: the row nearest to this moment is selected at first, else the last one."""
        super().__init__()
        self._at = at
        self._shown: tuple[object, str, bool] | None = None
        self._raw = False
        self._recorded: tuple[Row, ...] = ()
        self._read_at: object = None

    def body(self) -> ComposeResult:
        """The table and the selected row."""
        yield Table[Row](COLUMNS, lambda row: row.entry.id or row.entry.unique, self._cells, id="body")
        yield Drawn(self._detail, id="detail")

    def rooms(self, width: int, height: int) -> Rooms:
        """The detail takes the lower third."""
        return split(width, height)

    @property
    def table(self) -> Table[Row]:
        """The rows."""
        return cast("Table[Row]", self.one(Table))

    @property
    def service(self) -> ServiceStatus | None:
        """The service that the selected row is about."""
        row = self.table.current
        return services_near(self.cockpit.frame.snapshot, "").get(row.service) if row and row.service else None

    def _cells(self, row: Row, exact: bool) -> Cells:
        look, now = self.cockpit.look, self.cockpit.now
        lock = look.glyphs.lock if row.locked else " "
        marks = ("* " if row.pinned else "") + ("hidden: " if row.hidden else "")
        unsaved = "" if row.saved else "  (not saved)"
        return (
            Span(stamp(row.happened, now, look.utc), "dim"),
            Span(look.name(row.entry.who), "key"),
            Span(f"{lock}{row.entry.kind}", "dim"),
            Span(row.service, "dim"),
            Span(f"{marks}{look.text(brief(row.text))}{unsaved}", "strong" if row.pinned else row_style(row)),
        )

    def _detail(self, width: int, height: int) -> list[Line]:
        row, look = self.table.current, self.cockpit.look
        if row is None:
            return [rule(look, width)]
        lines = entry_lines(look, row, self.cockpit.now, width)
        more = f"Enter: {len(lines) - height + 1} more lines" if len(lines) >= height else ""
        title = f"{row.entry.kind} {row.entry.id}" if row.saved else f"{row.entry.kind}, not saved"
        return [rule(look, width, title, more), *lines][:height]

    # Rows

    def show_frame(self, frame: Frame) -> None:
        """The rows, filtered anew only when there is a new one or another filter."""
        if self._raw and self._read_at is not frame.timeline:
            self._read(frame)
        source = self._recorded if self._raw else frame.rows
        old, self._shown = self._shown, (source, self.filter_text, self._raw)
        if old is not None and old[0] is source and old[1:] == self._shown[1:]:
            return
        rows = parse(self.filter_text).of(source)
        table = self.table
        at_end = table.cursor is None or table.at_end
        table.heading = f"Timeline{', as recorded' if self._raw else ''}" + (
            f"  /{self.filter_text}" if self.filter_text else ""
        )
        table.empty = ("nothing yet: i writes a line",)
        if source:
            table.empty = (f"/{self.filter_text} leaves none of {len(source)}; Esc shows all",)
        table.show(rows)
        asked = old is None or old[1:] != self._shown[1:]
        # A row that arrives while keys are pressed must not slip under the next one: * and - would hit it.
        if self._at is not None and rows:
            at, self._at = self._at, None
            nearest = min(rows, key=lambda row: abs((row.happened - at).total_seconds()))
            table.select(nearest.entry.id or nearest.entry.unique)
        elif at_end and (asked or self.cockpit.calm):
            table.action_edge(1)
        self.one(Drawn).redraw()

    def _read(self, frame: Frame, then_raw: bool = False) -> None:
        """Ask for every entry as it was recorded: ten thousand are not in each frame."""
        self._read_at = frame.timeline

        def read(rows: tuple[Row, ...]) -> None:
            self._recorded = rows
            if self.is_mounted and then_raw:
                self._raw = True
                self.filter_changed()
            elif self.is_mounted:
                self.show_frame(self.cockpit.frame)

        self.cockpit.ask(Recorded(), "every entry as it was recorded", read)

    @on(Table.Moved)
    def moved(self) -> None:
        """The detail follows the cursor."""
        self.one(Drawn).redraw()

    @on(Table.Entered)
    def entered(self) -> None:
        """The row whole."""
        if row := self.table.current:
            look, now = self.cockpit.look, self.cockpit.now
            self.app.push_screen(
                PagerScreen(f"{row.entry.kind} {row.entry.id}", lambda width: entry_lines(look, row, now, width))
            )

    # Changing what stands

    def _change(self, row: Row, how: How, done: str, text: str = "", facts: tuple[tuple[str, str], ...] = ()) -> None:
        cockpit = self.cockpit
        command = EditEntry(entry=row.entry.id, how=how, text=text, happened=row.happened, facts=facts)
        cockpit.ask(command, "the journal to take the change", lambda _: cockpit.say(done, "ok"))

    def _saved_one(self) -> Row | None:
        """The selected row, if it is one that can be changed."""
        row = self.table.current
        if row is None or not row.saved:
            self.cockpit.say("this row is not saved yet: nothing can be said of it" if row else "no row is selected")
            return None
        if row.entry.kind in POINTING:
            self.cockpit.say(f"this is a change of entry {row.entry.subject}: select that one")
            return None
        return row

    def action_reword(self) -> None:
        """Other words, another time."""
        row = self._saved_one()
        if row is None:
            return
        if row.locked:
            self.cockpit.say(f"entry {row.entry.id} was recorded by the cockpit, its words stay: A annotates it")
            return

        def done(text: str) -> None:
            if text.strip() and text != row.text:
                self._change(row, "edit", "changed; the words before are kept", text)

        self.ask_line("edit", Asking(done=done), row.text, "14:27 or -5m first: another time")

    def action_pin(self) -> None:
        """Pin it, or take the pin away."""
        if row := self._saved_one():
            self._change(row, "unpin" if row.pinned else "pin", "not pinned any more" if row.pinned else "pinned")

    def action_hide(self) -> None:
        """Hide it, or show it again."""
        if row := self._saved_one():
            done = "shown again" if row.hidden else "hidden; J shows every entry, and - there takes it back"
            self._change(row, "unhide" if row.hidden else "hide", done)

    def action_annotate(self) -> None:
        """A remark."""
        if row := self._saved_one():

            def done(text: str) -> None:
                if text.strip():
                    self._change(row, "annotate", "annotated", text)

            self.ask_line(f"remark on {row.entry.id}", Asking(done=done))

    def action_link(self) -> None:
        """Link what supports it: marked log lines, a probe's answer, a capture."""
        row = self._saved_one()
        if row is None:
            return
        found = offered(self, row)
        choices = [Choice(str(number), one.text) for number, one in enumerate(found)]

        def picked(number: str | None) -> None:
            if number is not None:
                self._linked(row, found[int(number)])

        empty = "nothing to link: mark lines in a log with m; probes' answers of the row's service stand here too"
        self.app.push_screen(PickDialog(f"Evidence for entry {row.entry.id}", choices, empty, wide=True), picked)

    def _linked(self, row: Row, one: Evidence) -> None:
        self._change(row, "evidence", "linked as evidence", one.text, one.facts)

    def action_actions(self) -> None:
        """What else may be done to the entry, and to its service."""
        row = self._saved_one()
        if row is None:
            return
        ways: dict[str, tuple[str, str, Callable[[], None]]] = {
            "evidence": ("Link evidence", "marked log lines, a probe's answer, a capture", self.action_link),
            "redact": ("Redact", "its words are deleted for good; typed", lambda: self._redact(row)),
        }
        if self.service is not None:
            ways["service"] = (f"Actions on {self.service.name}", "as a on the services", super().action_actions)
        choices = [Choice(id, label, tip, "down" if id == "redact" else "text") for id, (label, tip, _) in ways.items()]
        self.app.push_screen(
            PickDialog(f"Entry {row.entry.id}", choices), lambda id: ways[id][2]() if id is not None else None
        )

    def _redact(self, row: Row) -> None:
        """It cannot be taken back, so it is typed."""
        number = row.entry.id

        def done(text: str) -> None:
            typed, _, reason = text.strip().partition(" ")
            if typed != f"redact-{number}":
                self.cockpit.say(f"nothing was redacted: type redact-{number}, then why")
                return
            self._change(row, "redact", f"entry {number}: its words are gone for good", reason)

        hint = f"type redact-{number} and why: the words of the entry are deleted for good"
        self.ask_line("redact", Asking(done=done), hint=hint)

    def action_recorded(self) -> None:
        """The story, or every entry as it was recorded."""
        if self._raw:
            self._raw = False
            self.filter_changed()
        else:
            self._read(self.cockpit.frame, then_raw=True)

    def filter_changed(self) -> None:
        """Other rows: they stand in their order at once."""
        self._shown = None
        self.table.reorder()
        super().filter_changed()

    def action_export(self) -> None:
        """Write the marked rows, or what the filter leaves, to a file."""
        table, cockpit = self.table, self.cockpit
        rows = tuple(row for row in table.items if not table.marks or row.entry.id in table.marks)

        def done(path: str) -> None:
            command = ExportTimeline(rows=rows, path=path.strip(), filtered=self.filter_text, utc=cockpit.look.utc)
            told = f"{plural(len(rows), 'row')} written to "
            cockpit.ask(command, "the file to be written", lambda written: cockpit.say(f"{told}{written}", "ok"))

        self.ask_line(
            "export to", Asking(done=done), hint="a name; .json for JSON, else Markdown; Enter alone picks one"
        )
