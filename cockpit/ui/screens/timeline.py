"""The timeline, whole: every row with who, what kind, and when it was recorded; the selected one with its facts."""

from typing import Literal, cast

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult

from cockpit.engine.port import EditEntry, ExportTimeline, Frame
from cockpit.incident.edits import POINTING
from cockpit.incident.filter import parse
from cockpit.incident.timeline import Row, Timeline, raw
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.format import plural, stamp
from cockpit.ui.keys import bindings
from cockpit.ui.panes.timeline import brief, row_style
from cockpit.ui.rooms import Rooms, split
from cockpit.ui.screens.base import Asking, CockpitScreen
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

How = Literal["edit", "pin", "unpin", "hide", "unhide", "annotate", "redact"]


class TimelineScreen(CockpitScreen):
    """Newest last, as it happened; `/kind:decision` filters, the keys here change the selected row."""

    BINDINGS = bindings("timeline")
    scopes: tuple[str, ...] = ("timeline",)

    filter_hint = "words, kind:decision who:name service:name, ! inverts one"

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, str, bool] | None = None
        self._raw = False

    def body(self) -> ComposeResult:
        """The table and the selected row."""
        yield Table[Row](COLUMNS, lambda row: row.entry.id, self._cells, id="body")
        yield Drawn(self._detail, id="detail")

    def rooms(self, width: int, height: int) -> Rooms:
        """The detail takes the lower third."""
        return split(width, height)

    @property
    def table(self) -> Table[Row]:
        """The rows."""
        return cast("Table[Row]", self.one(Table))

    def _cells(self, row: Row, exact: bool) -> Cells:
        look, now = self.cockpit.look, self.cockpit.now
        lock = look.glyphs.lock if row.locked else " "
        return (
            Span(stamp(row.happened, now, look.utc), "dim"),
            Span(look.name(row.entry.who), "key"),
            Span(f"{lock}{row.entry.kind}", "dim"),
            Span(row.service, "dim"),
            Span(
                f"{'* ' if row.pinned else ''}{look.text(brief(row.text))}", "strong" if row.pinned else row_style(row)
            ),
        )

    def _detail(self, width: int, height: int) -> list[Line]:
        row, look, now = self.table.current, self.cockpit.look, self.cockpit.now
        if row is None:
            return [rule(look, width)]
        entry = row.entry
        times = f"happened {stamp(row.happened, now, look.utc)}, recorded {stamp(entry.recorded, now, look.utc)}"
        head = f" {look.name(entry.who)} on {look.name(entry.host)}, {times}" + (", locked" if row.locked else "")
        lines = [rule(look, width, f"{entry.kind} {entry.id}"), Line((Span(head, "dim"),))]
        lines += [Line((Span(f" {piece}"),)) for piece in wrap_words(look.text(row.text), width - 2)]
        said = [(one.entry.who, "before", one.text) for one in row.earlier]
        said += [(one.entry.who, "remark", one.text) for one in row.annotations]
        said += [(part.who, part.kind, part.text) for part in row.parts]
        lines += [
            Line((Span(f" {kind:<8}{look.name(who)} ", "dim"), Span(look.text(text)))) for who, kind, text in said
        ]
        lines += [Line((Span(f" {name:<12}", "dim"), Span(look.text(value)))) for name, value in entry.facts]
        return lines[:height]

    def show_frame(self, frame: Frame) -> None:
        """The rows, filtered anew only when there is a new one or another filter."""
        source = frame.timeline if self._raw else frame.rows
        old, self._shown = self._shown, (source, self.filter_text, self._raw)
        if old is not None and old[0] is source and old[1:] == self._shown[1:]:
            return
        every = self._recorded(frame) if self._raw else frame.rows
        rows = parse(self.filter_text).of(every)
        table = self.table
        at_end = table.cursor is None or table.at_end
        table.heading = f"Timeline{', as recorded: the newest 200' if self._raw else ''}" + (
            f"  /{self.filter_text}" if self.filter_text else ""
        )
        table.empty = ("nothing yet: i writes a line",)
        if every:
            table.empty = (f"/{self.filter_text} leaves none; Esc shows all",)
        table.show(rows)
        asked = old is None or old[1:] != self._shown[1:]
        # A row that arrives while keys are pressed must not slip under the next one: * and - would hit it.
        if at_end and (asked or self.cockpit.calm):
            table.action_edge(1)
        self.one(Drawn).redraw()

    @on(Table.Moved)
    def moved(self) -> None:
        """The detail follows the cursor."""
        self.one(Drawn).redraw()

    @staticmethod
    def _recorded(frame: Frame) -> tuple[Row, ...]:
        """The newest entries as they were recorded; those that have been hidden since say so, to be shown again."""
        hidden = {row.entry.id for row in Timeline(frame.timeline).rows() if row.hidden}
        return tuple(replace(row, hidden=row.entry.id in hidden) for row in raw(frame.timeline))

    # Changing what stands

    def _change(self, row: Row, how: How, done: str, text: str = "") -> None:
        cockpit = self.cockpit
        command = EditEntry(entry=row.entry.id, how=how, text=text, happened=row.happened)
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

    def action_entry_actions(self) -> None:
        """Redaction: it cannot be taken back, so its words are typed."""
        row = self._saved_one()
        if row is None:
            return
        number = row.entry.id

        def done(text: str) -> None:
            typed, _, reason = text.strip().partition(" ")
            if typed != f"redact-{number}":
                self.cockpit.say(f"nothing was redacted: type redact-{number}, then why")
                return
            self._change(row, "redact", f"entry {number}: its words are gone for good", reason)

        hint = f"type redact-{number} and why: the words of the entry are deleted for good"
        self.ask_line("action", Asking(done=done), hint=hint)

    def action_recorded(self) -> None:
        """The story, or every entry as it was recorded."""
        self._raw = not self._raw
        self.refresh_all(self.cockpit.frame)

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
