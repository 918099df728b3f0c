"""Untrusted text is made safe here, once, where it enters.

Removed: C0 and C1 controls, DEL, escape sequences (CSI, OSC, DCS, PM, APC, SOS, single ESC), bidi controls, zero-width
and other invisible characters, variation selectors, unassigned and private characters, more than two combining marks
on one letter. Tabs, line ends and all wide or narrow blanks become one space each. What stays has the width that a
terminal and Textual agree on. No caller parses the result as markup: `[/]` is text.
"""

import re
import unicodedata
from functools import cache

from cockpit.board.model import SafeText

DEFAULT_LIMIT = 4096
MARKS_KEPT = 2
"""Vietnamese and Thai need two marks on one letter; a flood of them draws over the rows above."""

# Strings end at ESC and at any C1 so that no start is scanned twice (100 kB of "ESC ]" is linear). One without an end
# loses its introducer only: the rest of the line may be what matters.
_SEQUENCES = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]?"  # CSI
    "|\x1b[\\]PX^_](?:[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\\\|\x9c))?"  # OSC, DCS, SOS, PM, APC
    "|\x1b[ -/]*[0-~]?"  # two-byte and charset sequences
    "|\x9b[0-?]*[ -/]*[@-~]?"  # C1 CSI
    "|[\x9d\x90\x98\x9e\x9f](?:[^\x07\x1b\x80-\x9f]*(?:\x07|\x1b\\\\|\x9c))?"
)

# Printable to Python, yet nothing is drawn: fillers, joiners, variation selectors (Default_Ignorable_Code_Point).
_INVISIBLE = (
    (0x034F, 0x034F), (0x115F, 0x11FF), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164), (0xD7B0, 0xD7FF),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0x1F3FB, 0x1F3FF), (0xE0000, 0xE0FFF),
)  # fmt: skip
_REGIONAL_A, _REGIONAL_Z = 0x1F1E6, 0x1F1FF


class _Table(dict[int, int | str | None]):
    """For `str.translate`: what becomes of a character, worked out when it is first met (at most 0x110000 entries)."""

    def __missing__(self, code: int) -> int | str | None:
        self[code] = result = _fate(code)
        return result


def _fate(code: int) -> int | str | None:
    char = chr(code)
    category = unicodedata.category(char)
    if category[0] == "Z" or char in "\t\n\r\x0b\x0c\x85":
        return " "
    if any(first <= code <= last for first, last in _INVISIBLE) or category == "Me" or not char.isprintable():
        return None
    if _REGIONAL_A <= code <= _REGIONAL_Z:
        # Half the terminals draw a pair as one flag: the two letters have a width that all agree on.
        return chr(code - _REGIONAL_A + ord("A"))
    if category in ("Mn", "Mc") and code > 0xFFFF:
        return None
    return code


_TABLE = _Table()


@cache
def _suspects() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(what needs a closer look though printable, marks beyond those kept). Made when first needed, in 10 ms."""
    marks = "".join(
        chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")
    )
    invisible = "".join(f"{chr(first)}-{chr(last)}" for first, last in _INVISIBLE if last < 0x10000)
    # Everything outside the BMP goes the slow way: more ranges there would slow the search down for all.
    return (
        re.compile(f"[{marks}{invisible}\U00010000-\U0010ffff]"),
        re.compile(f"(^|[{marks}]{{{MARKS_KEPT}}})[{marks}]+"),
    )


def _surely_clean(text: str) -> bool:
    """True: nothing in `text` would be changed. False: it must be looked at letter by letter."""
    if not text.isprintable():
        return False
    if text.isascii():
        return True
    # Most of what is found are emoji: a few look-ups instead of one for every letter of the line.
    found = _suspects()[0].findall(text)
    return not found or all(char > "\uffff" and _TABLE[ord(char)] == ord(char) for char in found)


def safe(text: str, limit: int = DEFAULT_LIMIT) -> SafeText:
    """`text` as it may be drawn, in one line of at most `limit` characters; a cut is counted at its end ("… +12")."""
    dropped = len(text) - limit
    if dropped <= 0:
        if text.isascii() and text.isprintable():
            return SafeText(text)
        return SafeText(text if _surely_clean(text) else _cleaned(text))
    room = max(0, limit - len(f"… +{len(text)}"))
    ending = f"… +{len(text) - room}"
    return SafeText((safe(text[:room], room) + ending)[: max(0, limit)])


def safe_block(text: str, limit: int = 65536) -> SafeText:
    """Like `safe`, for what is read in several lines: keeps line ends, each line bounded by `DEFAULT_LIMIT`."""
    dropped = len(text) - limit
    lines = [safe(line) for line in re.split("\r\n|\n|\r", text[:limit] if dropped > 0 else text)]
    if dropped > 0:
        lines.append(SafeText(f"… +{dropped}"))
    return SafeText("\n".join(lines))


def safe_bytes(data: bytes, limit: int = DEFAULT_LIMIT) -> SafeText:
    """Bytes read as UTF-8 (invalid ones as U+FFFD) and made safe; a cut counts characters of what was read."""
    return safe(data.decode("utf-8", "replace"), limit)


def _cleaned(text: str) -> str:
    text = _SEQUENCES.sub("", text).translate(_TABLE)
    if text.isascii():
        return text
    return _suspects()[1].sub(r"\1", text)
