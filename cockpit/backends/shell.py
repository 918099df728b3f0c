"""A shell in an instance: bytes in both directions, a size, an exit code. Nothing of the bytes is kept anywhere."""

import re
from typing import Protocol, runtime_checkable

from msgspec import Struct

from cockpit.backends.change import Operation, Permit
from cockpit.board.model import SafeText

_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")
DEFAULT_TERM = "xterm"
MOST_CELLS = 4000


class Size(Struct, frozen=True):
    """A terminal's size in cells, each from 1 to 4,000: what lies outside is brought inside."""

    columns: int = 80
    rows: int = 24

    @classmethod
    def of(cls, columns: int, rows: int) -> "Size":
        """A size as a terminal tells it; 0 by 0 is what one says that does not know its own."""
        if columns < 1 or rows < 1:
            return cls()
        return cls(min(columns, MOST_CELLS), min(rows, MOST_CELLS))


def term_of(name: str) -> str:
    """What a terminal calls itself (`$TERM`), fit for an environment variable there; anything odd is an xterm."""
    return name if _TERM.fullmatch(name) else DEFAULT_TERM


class Ended(Struct, frozen=True, kw_only=True):
    """How a shell ended. exit_code None: not known, `remark` says why. forced: it still ran and was ended from here."""

    exit_code: int | None
    forced: bool = False
    remark: SafeText = SafeText("")


class Shell(Protocol):
    """A shell that runs. Whoever opened it calls `end` in any case."""

    async def read(self) -> bytes:
        """What it printed next; b"" once nothing more will come. SourceError: the connection is lost."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand over what was typed. SourceError: the connection is lost."""
        ...

    async def resize(self, size: Size) -> None:
        """The terminal has another size. SourceError when that could not be told."""
        ...

    async def end(self) -> Ended:
        """End it if it still runs, let go of the connection, and ask how it ended. Bounded: at most about 6 s."""
        ...


@runtime_checkable
class ShellOpener(Protocol):
    """An `Operator` that opens shells too."""

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> Shell:
        """Start what the operation says in its target. SourceError says why it cannot be started."""
        ...


class Terminal(Protocol):
    """The terminal of the person that a shell is for, as the engine's loop sees it."""

    @property
    def size(self) -> Size:
        """Its size now."""
        ...

    @property
    def term(self) -> str:
        """What it calls itself."""
        ...

    async def attach(self) -> None:
        """The shell is open: from here on the person types into it. OSError when the terminal is gone."""
        ...

    async def read(self) -> bytes:
        """What was typed; b"" when the terminal is gone."""
        ...

    async def write(self, data: bytes) -> None:
        """Show bytes as they are. OSError when the terminal is gone."""
        ...

    async def resized(self) -> Size:
        """The size, once it is another one than was last told."""
        ...

    def close(self) -> None:
        """Nothing more will come: the person gets the terminal back."""
        ...
