"""What is wrong with a profile, and where: one line each."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from msgspec import Struct

Path = tuple[str | int, ...]
"""Where a value is in a profile: ("services", "web", "workloads", 0, "compose")."""

_SHOWN: Final = 60
_USERINFO: Final = re.compile(r"//[^\s/@]*:[^\s/@]*@")


class Issue(Struct, frozen=True, order=True):
    """One mistake. line and column count from 1; line 0: the file as a whole.

    str(issue) is `file:line:column: what, and what is allowed`.
    """

    line: int
    column: int
    text: str
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{where}: {self.text}"


class Unset(Struct, frozen=True, order=True):
    """A `${NAME}` whose variable is not set; `where` is the value that needs it ("services.web.probes.health.url")."""

    line: int
    column: int
    name: str
    where: str
    file: str = ""

    @property
    def issue(self) -> Issue:
        """As a mistake, which it is for `validate`."""
        text = f"{self.where}: {self.name} is not set; allowed: a value in the environment"
        return Issue(self.line, self.column, text, self.file)


def dotted(path: Path) -> str:
    """A path as it is shown: `services.web.workloads[0].compose`; `profile` for the whole."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{_printable(part)}"
    return text.removeprefix(".") or "profile"


def shown(text: str) -> str:
    """A text from the file as part of a message: quoted, one line, printable, at most 60 characters, no password."""
    return f"'{_printable(_USERINFO.sub('//…@', text[: 4 * _SHOWN]))}'"


def _printable(text: str) -> str:
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return cut if cut.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in cut)


def choose(word: str, allowed: Iterable[str]) -> str:
    """`did you mean 'tier'? allowed: ...` for a word that is not among `allowed`."""
    words = sorted(set(allowed))
    if not words:
        return "there is none"
    near = get_close_matches(word[:64].lower(), [each.lower() for each in words], 1, 0.6)
    guess = next((each for each in words if near and each.lower() == near[0]), "")
    listed = ", ".join(words[:30]) + (f" and {len(words) - 30} more" if len(words) > 30 else "")
    return f"did you mean {guess!r}? allowed: {listed}" if guess and guess != word else f"allowed: {listed}"
