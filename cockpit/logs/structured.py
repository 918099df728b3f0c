"""JSON and logfmt lines read apart: as fields, laid out over several rows, or as columns in one.

Everything here works on one line of at most 16 KiB and takes well under a millisecond; what is neither JSON nor logfmt
gives None and stays as it is. Decoding brings back what was escaped ("\\u001b"), so values are made safe again.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.logs.level import LEVEL_NAMES, level_named

Fields = tuple[tuple[SafeText, SafeText], ...]
"""(key, value) in the order of the line; nested objects have dotted keys. Key "": words before the first field."""

MOST_TEXT = 16_500
"""Characters: a line as it is kept, with the mark of what was cut."""
MOST_FIELDS = 200
MOST_ROWS = 200
DEEPEST = 4
"""Nested objects further down stay JSON in one value."""
KEY_WIDTH = 24
PREFIX = 200
"""Characters that may stand before the first field (a time, a level, a message)."""

_TIMES = ("time", "ts", "timestamp", "@timestamp", "t", "datetime", "date", "asctime")
_LEVELS = ("level", "lvl", "severity", "log.level", "loglevel", "log_level", "levelname", "level_name")
_MESSAGES = ("msg", "message", "event", "body", "short_message", "text", "log")
_CAUSES = (
    "error", "err", "exception", "exc_info", "cause", "reason", "error.message", "exception.message", "err.message",
)  # fmt: skip
_NOTHING = ("", "null", "false", "{}", "[]")
_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]{0,80}+)=("(?:[^"\\]++|\\.)*+"|[^\s"]*+)(?=\s|$)')
_PLAIN = re.compile(r"[^\s\"=]+")

_Pairs = list[tuple[str, str]]


def fields(text: str) -> Fields | None:
    """The fields of a JSON object or of a logfmt line (two pairs at least); None for anything else."""
    found = _pairs(text)
    return None if found is None else tuple((safe(key), safe(value, MOST_TEXT)) for key, value in found)


def pretty(text: str) -> tuple[SafeText, ...] | None:
    """One row a field: time, level and message first, keys aligned, a stack trace over as many rows as it has lines."""
    found = _pairs(text)
    if found is None:
        return None
    ordered = [(safe(key or "before", KEY_WIDTH), value) for key, value in _ordered(found)]
    width = max((len(key) for key, _ in ordered), default=0)
    rows: list[SafeText] = []
    for key, value in ordered:
        for number, line in enumerate(re.split("\r\n|\n|\r", value.rstrip("\r\n"))):
            if len(rows) == MOST_ROWS:
                return (*rows, SafeText("…"))
            rows.append(SafeText(f"{'' if number else key:<{width}}  {safe(line.expandtabs(4), MOST_TEXT)}"))
    return tuple(rows)


@lru_cache(512)
def columns(text: str, *, time: bool = True) -> SafeText | None:
    """The line as columns: time (unless it stands elsewhere), level, message, then the other fields as key=value."""
    found = _pairs(text)
    if found is None:
        return None
    parts, rest, had = list[str](), list[str](), set[int]()
    for key, value in _ordered(found):
        kind = _kind(key) if key else _WORDS
        if kind == _OTHER or kind in had:
            rest.append(f"{key}={_quoted(value)}")
        elif kind or time:
            parts.append(f"{_level_word(value):<5}" if kind == 1 else value)
        had.add(kind)
    return safe("  ".join([" ".join(parts), " ".join(rest)]).strip(), MOST_TEXT)


def gist(text: str) -> str | None:
    """What the line says, without its other fields: its message, then the last line of the error that it names.

    None: it is not of fields, or has neither.
    """
    found = _pairs(text)
    if found is None:
        return None
    said = [value for key, value in found if key and _kind(key) == _MESSAGE][:1] or [v for key, v in found if not key]
    # Of a traceback the last line tells what it was.
    told = [value.strip() for key, value in found if key.lower() in _CAUSES]
    causes = [value.splitlines()[-1] for value in told if value not in _NOTHING]
    parts = [part for part in (*said, *causes[:1]) if part]
    return ": ".join(parts) or None


def _pairs(text: str) -> _Pairs | None:
    if len(text) > MOST_TEXT:
        return None
    stripped = text.strip()
    found = _json(stripped) if stripped.endswith("}") else None
    return found or (_logfmt(stripped) if "=" in stripped else None)


def _json(text: str) -> _Pairs | None:
    start = text.find("{")
    if not 0 <= start <= PREFIX:
        return None
    try:
        found = msgspec.json.decode(text[start:])
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    if not isinstance(found, dict) or not found:
        return None
    before = text[:start].rstrip()
    pairs = [("", before)] if before else []
    for pair in _flat(found, "", 1):
        if len(pairs) == MOST_FIELDS:
            pairs.append(("…", "further fields"))
            break
        pairs.append(pair)
    return pairs


def _flat(found: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        if isinstance(value, dict) and value and depth < DEEPEST:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else _encoded(value)


def _encoded(value: object) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except (RecursionError, OverflowError, ValueError):
        return "?"


def _logfmt(text: str) -> _Pairs | None:
    first = _PAIR.search(text, 0, PREFIX + 100)
    if first is None or first.start() > PREFIX or (first.start() and not text[first.start() - 1].isspace()):
        return None
    before = text[: first.start()].rstrip()
    if "=" in before:
        return None
    pairs = [("", before)] if before else []
    position = first.start()
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None or len(pairs) > MOST_FIELDS:
            return None
        pairs.append((match[1], _unquoted(match[2])))
        position = match.end()
        while position < len(text) and text[position].isspace():
            position += 1
    return pairs if len(pairs) - bool(before) >= 2 else None


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    try:
        found = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value[1:-1]
    return found if isinstance(found, str) else value[1:-1]


_MESSAGE, _OTHER, _WORDS = 2, 3, 4


def _kind(key: str) -> int:
    """0 time, 1 level, 2 message, 3 anything else."""
    lower = key.lower()
    for kind, names in enumerate((_TIMES, _LEVELS, _MESSAGES)):
        if lower in names:
            return kind
    return _OTHER


def _ordered(pairs: _Pairs) -> _Pairs:
    """Words before the fields, then the first time, level and message, then the rest in its order."""
    lead: dict[int, int] = {}
    for index, (key, _) in enumerate(pairs):
        kind = _kind(key)
        if kind != _OTHER:
            lead.setdefault(kind, index)
    first = [index for index, (key, _) in enumerate(pairs) if not key] + [lead[kind] for kind in sorted(lead)]
    return [pairs[index] for index in first] + [pair for index, pair in enumerate(pairs) if index not in first]


def _level_word(value: str) -> str:
    level = level_named(value)
    names = {number: name for name, number in LEVEL_NAMES.items()}
    return names[level].upper() if level in names else value


def _quoted(value: str) -> str:
    return value if value and _PLAIN.fullmatch(value) else f'"{value}"'
