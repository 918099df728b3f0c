"""Opens cockpits on a real engine as a test asks for them, and closes all of them at its end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, TypeVar


class Opens(Protocol):
    """A cockpit without its screen."""

    async def open(self) -> None:
        """Begin."""
        ...

    async def close(self) -> None:
        """End."""
        ...


One = TypeVar("One", bound=Opens)


class Opened:
    """Those that are open."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def one(self, made: One) -> One:
        """Open one more."""
        await made.open()
        self._stack.push_async_callback(made.close)
        return made


@asynccontextmanager
async def opened() -> AsyncIterator[Opened]:
    """`async with opened() as every: await every.one(Bridge(...))`."""
    async with AsyncExitStack() as stack:
        yield Opened(stack)
