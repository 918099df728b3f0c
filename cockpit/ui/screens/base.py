"""What every screen has: header, footer, frames, and one line to say something."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from textual import on
from textual.app import ComposeResult
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span
from cockpit.ui.cockpit import Cockpit, cockpit_of
from cockpit.ui.panes.footer import Footer
from cockpit.ui.panes.header import Header
from cockpit.ui.rooms import SMALLEST, RoomLayout, Rooms, stacked
from cockpit.ui.rowpaint import ChangedRows
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.prompt import Prompt

Typed = Callable[[str], None]


class Asking(Struct, frozen=True, kw_only=True):
    """What an open prompt is for. changed: at each key; done: Enter; left: Esc, with what stood there before."""

    done: Typed
    changed: Typed | None = None
    left: Callable[[], None] | None = None


class TooSmall(LineWidget):
    """Stands alone on a terminal that nothing fits into."""

    def draw(self) -> tuple[Line, ...]:
        """What there is, and what it takes."""
        size = self.size
        text = f"{size.width}x{size.height} is too small: needs {SMALLEST[0]}x{SMALLEST[1]}"
        return (Line((Span(text, "warning"),)),)


class Framed:
    """Mixed into screens and dialogs alike: compose `body()` between the header and the footer."""

    scopes: tuple[str, ...] = ()
    first_scopes: tuple[str, ...] = ()
    """Whose keys the footer shows first, besides those of the pane that has the focus."""

    def body(self) -> ComposeResult:
        """The panes between header and footer, each with the id of its room."""
        raise NotImplementedError

    def rooms(self, width: int, height: int) -> Rooms:
        """Where the panes stand."""
        return stacked(width, height)

    def show_frame(self, frame: Frame) -> None:
        """A new frame has come: give it to the panes. Called only while this screen is on top."""

    def tick(self) -> None:
        """A second has passed."""

    def read_again(self) -> None:
        """The reader wants the whole truth anew: what a screen has read for itself is read again."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The scopes whose keys are alive, the innermost first."""
        inner = getattr(self.focused, "scopes", ())  # type: ignore[attr-defined]
        return tuple(dict.fromkeys((*inner, *self.scopes, *self.everywhere)))

    everywhere: tuple[str, ...] = ("app",)

    @property
    def cockpit(self) -> Cockpit:
        """The app."""
        return cockpit_of(self)  # type: ignore[arg-type]

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield Header(id="header")
        yield from self.body()
        yield Footer(id="footer")
        yield Prompt(id="prompt")
        yield TooSmall(id="small")

    def prepare(self) -> None:
        """Use the rooms as layout; called once, when the screen is made."""
        # The style sheet's property takes names of built-in layouts only; the rule takes the object itself.
        self.styles.set_rule("layout", RoomLayout(self._rooms))  # type: ignore[attr-defined]
        self.changed_rows = ChangedRows(self)  # type: ignore[arg-type]
        self._ones: dict[type[Any], Any] = {}

    def _on_timer_update(self) -> None:
        """A frame: Textual's, with what changed in the panes."""
        self.changed_rows.paint()
        super()._on_timer_update()  # type: ignore[misc]

    asking: Asking | None = None

    def _rooms(self, width: int, height: int) -> Rooms:
        rooms = dict(self.rooms(width, height))
        if self.asking is not None and "footer" in rooms:
            rooms["prompt"] = rooms.pop("footer")
        return rooms

    def relayout(self) -> None:
        """The rooms are others now."""
        # A screen keeps its arrangement until one of its children asks for another.
        self.one(Header).refresh(repaint=False, layout=True)

    def refresh_all(self, frame: Frame) -> None:
        """Header, footer and panes, for a frame."""
        self.one(Header).redraw()
        self.show_frame(frame)
        self.one(Footer).redraw()

    def one(self, kind: type[Any]) -> Any:
        """The widget of a class that the screen has one of, from its beginning to its end."""
        found = self._ones.get(kind)
        if found is None:
            found = self._ones[kind] = self.query_one(kind)  # type: ignore[attr-defined]
        return found

    def forget(self) -> None:
        """Another look: every pane is drawn anew."""
        for widget in self.query(LineWidget):  # type: ignore[attr-defined]
            forget = getattr(widget, "forget", widget.redraw)
            forget()


