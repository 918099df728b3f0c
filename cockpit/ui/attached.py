"""An app on an engine: takes its frames, gives them to the screen on top, submits commands, and says lines."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from textual import events
from textual.timer import Timer

from cockpit.board.clock import Clock, SystemClock
from cockpit.engine.frame import Frame
from cockpit.engine.port import Command, EnginePort
from cockpit.ui.painted import PaintedApp
from cockpit.ui.panes.footer import Footer
from cockpit.ui.pulse import Pulse
from cockpit.ui.screens.base import Framed
from cockpit.ui.settings import Settings
from cockpit.ui.waits import Waits
from cockpit.ui.wakeup import Wakeup

SILENT = 3.0
"""Seconds without the engine's heartbeat after which everything on the screen is old."""
HANDS_OFF = 2.0
"""Seconds after a key in which rows keep their places."""


class AttachedApp(PaintedApp):
    """Has the newest frame, knows whether the engine still beats, and when a key was pressed last."""

    def __init__(self, port: EnginePort, settings: Settings, clock: Clock | None, driver_class: Any) -> None:
        super().__init__(driver_class=driver_class, ansi_color=True)
        self.port = port
        self.settings = settings
        self.clock = clock or SystemClock()
        self.waits = Waits(self)
        # Through the app's own queue: an error there ends the app with a traceback instead of vanishing in the loop.
        self._pulse = Pulse(self.clock, self.tick, self._take)
        self._wakeup = Wakeup(partial(self.call_later, self._pulse.heard if settings.ticking else self._take))
        self.frame: Frame = port.frame()
        self._beat = (self.frame.beat, self.clock.monotonic())
        self._key_at = -HANDS_OFF
        self._message_until: Timer | None = None

    def attach(self) -> None:
        """Listen to the engine; on the app's own loop."""
        self._wakeup.attach()
        self.port.wake_by(self._wakeup.ring)
        if self.settings.ticking:
            self.set_interval(1.0, self._pulse.overdue)

    # Frames and time

    def _take(self) -> None:
        """The engine has a new frame."""
        frame = self.port.frame()
        if frame.beat != self._beat[0]:
            self._beat = (frame.beat, self.clock.monotonic())
        self.frame = frame
        self.top_screen(lambda screen: screen.refresh_all(frame))

    def tick(self) -> None:
        """A second has passed."""
        self._take()
        self.top_screen(lambda screen: screen.tick())
        self.waits.tick()

    def top_screen(self, call: Callable[[Framed], None]) -> None:
        """Do something with the screen on top, once there is one."""
        if self.screen_stack and isinstance(self.screen, Framed) and self.screen.is_mounted:
            call(self.screen)

    @property
    def now(self) -> datetime:
        """The moment that ages are counted to: a replay's own, else this machine's."""
        return self.frame.snapshot.at if self.frame.replay else self.clock.now()

    @property
    def stale_for(self) -> float | None:
        """Seconds since the engine's last heartbeat, once that is too long."""
        silent = self.clock.monotonic() - self._beat[1]
        return silent if silent >= SILENT else None

    # Talking to the reader and to the engine

    def say(self, text: str, style: str = "warning") -> None:
        """One line at the bottom, until the next key or for five seconds."""
        footers = self.screen.query(Footer)
        if footers:
            footers.first().say(text, style)
        if self._message_until is not None:
            self._message_until.stop()
            self._message_until = None
        if text:
            self._message_until = self.set_timer(5.0, self._unsay)

    def _unsay(self) -> None:
        for screen in self.screen_stack:
            for footer in screen.query(Footer):
                footer.say("")

    def ask(self, command: Command, waiting: str, then: Callable[[Any], object] | None = None) -> None:
        """Submit a command; what is waited for is said after 0.3 s, an error as one line."""
        self.waits.begin(command, waiting, then)

    # The last key

    def pressed(self) -> None:
        """A key was pressed just now."""
        self._key_at = self.clock.monotonic()

    @property
    def calm(self) -> bool:
        """No key for two seconds."""
        return self.clock.monotonic() - self._key_at >= HANDS_OFF

    async def on_event(self, event: events.Event) -> None:
        """A message lasts until the next key."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self.pressed()
            if self._message_until is not None:
                self._message_until.stop()
                self._message_until = None
                self._unsay()
        await super().on_event(event)
