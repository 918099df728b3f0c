"""What a declared command prints in a container, or the file that it writes there, as bytes to keep."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from cockpit.backends.base import SourceError
from cockpit.backends.captured import until_late
from cockpit.backends.dumped import COPY, SAID, printed_or_file
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.execute import (
    PROTOCOLS,
    STDOUT,
    Command,
    asked,
    exit_code,
    refused,
    with_environment,
)
from cockpit.board.text import safe_bytes
from cockpit.profile.captures import Capture


async def dump(
    client: KubeClient, path: str, container: str, capture: Capture, environment: Mapping[str, str]
) -> AsyncGenerator[bytes, None]:
    """Bytes to keep. path: of the pod. SourceError, also after some of them: why they are not all."""
    argv, given = with_environment(capture.argv, environment)
    printed = _both(_printed(client, path, container, argv, given, capture.argv[0], capture.timeout))
    file = _copied(client, path, container, capture.file) if capture.file else None
    async with aclosing(printed_or_file(printed, file)) as parts:
        async for data in parts:
            yield data


async def _both(printed: AsyncGenerator[tuple[int, bytes], None]) -> AsyncGenerator[bytes, None]:
    """What came by either channel."""
    async with aclosing(printed) as parts:
        async for _, data in parts:
            yield data


async def _copied(client: KubeClient, path: str, container: str, file: str) -> AsyncGenerator[bytes, None]:
    """A file, through `cat` in the container: the API has no other way to a file."""
    said = b""
    try:
        async with aclosing(_printed(client, path, container, ["cat", file], b"", "cat", COPY)) as parts:
            async for channel, data in parts:
                if channel == STDOUT:
                    yield data
                else:
                    said = (said + data)[-SAID:]
    except SourceError as error:
        words = safe_bytes(said.strip(), SAID)
        raise SourceError(f"{file} could not be copied: {error}" + (f": {words}" if words else "")) from None


async def _printed(
    client: KubeClient, path: str, container: str, argv: Sequence[str], given: bytes, word: str, timeout: float
) -> AsyncGenerator[tuple[int, bytes], None]:
    """What a command prints, by channel. SourceError: it did not end well, or not in time (it may then still run)."""
    from cockpit.backends.kubernetes.channels import channels

    name = path.rpartition("/")[2]
    try:
        async with channels(client, f"{path}/exec", asked(container, argv, stdin=bool(given)), PROTOCOLS) as opened:
            command = Command(opened, given)
            async with aclosing(until_late(command.printed(), client.clock, float(timeout))) as parts:
                async for part in parts:
                    yield part
    except ApiAnswer as error:
        raise SourceError(refused(error, name)) from None
    if code := exit_code(command, word, name):
        raise SourceError(f"{word} ended with exit {code}")