class CockpitScreen(Framed, Screen[None]):
    """A screen of its own. Esc and q go back."""

    AUTO_FOCUS = "#body, #services"
    focused = Reactive[Widget | None](None, repaint=False)  # a pane's own rule shows it; Textual's paints all of it

    def __init__(self) -> None:
        super().__init__()
        self.prepare()

    def on_screen_resume(self) -> None:
        """On top again: catch up with what has happened."""
        self.refresh_all(self.cockpit.frame)
        self.one(Footer).redraw()

    def on_descendant_focus(self) -> None:
        """The footer shows the keys of the pane that has the focus."""
        self.one(Footer).redraw()

    def move_focus(self, widget: Widget) -> None:
        """Give a pane the focus without scrolling to it."""
        self.set_focus(widget, scroll_visible=False)

    # Filter and prompt

    opened_as = ""
    filter_text = ""
    faults_only: bool | None = None
    """Whether only what is not well is listed; None where that means nothing."""
    filter_hint = "words; ! the others; -f letters in order"

    def filter_changed(self) -> None:
        """The filter is another one: lists are shown anew."""
        self.refresh_all(self.cockpit.frame)

    def ask_filter(self) -> None:
        """Ask for a filter, and apply it while it is typed."""
        before = self.filter_text

        def apply(text: str) -> None:
            self.filter_text = text
            self.filter_changed()

        self.ask_line("/", Asking(done=apply, changed=apply, left=lambda: apply(before)), before, self.filter_hint)

    def clear_filter(self) -> bool:
        """Take the filter away, then "faults only"; False when there was neither."""
        if self.filter_text:
            self.filter_text = ""
        elif self.faults_only:
            self.faults_only = False
        else:
            return False
        self.filter_changed()
        return True

    def ask_line(self, label: str, asking: Asking, typed: str = "", hint: str = "") -> None:
        """Open the prompt in the footer's place."""
        self._before_prompt = self.focused
        self.asking = asking
        prompt = self.one(Prompt)
        prompt.open(label, typed, hint)
        self.relayout()
        self.call_after_refresh(self._into_prompt)

    def _into_prompt(self) -> None:
        # Keys that came in one burst may have answered it already: then the focus is back where it was.
        if self.asking is not None:
            self.move_focus(self.one(Prompt))

    @on(Prompt.Changed)
    def prompt_changed(self, event: Prompt.Changed) -> None:
        """A key was typed into the prompt."""
        event.stop()
        if type(event) is Prompt.Changed and self.asking and self.asking.changed:
            self.asking.changed(event.text)

    @on(Prompt.Done)
    def prompt_done(self, event: Prompt.Done) -> None:
        """Enter in the prompt."""
        asking = self._close_prompt()
        if asking:
            asking.done(event.text)

    @on(Prompt.Left)
    def prompt_left(self, event: Prompt.Left) -> None:
        """Esc in the prompt."""
        asking = self._close_prompt()
        if asking and asking.left:
            asking.left()

    _before_prompt: Widget | None = None

    def _close_prompt(self) -> Asking | None:
        asking, self.asking = self.asking, None
        self.one(Prompt).close()
        self.relayout()
        # Even to nobody: a closed prompt that kept the focus would keep every key.
        self.set_focus(self._before_prompt, scroll_visible=False)
        self.one(Footer).redraw()
        return asking


class CockpitDialog(Framed, ModalScreen[Any]):
    """A question over everything: opaque, with the same header; the keys below are dead."""

    AUTO_FOCUS = ""
    focused = Reactive[Widget | None](None, repaint=False)
    everywhere = ()

    def __init__(self) -> None:
        super().__init__()
        self.prepare()

    def on_screen_resume(self) -> None:
        """On top: draw what is known now."""
        self.refresh_all(self.cockpit.frame)
        self.one(Footer).redraw()
