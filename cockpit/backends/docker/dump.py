"""What a declared command prints in a container, or the file that it writes there, as bytes to keep."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.captured import until_late
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.execute import ended, refused
from cockpit.backends.docker.frames import Payloads
from cockpit.backends.docker.wire import ExecCreated
from cockpit.backends.dumped import COPY, printed_or_file
from cockpit.profile.captures import Capture

_BLOCK = 512
_UNPACKED = 256 * 1024


async def dump(
    client: EngineClient, container: str, capture: Capture, environment: Mapping[str, str]
) -> AsyncGenerator[bytes, None]:
    """Bytes to keep. SourceError, also after some of them: why they are not all."""
    printed = _printed(client, container, capture, environment)
    file = _copied(client, container, capture.file) if capture.file else None
    try:
        async with aclosing(printed_or_file(printed, file)) as parts:
            async for data in parts:
                yield data
    except EngineAnswer as error:
        raise SourceError(refused(error, container[:12])) from None


async def _printed(
    client: EngineClient, container: str, capture: Capture, environment: Mapping[str, str]
) -> AsyncGenerator[bytes, None]:
    body = {
        "AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": list(capture.argv),
        "Env": [f"{key}={value}" for key, value in environment.items()],
    }  # fmt: skip
    made = msgspec.json.decode(await client.post(f"/containers/{container}/exec", body), type=ExecCreated)
    output = Payloads(1 << 30)
    async with client.stream(f"/exec/{made.id}/start", body={"Detach": False, "Tty": False}) as answer:
        async for part in until_late(answer.aiter_raw(), client.clock, float(capture.timeout)):
            output.feed(part)
            data = bytes(output.kept)
            output.kept.clear()
            yield data
    code = (await ended(client, made.id)).exit_code
    if code is None:
        raise SourceError(f"{capture.argv[0]}: the engine does not say how it ended")
    if code:
        raise SourceError(f"{capture.argv[0]} ended with exit {code}")


async def _copied(client: EngineClient, container: str, path: str) -> AsyncGenerator[bytes, None]:
    """The one file of the archive that the engine makes of a path."""
    async with client.stream(f"/containers/{container}/archive", {"path": path}) as answer:
        buffer, left = b"", -1
        packed = answer.headers.get("content-encoding", "") == "gzip"
        parts = until_late(answer.aiter_raw(), client.clock, COPY)
        async for part in _inflated(parts) if packed else parts:
            buffer += part
            while left < 0 and len(buffer) >= _BLOCK:
                kind, size = _header(buffer[:_BLOCK], path)
                padded = (size + _BLOCK - 1) // _BLOCK * _BLOCK
                if kind in (b"0", b"\0"):
                    left, buffer = size, buffer[_BLOCK:]
                elif len(buffer) >= _BLOCK + padded:
                    buffer = buffer[_BLOCK + padded :]  # a long name, or other words about what follows
                else:
                    break
            if left >= 0:
                data, buffer = buffer[:left], b""
                left -= len(data)
                yield data
                if not left:
                    return
    raise SourceError(f"{path}: it could not be copied to its end")


async def _inflated(parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The engine packs archives for whoever can unpack them; never more than a piece of them is held."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for part in parts:
        while part:
            try:
                yield unpacker.decompress(part, _UNPACKED)
            except zlib.error as error:
                raise SourceError(f"the engine's archive cannot be unpacked: {error}") from None
            part = unpacker.unconsumed_tail


def _header(block: bytes, path: str) -> tuple[bytes, int]:
    """(type, size) of a tar header; a size of 8 GiB or more is written in binary."""
    kind, field = block[156:157], block[124:136]
    if kind not in (b"0", b"\0", b"x", b"g", b"L", b"K"):
        raise SourceError(f"{path} is no plain file")
    if field[0] & 0x80:
        return kind, int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    if not all(48 <= digit <= 55 for digit in digits):
        raise SourceError(f"{path}: the engine's archive cannot be read")
    return kind, int(digits or b"0", 8)
