"""Reads keys from the terminal, and knows that Esc was pressed alone as soon as nothing has followed it for ESCDELAY.

Textual's own input thread (8.2: `LinuxDriver.run_input_thread`) looks for that every 0.1 s only, so each Esc takes 100
ms there whatever ESCDELAY says; it also ends at the first byte that is not UTF-8.
"""

import os
import re
import selectors
import socket
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress

from textual._parser import ParseError
from textual._time import get_time
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

CHUNK = 4096
LATE = 0.3
"""Seconds within which the rest of a key's sequence may follow what was taken for Esc: a slow link cuts anywhere."""
_SEQUENCE = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]")


class Torn:
    """Joins a key's sequence that came in two pieces, the second after ESCDELAY.

    Esc was told by then; without this the rest would be letters ("up" is ESC, "[" and "A"), and letters are commands.
    """

    def __init__(self) -> None:
        self._begun, self._cut, self._at = "", "", 0.0

    def joined(self, text: str, now: float) -> str:
        """What to parse for what was read: with what it goes on from, if it does."""
        cut, self._cut = self._cut, ""
        late = bool(cut) and now - self._at < LATE and _SEQUENCE.match(cut + text) is not None
        whole = cut + text if late else text
        self._begun = whole[whole.rfind("\x1b") :] if "\x1b" in whole else ""
        return whole

    def told(self, now: float) -> None:
        """What had begun was told as it stood: nothing had followed it."""
        self._begun, self._cut, self._at = "", self._begun, now


class KeyDriver(LinuxDriver):
    """Textual's driver, with an input thread that wakes up when there is something to do and never else."""

    _ends: tuple[socket.socket, ...] = ()
    """Of a pair: the thread reads the first, whoever wants it to end writes into the second."""

    def start_application_mode(self) -> None:
        """Take the terminal, also again after it was lent."""
        self._ends = socket.socketpair()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def run_input_thread(self) -> None:
        """Read until `disable_input`, or until the terminal is gone."""
        parser, torn = XTermParser(self._debug), Torn()
        decode = getincrementaldecoder("utf-8")("replace").decode
        ending = self._ends[0]
        with selectors.SelectSelector() as selector, suppress(OSError):
            selector.register(self.fileno, selectors.EVENT_READ)
            selector.register(ending, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(_patience(parser))]
                if ending in ready:
                    ending.recv(1)
                    break
                if ready:
                    if not (data := os.read(self.fileno, CHUNK)):
                        break
                    # Nothing as long as a character is not whole; to the parser that would be the end.
                    if text := decode(data):
                        self._post(parser.feed(torn.joined(text, get_time())))
                elif parser._timeout_time is not None and not _patience(parser):
                    torn.told(get_time())
                self._post(parser.tick())
        with suppress(EOFError, ParseError):
            self._post(parser.feed(""))

    def _post(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def disable_input(self) -> None:
        """End the input thread, and wait for it."""
        if self._key_thread is not None and self._key_thread.is_alive():
            self._ends[1].send(b"e")
        super().disable_input()

    def close(self) -> None:
        """The terminal is given back, for good or for a while."""
        super().close()
        for end in self._ends:
            end.close()


def _patience(parser: XTermParser) -> float | None:
    """Seconds until what has begun counts as Esc alone; None while nothing has."""
    until = parser._timeout_time
    return None if until is None else max(0.0, until - get_time())
