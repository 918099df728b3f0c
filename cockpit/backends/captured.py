"""A log and a description as they are kept: lines made safe and masked; of a log the newest that fit."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from typing import TypeVar

from cockpit.backends.base import SourceError
from cockpit.backends.capture import size_words
from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe, safe_bytes
from cockpit.logs.line import RawLine

LOG_LIMIT = 5 * 1024 * 1024
"""Bytes of a log that are kept: the last ones."""
LINE = 64 * 1024
BLOCK = 64
"""Lines that are looked through for secrets at once."""

T = TypeVar("T")


async def until_late(parts: AsyncIterator[T], clock: Clock, seconds: float) -> AsyncGenerator[T, None]:
    """The same, until it takes too long: SourceError then. No deadline holds while whoever reads does its own work."""
    spent = 0.0
    try:
        while True:
            began = clock.monotonic()
            async with clock.timeout(max(0.0, seconds - spent)):
                part = await anext(parts, None)
            spent += clock.monotonic() - began
            if part is None:
                return
            yield part
    except TimeoutError:
        raise SourceError(f"not at its end after {seconds:g} s") from None
    finally:
        close = getattr(parts, "aclose", None)
        if close is not None:
            await close()


async def log_text(
    batches: AsyncIterator[Sequence[RawLine]], secrets: Secrets, limit: int = LOG_LIMIT
) -> AsyncGenerator[bytes, None]:
    """The last `limit` bytes of a log, a line each: time, stream, text made safe and masked.

    SourceError, after what was read: why it is not all of it.
    """
    lines: deque[RawLine] = deque()
    size = dropped = 0
    broken: SourceError | None = None
    try:
        async for batch in batches:
            for line in batch:
                lines.append(line)
                size += _size(line)
            while size > limit:
                size -= _size(lines.popleft())
                dropped += 1
    except SourceError as error:
        broken = error
    if dropped:
        yield f"--- only the last {size_words(limit)} are kept: {dropped} earlier lines were read too ---\n".encode()
    while lines:
        for one in _written([lines.popleft() for _ in range(min(BLOCK, len(lines)))], secrets):
            yield one
    if broken is not None:
        raise broken


async def plain_text(words: str, secrets: Secrets) -> AsyncGenerator[bytes, None]:
    """A text in lines, each masked."""
    for line in words.split("\n"):
        yield f"{secrets.mask(safe(line, LINE))}\n".encode()


def _size(line: RawLine) -> int:
    """Bytes that it takes, before anything is masked in it."""
    return len(line.data) + (32 if line.at else 1) + len(line.stream or "-") + 3


def _written(lines: Sequence[RawLine], secrets: Secrets) -> Iterator[bytes]:
    """As they are kept. Most hold no secret: asked of all of them at once that costs a tenth."""
    texts = [safe_bytes(line.data, LINE) for line in lines]
    whole = "\n".join(texts)
    if secrets.mask(whole) != whole:
        texts = [secrets.mask(text) for text in texts]
    for line, text in zip(lines, texts, strict=True):
        at = line.at.isoformat(timespec="microseconds") if line.at else "-"
        yield f"{at} {line.stream or '-'} {text}\n".encode()
