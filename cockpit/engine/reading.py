"""Reads recordings: bounded, tolerant of a cut-off end, distrustful of everything else in the file."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from cockpit.board.text import safe
from cockpit.board.update import Update
from cockpit.engine.recorded import FORMAT, VERSION, Ended, Header, Logged, Record, RecordingError

LINE_MOST = 32 * 1024 * 1024
"""Bytes of one line: a list of 5,000 instances has 4 MB."""
WHOLE_MOST = 4 * 1024 * 1024 * 1024
"""Bytes after unpacking: a small file that unpacks for ever ends here."""
_CHUNK = 256 * 1024
_KNOWN = ("header", "log", "end", "declared", "listed", "changed", "gone", "heard", "lost", "sampled", "probed", "host",
    "noted", "counted", "tick")  # fmt: skip


class _Kind(msgspec.Struct):
    type: str = ""


def read_header(path: Path) -> Header:
    """The first line of a recording. RecordingError when it is none, OSError when it cannot be opened."""
    records = read(path)
    try:
        return cast(Header, next(records))
    finally:
        records.close()  # type: ignore[attr-defined]


def read_updates(path: Path) -> Iterator[Update]:
    """The updates of a recording in order."""
    for record in read(path):
        if not isinstance(record, Header | Logged | Ended):
            yield record


def read(path: Path) -> Iterator[Record]:
    """Every record, the `Header` first. A last line that is cut off is left out: the cockpit was killed.

    RecordingError names file and line of anything that is not a recording; kinds of records that a newer version may
    write are passed over.
    """
    decode = msgspec.json.Decoder(Record).decode
    empty = True
    for number, line in enumerate(_lines(path), 1):
        empty = False
        record = _record(line, decode, f"{path}:{number}")
        if number == 1:
            _check(record, path)
        elif isinstance(record, Header):
            raise RecordingError(f"{path}:{number}: a second header: two recordings in one file")
        if record is not None:
            yield record
    if empty:
        raise RecordingError(f"{path}:1: there is no header; is this a recording of the cockpit?")


def _check(record: Record | None, path: Path) -> None:
    if not isinstance(record, Header) or record.format != FORMAT:
        raise RecordingError(f"{path}:1: no header of a recording of the cockpit")
    if record.version != VERSION:
        raise RecordingError(f"{path}:1: its format is version {record.version}, this cockpit reads {VERSION}")


def _record(line: bytes, decode: Any, where: str) -> Record | None:
    try:
        text = line.decode()
        if text.isascii() and text.isprintable() and "\\u" not in text:
            return cast(Record, decode(line))
        # Someone else may have made this file: text that is not plainly safe is made so again.
        data = _clean(msgspec.json.decode(line))
        return cast(Record, msgspec.convert(data, Record))
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _kind(line) not in _KNOWN and not isinstance(error, UnicodeDecodeError | RecursionError):
            return None
        raise RecordingError(f"{where}: {safe(str(error), 200)}") from None


def _kind(line: bytes) -> str:
    try:
        return msgspec.json.decode(line, type=_Kind).type or "header"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "header"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, list):
        return [_clean(one) for one in value]
    if isinstance(value, dict):
        return {safe(key): _clean(one) for key, one in value.items()}
    return value


def _lines(path: Path) -> Iterator[bytes]:
    number, rest, total = 1, bytearray(), 0
    for piece in _unpacked(path):
        total += len(piece)
        rest += piece
        *whole, last = rest.split(b"\n")
        for line in whole:
            yield bytes(line)
            number += 1
        rest = bytearray(last)
        if len(rest) > LINE_MOST or total > WHOLE_MOST:
            limit = LINE_MOST if len(rest) > LINE_MOST else WHOLE_MOST
            raise RecordingError(f"{path}:{number}: longer than {limit >> 20} MiB, which no recording is")


def _unpacked(path: Path) -> Iterator[bytes]:
    unpack = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            while chunk:
                try:
                    piece = unpack.decompress(chunk, 4 * _CHUNK)
                except zlib.error as error:
                    raise RecordingError(f"{path}: not a recording, or damaged: {error}") from None
                yield piece
                chunk = unpack.unconsumed_tail
            if unpack.eof:
                return
