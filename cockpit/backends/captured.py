"""A log and a description as they are kept: lines made safe and masked; of a log the newest that fit."""

from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from cockpit.backends.base import SourceError
from cockpit.backends.capture import size_words
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe, safe_bytes
from cockpit.logs.line import RawLine

LOG_LIMIT = 5 * 1024 * 1024
"""Bytes of a log that are kept: the last ones."""
LINE = 64 * 1024


async def log_text(
    batches: AsyncGenerator[Sequence[RawLine], None], secrets: Secrets, limit: int = LOG_LIMIT
) -> AsyncGenerator[bytes, None]:
    """The last `limit` bytes of a log, a line each: time, stream, text made safe and masked."""
    lines: deque[bytes] = deque()
    size = dropped = 0
    why = ""
    try:
        async with aclosing(batches):
            async for batch in batches:
                for line in batch:
                    lines.append(_line(line, secrets))
                    size += len(lines[-1])
                while size > limit:
                    size -= len(lines.popleft())
                    dropped += 1
    except (SourceError, TimeoutError) as error:
        why = safe(str(error), 300) or "it took too long to read"
        if not lines:
            raise SourceError(why) from None
    if dropped:
        yield f"--- only the last {size_words(limit)} are kept: {dropped} earlier lines were read too ---\n".encode()
    for one in lines:
        yield one
    if why:
        raise SourceError(f"read to here only: {why}")


async def plain_text(words: str, secrets: Secrets) -> AsyncGenerator[bytes, None]:
    """A text in lines, each masked."""
    for line in words.split("\n"):
        yield f"{secrets.mask(safe(line, LINE))}\n".encode()


def _line(line: RawLine, secrets: Secrets) -> bytes:
    at = line.at.isoformat(timespec="microseconds") if line.at else "-"
    return f"{at} {line.stream or '-'} {secrets.mask(safe_bytes(line.data, LINE))}\n".encode()
