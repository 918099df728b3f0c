"""A person's terminal, lent to the engine for a shell: two threads share it, a pair of sockets carries the bytes.

The thread that has the terminal holds `person` and closes it when the terminal is gone; the engine's loop holds the
rest. The sockets' own buffers are the only ones: who writes faster than the other reads waits.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from threading import Lock

from cockpit.backends.shell import DEFAULT_TERM, Size, term_of

__all__ = ["Console", "Size"]

CHUNK = 65536


class Console:
    """A `Terminal`. attached: called once, from the engine's thread, when the person's turn begins."""

    def __init__(self, size: Size, term: str = DEFAULT_TERM, attached: Callable[[], None] = lambda: None) -> None:
        self.person, self._far = socket.socketpair()
        self._size, self._term = size, term_of(term)
        self._attached = attached
        self.over = False
        """Nothing more will come from the shell."""
        self._lock = Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._other = asyncio.Event()
        self._told = size
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    # In the thread that has the terminal

    def resize(self, size: Size) -> None:
        """The terminal has this size now."""
        with self._lock:
            self._size = size
            if self._loop is not None:
                with contextlib.suppress(RuntimeError):  # the engine has ended
                    self._loop.call_soon_threadsafe(self._other.set)

    def dispose(self) -> None:
        """The person has left, or never came."""
        self.person.close()
        if self._writer is None:
            self._far.close()

    # On the engine's loop

    @property
    def size(self) -> Size:
        """Its size now."""
        return self._size

    @property
    def term(self) -> str:
        """What it calls itself."""
        return self._term

    async def attach(self) -> None:
        """The shell is open: from here on the person types into it. OSError when the person has left."""
        if self._far.fileno() < 0:
            raise OSError("the person left before it was open")
        self._reader, self._writer = await asyncio.open_unix_connection(sock=self._far, limit=CHUNK)
        with self._lock:
            self._loop = asyncio.get_running_loop()
        self._attached()

    async def read(self) -> bytes:
        """What was typed; b"" when the terminal is gone."""
        assert self._reader is not None
        try:
            return await self._reader.read(CHUNK)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Show bytes as they are. OSError when the terminal is gone."""
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()

    async def resized(self) -> Size:
        """The size, once it is another one than was last told."""
        while self._size == self._told:
            self._other.clear()
            if self._size == self._told:
                await self._other.wait()
        self._told = self._size
        return self._told

    def close(self) -> None:
        """Nothing more will come: the person gets the terminal back."""
        self.over = True
        if self._writer is not None:
            self._writer.close()
        else:
            self._far.close()
