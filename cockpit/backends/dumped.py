"""What the profile's captures take out of an instance, of any backend: what a command prints, or the file it writes."""

import shlex
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from pathlib import PurePosixPath

from cockpit.backends.base import SourceError
from cockpit.backends.capture import CannotKeep, Part
from cockpit.backends.evidence import Evidence
from cockpit.board.text import safe_bytes
from cockpit.profile.captures import Capture

SAID = 300
"""Bytes of a command's last words that an error ends with."""
COPY = 60.0
"""Seconds that copying a file out may take beyond the command's own timeout."""

Dump = Callable[[Capture, Mapping[str, str]], AsyncGenerator[bytes, None]]
"""The bytes of one capture, with its environment; SourceError, also after some of them: why they are not all."""


def seconds_of(wanted: Iterable[Capture]) -> float:
    """How long they may take in one instance, one after the other."""
    return sum(float(one.timeout) + COPY * bool(one.file) for one in wanted)


def words_of(name: str, wanted: Capture) -> str:
    """ "heap: jmap -dump:file=/tmp/h 1 -> /tmp/h"."""
    return f"{name}: " + " ".join(shlex.join(wanted.argv).split()) + (f" -> {wanted.file}" if wanted.file else "")


def dump_parts(
    evidence: Evidence, wanted: Iterable[tuple[str, Capture]], dump: Dump
) -> tuple[list[Part], list[tuple[str, str]]]:
    """(parts, what cannot be kept with the reason)."""
    parts: list[Part] = []
    missing: list[tuple[str, str]] = []
    for name, one in wanted:
        try:
            parts.append(_part(name, one, evidence.environment(one), dump))
        except CannotKeep as error:
            missing.append((name, str(error)))
    return parts, missing


def _part(name: str, wanted: Capture, environment: Mapping[str, str], dump: Dump) -> Part:
    suffix = PurePosixPath(wanted.file).suffix or ".bin" if wanted.file else ".txt"
    return Part(name=f"{name}{suffix}"[:120], read=lambda: dump(wanted, environment), limit=wanted.limit << 20)


async def printed_or_file(
    printed: AsyncGenerator[bytes, None], file: AsyncGenerator[bytes, None] | None
) -> AsyncGenerator[bytes, None]:
    """What a command prints; where it writes a file, that file once the command has ended well."""
    said = b""
    async with aclosing(printed):
        try:
            async for data in printed:
                said = (said + data)[-SAID:]
                if file is None:
                    yield data
        except SourceError as error:
            words = safe_bytes(said.strip(), SAID) if file is not None else ""
            raise SourceError(f"{error}: {words}" if words else str(error)) from None
    if file is not None:
        async with aclosing(file):
            async for data in file:
                yield data
