"""An app that paints through `Painter`, and skips frames for a terminal that does not keep up."""

from typing import Any, cast

from rich.console import RenderableType
from rich.segment import Segments
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.screen import Screen

from cockpit.ui.driver import KeyDriver
from cockpit.ui.painter import Painter

BEHIND = 3
"""Writes that may wait for the terminal. The writer's queue takes 30, then it blocks the loop and every key with it."""
RETRY = 0.1
SYNC_ABOVE = 400
"""Bytes from which a frame is bracketed as one update (16 bytes); a smaller one arrives in one piece anyway."""


class PaintedApp(App[int]):
    """Overrides where Textual writes a frame and a traceback (8.2: `App._display`, `App._fatal_error`)."""

    _painter: Painter | None = None
    _behind = False

    def get_driver_class(self) -> type[Driver]:
        """Keys come through our own driver where Textual would take the one for a terminal."""
        found = super().get_driver_class()
        return KeyDriver if found is LinuxDriver else found

    def forget_terminal(self) -> None:
        """The terminal may show anything: paint all of it."""
        if self._painter is not None:
            self._painter.forget()
        self.screen.refresh()

    def _fatal_error(self) -> None:
        """As Textual's own, but without the values of local variables: they may be secrets."""
        from rich.traceback import Traceback

        self.bell()
        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        driver = self._driver
        if (
            driver is None
            or not isinstance(renderable, CompositorUpdate)
            or self.is_headless
            or driver.is_inline
            or self._batch_count
            or not self._running
            or self._closed
        ):
            super()._display(screen, cast("RenderableType | None", renderable))
            return
        try:
            if self._queued() >= BEHIND:
                self._fall_behind()
            else:
                self._paint(renderable)
        finally:
            self.post_display_hook()

    def _paint(self, update: CompositorUpdate) -> None:
        driver = self._driver
        assert driver is not None
        if self._painter is None:
            self._painter = Painter(self.console._color_system)
        data = self._painter.paint(update, *self.size)
        if not data:
            return
        if self._sync_available and len(data) > SYNC_ABOVE:
            data = f"\x1b[?2026h{data}\x1b[?2026l"
        driver.write(data)
        driver.flush()

    def _queued(self) -> int:
        """Writes that wait for the terminal."""
        writer = getattr(self._driver, "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return int(queue.qsize()) if queue is not None else 0

    def _fall_behind(self) -> None:
        """Leave this frame out; once the terminal reads again, send the difference to how things are then."""
        if not self._behind:
            self._behind = True
            self.set_timer(RETRY, self._catch_up)

    def _catch_up(self) -> None:
        if self._queued():
            self.set_timer(RETRY, self._catch_up)
            return
        self._behind = False
        self.screen.refresh()
