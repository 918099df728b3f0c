"""What a person types as a note, in one line: when it happened, what kind it is, and the words.

"14:27 pool exhausted", "-5m restarted by hand", "14:27Z ...", "! fail over", "? since the deploy", "@dba locks?",
"> told the shops".
"""

import re
from datetime import datetime, timedelta, tzinfo

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.incident.entry import Draft

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(Z?)(?=\s|$)")
_AGO = re.compile(r"-(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?(?=\s|$)")
_NAME = re.compile(r"@([A-Za-z0-9][A-Za-z0-9_.-]{0,62})(?=\s|$)")
_MARKS = {"!": "decision", "?": "finding", ">": "message"}

AHEAD = timedelta(minutes=1)
"""A time of day further ahead than this is meant as yesterday's."""


class NothingSaid(ValueError):
    """There are no words. str(error) is for the writer."""


def draft_of(line: str, now: datetime, zone: tzinfo, service: str = "") -> Draft:
    """The draft of a typed line; times of day are read in `zone`. Raises NothingSaid when there are no words."""
    rest, happened = _time(line.strip(), now, zone)
    kind, facts = "note", (("service", service),) if service else ()
    if rest[:1] in _MARKS:
        kind, rest = _MARKS[rest[0]], rest[1:].lstrip()
    elif found := _NAME.match(rest):
        kind, facts = "action", (*facts, ("for", found[1]))
        if not rest[found.end() :].strip():
            raise NothingSaid(f"what should {found[1]} do? Nothing was recorded")
    if happened is None:
        rest, happened = _time(rest, now, zone)
    words = safe(rest).strip()
    if not words:
        raise NothingSaid("a note needs words, nothing was recorded")
    return Draft(kind=kind, text=SafeText(words), happened=happened, facts=facts)


def leading_time(line: str, now: datetime, zone: tzinfo) -> tuple[str, datetime | None]:
    """The words of a line and the time that leads it, if one does."""
    return _time(line.strip(), now, zone)


def _time(line: str, now: datetime, zone: tzinfo) -> tuple[str, datetime | None]:
    """What follows a leading time, and that time; the whole line and None when none leads it."""
    if (found := _AGO.match(line)) and any(found.groups()):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return line[found.end() :].lstrip(), now - timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if found := _CLOCK.match(line):
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if hour < 24 and minute < 60 and second < 60:
            here = now if found[4] else now.astimezone(zone)
            then = here.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
            if then > here + AHEAD:
                then -= timedelta(days=1)
            return line[found.end() :].lstrip(), then.astimezone(now.tzinfo)
    return line, None
