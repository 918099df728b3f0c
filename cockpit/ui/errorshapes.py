"""The kinds of errors in a service's log of the last minutes, counted beside whatever the screen does with them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from cockpit.board.lead import Lead
from cockpit.board.leads import of_errors
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import CloseTail, Command, ErrorShape, OpenTail, TopErrors
from cockpit.ui.cockpit import Cockpit

BACK = timedelta(minutes=15)
LINES = 500
"""Of each instance at most."""
SHOWN = 3


class ErrorShapes:
    """Reads a log once and counts. changed: called when there is something new; what cannot be read is no finding."""

    def __init__(self, cockpit: Cockpit, changed: Callable[[], object]) -> None:
        self._cockpit, self._changed = cockpit, changed
        self._service: ServiceStatus | None = None
        self._tail, self._version = "", -1
        self._turn = 0
        self.leads: tuple[Lead, ...] = ()

    def open(self, service: ServiceStatus) -> None:
        """Begin to read; the log is not followed."""
        self.close()
        turn, now = self._turn, self._cockpit.now
        self._service = service

        def opened(tail: str) -> None:
            if turn == self._turn:
                self._tail, self._version = tail, -1
            else:
                self._cockpit.port.submit(CloseTail(tail))

        self._ask(
            OpenTail(services=(service.key,), since_seconds=None, since=now - BACK, until=now, tail=LINES), opened
        )

    def close(self) -> None:
        """Free what was read."""
        self._turn += 1
        if self._tail:
            self._cockpit.port.submit(CloseTail(self._tail))
            self._tail = ""

    def look(self) -> None:
        """Count again when more has been read."""
        status = self._cockpit.frame.tails.get(self._tail) if self._tail else None
        if status is not None and status.version != self._version:
            self._version = status.version
            self._ask(TopErrors(self._tail), self._counted)

    def _counted(self, shapes: tuple[ErrorShape, ...]) -> None:
        if self._service is None:
            return
        found = of_errors(self._service, [(one.shape, one.count, one.last) for one in shapes[:SHOWN]])
        if found != self.leads:
            self.leads = found
            self._changed()

    def _ask(self, command: Command, then: Callable[[Any], object]) -> None:
        """Not through the cockpit: nobody waits for it, and its failure is no line for the reader."""

        def heard(done: Any) -> None:
            if not done.cancelled() and done.exception() is None and done.result() is not None:
                then(done.result())

        self._cockpit.port.submit(command).add_done_callback(heard)
