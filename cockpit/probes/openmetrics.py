"""A strict reader of OpenMetrics and Prometheus text: bounded, and quick when only a few names are wanted.

A sample line is `name{label="value",...} number [timestamp] [# exemplar]`; lines that begin with `#` are comments.
"""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

MOST = 2_000
"""Series of one name that are read (4 us each); beyond it the number would be of a part only."""
LONGEST = 16_384

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*+")
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*+)\s*=\s*"((?:[^"\\]|\\.)*+)"\s*(,?)')
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[Ii]nf(?:inity)?|[Nn]a[Nn])")
_REST = re.compile(r"(?:\s+[+-]?\d[\d.eE+-]*+)?(?:\s+#\s.*)?\s*")
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}
_ESCAPE = re.compile(r"\\(.)", re.S)


class FormatError(ValueError):
    """A line that is no sample; str(error) says which and where it goes wrong."""


class Series(Struct, frozen=True):
    """One sample line."""

    name: str
    labels: Mapping[str, str]
    value: float


def parse(text: str) -> Iterator[Series]:
    """Every series of a whole exposition, in its order. FormatError with the line's number."""
    for count, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            try:
                yield parse_line(stripped)
            except FormatError as error:
                raise FormatError(f"line {count}: {error}") from None


def parse_line(line: str) -> Series:
    """One sample line, without its newline. FormatError."""
    if len(line) > LONGEST:
        raise FormatError(f"longer than {LONGEST} characters")
    name = _NAME.match(line)
    if name is None:
        raise FormatError("no metric name at its start")
    at = name.end()
    labels: dict[str, str] = {}
    spaces = len(line[at:]) - len(line[at:].lstrip())
    if line[at + spaces : at + spaces + 1] == "{":
        labels, at = _labels(line, at + spaces + 1)
    elif not spaces:
        raise FormatError(f"{line[at : at + 1]!r} after the name at character {at + 1}")
    at += len(line[at:]) - len(line[at:].lstrip())
    number = _NUMBER.match(line, at)
    if number is None or _REST.fullmatch(line, number.end()) is None:
        raise FormatError(f"no number at character {at + 1}")
    return Series(name[0], labels, float(number[0]))


def find(body: bytes, name: str, labels: Mapping[str, str]) -> list[float]:
    """Values of the series of one name that carry `labels`. Other lines are not looked at. FormatError.

    FormatError also when there are more than 2,000 series of the name.
    """
    values: list[float] = []
    for count, line in enumerate(_lines(body, name.encode())):
        if count == MOST:
            raise FormatError(f"more than {MOST} series of {name}")
        series = parse_line(line.decode("utf-8", "replace").strip())
        if series.name == name and all(series.labels.get(key) == wanted for key, wanted in labels.items()):
            values.append(series.value)
    return values


def _labels(line: str, at: int) -> tuple[dict[str, str], int]:
    """The labels from behind `{`, and where the closing brace ends."""
    labels: dict[str, str] = {}
    more = True
    while more and (match := _LABEL.match(line, at)):
        key, raw, comma = match.groups()
        if key in labels:
            raise FormatError(f"label {key} twice")
        labels[key] = _ESCAPE.sub(_unescaped, raw) if "\\" in raw else raw
        at = match.end()
        more = bool(comma)
    rest = line[at:].lstrip()
    if not rest.startswith("}"):
        raise FormatError(f"labels are broken at character {at + 1}")
    return labels, len(line) - len(rest) + 1


def _unescaped(match: re.Match[str]) -> str:
    try:
        return _ESCAPES[match[1]]
    except KeyError:
        raise FormatError(f"unknown escape {match[0]!r} in a label") from None


def _lines(body: bytes, name: bytes) -> Iterator[bytes]:
    """Lines that begin with `name` and what may follow a name."""
    at = 0 if body.startswith(name) else body.find(b"\n" + name) + 1 or -1
    while at >= 0:
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        if body[at + len(name) : at + len(name) + 1] in (b"{", b" ", b"\t"):
            yield body[at:end]
        at = body.find(b"\n" + name, end) + 1 or -1
