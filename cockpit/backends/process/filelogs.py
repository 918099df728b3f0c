"""Log files as streams of a service's log: the path stands where a container's id would."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing

from msgspec.structs import replace

from cockpit.backends.pool import Pool
from cockpit.backends.process.files import FileRequest, follow_file
from cockpit.board.clock import Clock
from cockpit.logs.line import LogRequest, RawLine

THREADS = 4
"""A file on a server that does not answer holds one; the others go on."""
MOST_OLD = 10_000


def file_reader(clock: Clock) -> Callable[[LogRequest], AsyncIterator[Sequence[RawLine]]]:
    """What reads the file whose path is `request.instance.instance`. SourceError: it cannot be read."""
    pool = Pool("log files", THREADS)

    async def read(request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
        happened: list[str] = []
        asked = FileRequest(
            path=request.instance.instance,
            tail=MOST_OLD if request.tail is None else request.tail,
            follow=request.follow,
            since=request.since,
            until=request.until,
        )
        async with aclosing(follow_file(asked, clock, pool, happened.append)) as batches:  # type: ignore[type-var]
            async for batch in batches:
                if happened:
                    batch = [replace(batch[0], note="; ".join(happened)), *batch[1:]]
                    happened.clear()
                yield batch

    return read
