"""How severe a line is: found from the words that loggers write, in its first 300 characters.

The patterns begin with a set of letters, never with a boundary: Python's `re` then skips ahead in C, which makes a line
cost 1.5 us instead of 6.
"""

import re
from collections.abc import Mapping

from cockpit.logs.line import Level

HEAD = 300
"""Characters looked at."""

LEVEL_NAMES: Mapping[str, Level] = {
    "trace": Level.TRACE,
    "debug": Level.DEBUG,
    "info": Level.INFO,
    "warn": Level.WARN,
    "error": Level.ERROR,
    "fatal": Level.FATAL,
}
"""The words by which a filter names levels, mildest first."""

_WORDS: Mapping[str, Level] = {
    **LEVEL_NAMES,
    "dbg": Level.DEBUG,
    "information": Level.INFO,
    "notice": Level.INFO,
    "log": Level.INFO,
    "warning": Level.WARN,
    "wrn": Level.WARN,
    "err": Level.ERROR,
    "severe": Level.ERROR,
    "critical": Level.FATAL,
    "crit": Level.FATAL,
    "panic": Level.FATAL,
    "emerg": Level.FATAL,
    "emergency": Level.FATAL,
    "alert": Level.FATAL,
}
_SYSLOG = (6, 6, 6, 5, 4, 3, 3, 2)
# A level named as a field ("level":"error", lvl=warn, severity: info) wins over a word that merely occurs.
_FIELD = re.compile(
    r"(?:level|lvl|severity|priority)(?:_?(?:name|text))?\"?\s{0,3}[=:]\s{0,3}\"?([a-z]{3,11}|\d{1,2})(?![a-z0-9_])"
)
# Alone as a word: bare "error" inside prose counts only in capitals, with brackets or before a colon.
_CAPITALS = re.compile(
    r"(?:TRACE|DEBUG|DBG|INFO|NOTICE|LOG|WARN(?:ING)?|WRN|ERR(?:OR)?|SEVERE|FATAL|CRIT(?:ICAL)?|PANIC|EMERG|ALERT)"
    r"(?![A-Za-z0-9_])"
)
_BRACKETS = re.compile(r"\[(trace|debug|info|notice|warn(?:ing)?|error|fatal|critical|crit|emerg|alert)\]")
_BEFORE_COLON = frozenset({*LEVEL_NAMES, "notice", "warning", "critical", "panic"})
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_LETTERS = {"I": Level.INFO, "W": Level.WARN, "E": Level.ERROR, "F": Level.FATAL}
_PROSE = ("Traceback (most recent call last)", "Unhandled exception", "Exception in thread")
_RAISED = re.compile(r"[A-Z]\w{0,80}(?:Error|Exception): ")


def level_of(text: str) -> Level:
    """The level that `text` claims, UNKNOWN when it claims none."""
    head = text[:HEAD]
    lower = head.lower()
    # Of level, lvl, severity and priority each holds one of these.
    if "level" in lower or "lvl" in lower or "rity" in lower:
        found = _field(lower)
        if found is not None:
            return found
    first = _capitals(head)
    if "[" in head:
        first = min(first, _bracketed(head))
    if ": " in head:
        first = min(first, _before_colon(head))
    if first[1]:
        return _WORDS[first[1].lower()]
    letter = _KLOG.match(head)
    if letter:
        return _LETTERS[letter[1]]
    if head.startswith(_PROSE) or (("r: " in head or "n: " in head) and _RAISED.search(head)):
        return Level.ERROR
    return Level.UNKNOWN


def level_named(word: str) -> Level | None:
    """The level that a person means by a word ("warn", "ERROR", "err", "critical"); None for any other word."""
    return _WORDS.get(word.strip().lower())


_Found = tuple[int, str]
_NOT_FOUND: _Found = (HEAD, "")


def _field(lower: str) -> Level | None:
    for match in _FIELD.finditer(lower):
        before = lower[: match.start()]
        # "sea_level=7" is not how severe a line is; "loglevel", "log_level" and "log.level" are.
        if not before or not (before[-1].isalnum() or before[-1] == "_") or before.endswith(("log", "log_")):
            word = match[1]
            return _numeric(int(word)) if word.isdigit() else _WORDS.get(word)
    return None


def _capitals(head: str) -> _Found:
    match = _CAPITALS.search(head)
    while match is not None:
        start, end = match.span()
        if not start or not (head[start - 1].isalnum() or head[start - 1] == "_"):
            return start, match[0]
        match = _CAPITALS.search(head, end)
    return _NOT_FOUND


def _bracketed(head: str) -> _Found:
    match = _BRACKETS.search(head)
    return (match.start(), match[1]) if match else _NOT_FOUND


def _before_colon(head: str) -> _Found:
    """A word, a colon and a blank (times have none there), at the start or after a blank, a bracket or a bar."""
    end = head.find(": ")
    while end >= 0:
        start = end
        while start and head[start - 1].islower():
            start -= 1
        if head[start:end] in _BEFORE_COLON and (not start or head[start - 1] in " ]|["):
            return start, head[start:end]
        end = head.find(": ", end + 1)
    return _NOT_FOUND


def _numeric(value: int) -> Level:
    """Syslog's 0..7, or the tens of bunyan and pino (10 trace .. 60 fatal)."""
    if value >= 10:
        return Level(min(6, max(1, value // 10)))
    return Level(_SYSLOG[value]) if value < len(_SYSLOG) else Level.UNKNOWN
