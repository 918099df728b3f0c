"""The app: begins with the overview, and knows the keys of everywhere."""

from typing import Any, ClassVar

from textual import events

from cockpit.board.clock import Clock
from cockpit.engine.port import EnginePort, Relist
from cockpit.resources import styles
from cockpit.ui import opening
from cockpit.ui.attached import AttachedApp
from cockpit.ui.dialogs.quit import QuitDialog
from cockpit.ui.keymap import read_keymap, rebound
from cockpit.ui.keys import bindings
from cockpit.ui.look import Look, flipped, look_of
from cockpit.ui.panes.logpane import LogPane
from cockpit.ui.screens.base import CockpitScreen, Framed
from cockpit.ui.screens.overview import Overview
from cockpit.ui.settings import Settings
from cockpit.ui.widgets.prompt import Prompt

OWN_FAULT = 70
"""The exit status when the screen itself has failed; Textual's own would say that something is down."""


class CockpitApp(AttachedApp):
    """The screen on an engine. `run_on_terminal()` runs it; `ask_exit()` ends it from any thread."""

    CSS_PATH: ClassVar[str] = str(styles() / "cockpit.tcss")
    BINDINGS = bindings("app")
    ENABLE_COMMAND_PALETTE = False
    scopes = ("app",)

    def __init__(
        self,
        port: EnginePort,
        settings: Settings = Settings(),  # noqa: B008 frozen
        clock: Clock | None = None,
        driver_class: Any = None,
    ) -> None:
        super().__init__(port, settings, clock, driver_class)
        self.look = look_of(settings)
        keymap = read_keymap(settings.keymap)
        self.keys = rebound(keymap.keys)
        self.set_keymap(dict(keymap.keys))
        self._complaints = keymap.complaints
        theme = self.look.palette.theme()
        self.register_theme(theme)
        self.theme = theme.name

    # Life

    def run_on_terminal(self) -> int:
        """Run until the reader quits; the exit status."""
        code = self.run(mouse=self.settings.mouse)
        return OWN_FAULT if self.return_code else code or 0

    def ask_exit(self) -> None:
        """End the screen; from any thread. RuntimeError when its loop has ended already."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self.exit, 0)

    def on_mount(self) -> None:
        """Listen to the engine, show the overview."""
        self.attach()
        self.push_screen(Overview())
        if self._complaints:
            self.call_after_refresh(self.say, self._complaints[0])
        # Whatever ran while the program was suspended has painted over it.
        self.app_resume_signal.subscribe(self, lambda _: self.forget_terminal())

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """The palette opens here and now: the letters after it may have come in the same burst, and are its own."""
        if isinstance(event, events.Key) and not event.is_forwarded and self._opens_palette(event.key):
            self.pressed()
            self.action_palette()
            return
        await super().on_event(event)

    def _opens_palette(self, key: str) -> bool:
        screen = self.screen
        named = any(one.id == "command" and key in one.keys.split(",") for one in self.keys)
        return named and isinstance(screen, CockpitScreen) and screen.asking is None

    async def on_key(self, event: events.Key) -> None:
        """A key that nothing below took: an open prompt has it; tmux's Esc and a key, unbound, counts as Esc."""
        screen = self.screen
        if isinstance(screen, CockpitScreen) and screen.asking is not None:
            # Typed in the moment before the prompt has the focus: its text, never a key that does something.
            event.prevent_default()
            screen.one(Prompt).on_key(event)
            return
        if event.key.startswith("alt+") and event.key not in self.active_bindings:
            event.prevent_default()
            self.simulate_key("escape")

    async def action_back(self) -> None:
        """Take a filter away, else one step back; at the top ask whether to quit."""
        screen = self.screen
        if self.waits.stop() or (isinstance(screen, CockpitScreen) and screen.clear_filter()):
            return
        if len(self.screen_stack) > 2:
            self.pop_screen()
        else:
            self.action_ask_quit()

    def action_ask_quit(self) -> None:
        """Ask whether to quit."""
        self.push_screen(QuitDialog(), self._quit)

    def _quit(self, sure: bool | None) -> None:
        if sure:
            self.exit(0)

    async def action_interrupt(self) -> None:
        """ctrl-c: copy what is marked or selected, else one step back."""
        focused, selected = self.focused, self.screen.get_selected_text()
        if isinstance(focused, LogPane) and focused.marks:
            focused.action_copy()
        elif selected:
            self.copy_to_clipboard(selected)
            self.say("copied, if the terminal takes OSC 52", "dim")
        else:
            await self.action_back()

    def action_repaint(self) -> None:
        """Paint everything and ask every source for its whole truth."""
        self.forget_terminal()
        self.top_screen(lambda screen: screen.read_again())
        self.ask(Relist(), "every source's list", lambda _: self.say("listed again", "dim"))

    def action_zone(self) -> None:
        """UTC or local time."""
        self._look_anew(flipped(self.look, "utc"))
        self.say(f"times are {'UTC' if self.look.utc else 'local'}", "dim")

    def action_sharing(self) -> None:
        """Hosts, addresses and users masked or not."""
        self._look_anew(flipped(self.look, "sharing"))
        self.say(
            f"sharing mode is {'on: hosts, addresses and users are masked' if self.look.sharing else 'off'}", "dim"
        )

    def _look_anew(self, look: Look) -> None:
        self.look = look
        for screen in self.screen_stack:
            if isinstance(screen, Framed):
                screen.forget()

    # What a key opens

    def action_filter(self) -> None:
        """Filter what the screen lists."""
        if isinstance(self.screen, CockpitScreen):
            self.screen.ask_filter()

    def action_faults_only(self) -> None:
        """Only services that are not well."""
        screen = self.screen
        if isinstance(screen, CockpitScreen) and screen.faults_only is not None:
            screen.faults_only = not screen.faults_only
            screen.filter_changed()
        else:
            self.say("faults only works on lists of services and objects")

    def action_help(self) -> None:
        """What the keys do here."""
        if isinstance(self.screen, CockpitScreen):
            self.push_screen(opening.help_screen(self.keys, self.screen.chain, self.frame.demo))

    def action_palette(self) -> None:
        """A command by its name."""
        screen = self.screen
        if isinstance(screen, CockpitScreen):
            self.push_screen(opening.palette(self, screen.chain, screen), self._run_command)

    async def _run_command(self, action: str | None) -> None:
        if action is not None:
            target = next((node for node in (self.focused, self.screen) if node and opening.has(node, action)), self)
            await self.run_action(action, target)

    def action_objects(self, words: str) -> None:
        """The objects of a kind: "pods shop /web"."""
        self.push_screen(opening.objects(self, words, self.screen))

    def action_note(self) -> None:
        """Write a line into the timeline."""
        if isinstance(self.screen, CockpitScreen):
            opening.note(self.screen)

    def action_approve(self) -> None:
        """Approve another person's plan."""
        if isinstance(self.screen, CockpitScreen):
            opening.approve(self.screen)

    def action_drill(self) -> None:
        """Start or end a fault of the demo."""
        if isinstance(self.screen, CockpitScreen):
            opening.drill(self.screen)

    def action_home(self) -> None:
        """Back to the services."""
        while len(self.screen_stack) > 2:
            self.pop_screen()

    def action_open(self, what: str) -> None:
        """A screen by its name; a second time leaves it."""
        screen = opening.SCREENS[what](self)
        if type(self.screen) is type(screen) and getattr(self.screen, "opened_as", "") == what:
            self.pop_screen()
            return
        screen.opened_as = what
        self.push_screen(screen)

    def on_resize(self) -> None:
        """Another terminal: what it shows is unknown."""
        if self._painter is not None:
            self._painter.forget()


def run(port: EnginePort, settings: Settings) -> int:
    """The screen on an engine, until the reader quits; the exit status."""
    return CockpitApp(port, settings).run_on_terminal()
