"""The lines of a watch as they come: whole, bounded, and missed when nothing is heard for too long."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from cockpit.backends.base import SourceError
from cockpit.board.clock import Clock

SILENCE = 90.0
"""Seconds without a word (bookmarks come each minute) after which a watch is taken for dead and opened again."""
LINE_LIMIT = 8 * 1024 * 1024


async def whole_lines(
    clock: Clock, parts: AsyncIterator[bytes], too_long: Callable[[str], SourceError]
) -> AsyncGenerator[list[bytes], None]:
    """Whole lines, as many as came together. TimeoutError after SILENCE; too_long: "is larger than .." as an error."""
    rest: list[bytes] = []
    size, parts = 0, aiter(parts)
    while True:
        async with clock.timeout(SILENCE):
            try:
                part = await anext(parts)
            except StopAsyncIteration:
                return
        rest.append(part)
        size += len(part)
        if size > LINE_LIMIT and b"\n" not in part:
            raise too_long(f"is larger than {LINE_LIMIT >> 20} MiB")
        if b"\n" in part:
            *lines, last = b"".join(rest).split(b"\n")
            rest, size = [last], len(last)
            yield lines
