"""A shell at the reader's own terminal: raw bytes to and fro, then the terminal as it was. Knows no screen.

What a container prints reaches the terminal as it is: it is the reader's shell. What it may have switched on there is
switched off afterwards.
"""

import os
import select
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from cockpit.engine.console import Console, Size

CHUNK = 4096
"""Bytes of one write: a terminal that takes a few takes so many without keeping us long."""
LOOK_EVERY = 1.0
"""Seconds after which it is looked whether the shell has ended behind a terminal that does not read."""
_STALLED = 0.3

_OFF = (1, 5, 6, 9, 69, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026, 2031, 2048)
"""Private modes: cursor keys, reverse video, origin, margins, mouse, focus, paste, synchronized output, sizes."""
_KEEP_TITLE, _TITLE_BACK = b"\x1b[22;0t", b"\x1b[23;0t"
RESET = b"".join(
    (
        b"\x18\x1b\\",  # whatever sequence was cut off in its middle
        b"\x1b[?47l\x1b[?1047l",  # the main screen
        *(b"\x1b[?%dl" % mode for mode in _OFF),
        b"\x1b7\x1b[r\x1b8",  # the whole screen scrolls; the cursor stays
        b"\x1b[4l\x1b[20l\x1b[?7h\x1b[?25h\x1b[m",  # overwrite, plain line feeds, wrap, cursor, colours
        b"\x1b(B\x1b)B\x0f\x1b>\x1b[0 q\x1b[<9u\x1b[>4m",  # character sets, keypad, cursor's shape, keyboard protocols
        _TITLE_BACK,
        b"\r\n",
    )
)
"""Brings back what a program may have changed; without an effect where nothing was."""


def lent(attached: Callable[[], None]) -> Console:
    """This process's terminal, to be lent to a shell. attached: as `Console` says."""
    return Console(_size(), os.environ.get("TERM", ""), attached)


def greeting(title: str) -> str:
    """What stands above the shell, in lines of at most 80 columns but for the title."""
    return f"{title}\r\nexit or ctrl-d ends it; nothing that is typed or shown here is recorded"


def attend(console: Console, words: str) -> None:
    """Stay in the shell until it, or the terminal, has ended. For the main thread, alone on the terminal."""
    keys, paper = sys.__stdin__, sys.__stdout__
    try:
        if keys is not None and paper is not None:
            with suppress(OSError, ValueError, termios.error), _raw(keys.fileno(), paper.fileno(), words):
                _pump(console, keys.fileno(), paper.fileno())
    finally:
        console.dispose()


@contextmanager
def _raw(keys: int, paper: int, words: str) -> Iterator[None]:
    before = termios.tcgetattr(keys)
    try:
        os.write(paper, _KEEP_TITLE + f"\r\n{words}\r\n".encode())
        tty.setraw(keys, termios.TCSANOW)
        yield
    finally:
        _put_back(keys, paper, before)


def _put_back(keys: int, paper: int, before: list[Any]) -> None:
    """As it was; what was typed ahead is dropped, for it was meant for the shell. One that is gone is left alone."""
    with suppress(OSError, termios.error):
        termios.tcsetattr(keys, termios.TCSANOW, before)
        termios.tcflush(keys, termios.TCIFLUSH)
    with suppress(OSError):
        if select.select([], [paper], [], _STALLED)[1]:
            os.write(paper, RESET)


def _pump(console: Console, keys: int, paper: int) -> None:
    person = console.person
    person.setblocking(False)
    with _resizes() as resizes:
        shown = typed = b""
        while True:
            reading: list[socket.socket | int] = [resizes, *([] if shown else [person]), *([] if typed else [keys])]
            writing: list[socket.socket | int] = [*([paper] if shown else []), *([person] if typed else [])]
            readable, writable, _ = select.select(reading, writing, [], LOOK_EVERY)
            if console.over and not readable and not writable:
                return
            if resizes in readable:
                resizes.recv(CHUNK)
                console.resize(_size())
            if person in readable and not (shown := _received(person)):
                return
            if keys in readable and not (typed := os.read(keys, CHUNK)):
                return
            if person in writable:
                typed = typed[person.send(typed) :]
            if paper in writable:
                shown = shown[os.write(paper, shown[:CHUNK]) :]


def _received(person: socket.socket) -> bytes:
    try:
        return person.recv(CHUNK)
    except OSError:  # the engine went while something typed was under way
        return b""


@contextmanager
def _resizes() -> Iterator[socket.socket]:
    """A socket that can be read when the terminal has another size, and once at the beginning."""
    here, there = socket.socketpair()
    there.setblocking(False)

    def told(*_: object) -> None:
        with suppress(OSError):  # full: one is enough
            there.send(b"w")

    before = signal.signal(signal.SIGWINCH, told)
    try:
        told()
        yield here
    finally:
        signal.signal(signal.SIGWINCH, signal.SIG_DFL if before is None else before)
        here.close()
        there.close()


def _size() -> Size:
    try:
        columns, rows = os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1)
    except (OSError, ValueError):
        return Size()
    return Size.of(columns, rows)
