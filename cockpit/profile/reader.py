"""What reading a profile has found so far: mistakes, where each value stands, which variables are needed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec.inspect as kinds

from cockpit.profile.checks import CHECKS, replaced
from cockpit.profile.expand import references
from cockpit.profile.issue import Issue, Path, Unset, dotted, shown
from cockpit.profile.plain import known_secret
from cockpit.profile.tree import Node

_SPACES: Final = frozenset("\n\r\t")

Rule = Mapping[str, Any]
"""`extra` of a type's `Meta`, with its description under "allowed"."""


class Invalid:
    """What a value is that could not be read."""


INVALID: Final = Invalid()


class Reader:
    """The memory of one reading."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.needed: list[Unset] = []
        """Every `${NAME}`, whether set or not."""
        self.kept: dict[Path, tuple[int, ...]] = {}
        """Of each list: which of its values could be read, so that a place in the data leads to one in the file."""
        self._values: dict[Path, Node] = {}
        self._keys: dict[Path, Node] = {}
        self._broken: set[Path] = set()

    def at(self, node: Node, path: Path) -> None:
        """The value at `path` is this node."""
        self._values[path] = node

    def given(self, path: Path) -> bool:
        """Whether the file holds a value there."""
        return path in self._values

    def names(self, path: Path) -> frozenset[str]:
        """The keys of the mapping at `path`, also of what could not be read."""
        return frozenset(str(key[-1]) for key in self._keys if key[:-1] == path)

    def broken(self, path: Path) -> bool:
        """Whether something at or under the path was already reported: what follows from it is not."""
        return path in self._broken

    def report(self, path: Path, text: str, *, at_key: bool = False, place: Path | None = None) -> None:
        """Note a mistake of `path`, located at its value, its key, or the nearest thing around it in the file.

        place: locate it there instead.
        """
        spot = path if place is None else place
        while spot and spot not in self._values and spot not in self._keys:
            spot = spot[:-1]
        first, second = (self._keys, self._values) if at_key else (self._values, self._keys)
        node = first.get(spot) or second.get(spot)
        line, column = (node.line, node.column) if node else (1, 1)
        self.issues.append(Issue(line, column, f"{dotted(path)}: {text}"))
        self._broken.update(path[:end] for end in range(len(path) + 1))

    def expected(self, node: Node, path: Path, what: str) -> Invalid:
        """Report that something else was expected."""
        self.report(path, f"{node.word} is not allowed; allowed: {what}")
        return INVALID

    def pairs(self, node: Node, path: Path) -> Iterator[tuple[Node, Node, Path]]:
        """A mapping's keys and values; a key that is none, is a merge or stands twice is reported and left out."""
        for key, value in node.pairs:
            if key.kind != "text" or key.empty:
                inner: Path = (*path, "?")
                self._values[inner] = key
                self.report(inner, f"{key.word} is not allowed as a key; allowed: a name")
                continue
            inner = (*path, key.text)
            first = self._keys.get(inner)
            self._keys[inner] = key
            if key.text == "<<" and key.plain:
                self.report(
                    inner, "merge keys are not read; allowed: an alias for a whole value: key: *name", at_key=True
                )
            elif first is not None:
                self.report(inner, f"stands here twice, first in line {first.line}; allowed: once", at_key=True)
                self._keys[inner] = first
            else:
                yield key, value, inner

    def text(self, node: Node, path: Path, kind: kinds.StrType, rule: Rule, *, at_key: bool = False) -> str | Invalid:
        """A text that keeps to its type's rules, else INVALID after its complaint was reported."""
        complaint = _complaint(node, kind, rule, at_key)
        if complaint:
            self.report(path, complaint, at_key=at_key)
            return INVALID
        if rule.get("replaced"):
            self.needed += [Unset(node.line, node.column, name, dotted(path)) for name in references(node.text)]
        return node.text


def _complaint(node: Node, kind: kinds.StrType, rule: Rule, is_key: bool) -> str:
    allowed = rule.get("allowed") or "a text"
    if node.kind != "text" or (node.empty and not is_key):
        return f"{node.word} is not allowed; allowed: {allowed}"
    text = node.text
    bad = next((c for c in text if not c.isprintable() and not (rule.get("lines") and c in _SPACES)), "")
    if bad:
        lines = "text of several lines" if rule.get("lines") else "text of one line"
        return f"the character U+{ord(bad):04X} is not allowed here; allowed: printable {lines}"
    if known_secret(text):
        return "looks like a secret written out; allowed: ${NAME}, with the value in the environment"
    if len(text) < (kind.min_length or 0) or (kind.pattern and not re.search(kind.pattern, text)):
        return f"{shown(text)} is not allowed; allowed: {allowed}"
    if rule.get("replaced") and (complaint := replaced(text)):
        return complaint
    if "check" in rule and (complaint := CHECKS[rule["check"]](text, rule)):
        return complaint
    if not rule.get("replaced") and not rule.get("prose") and references(text):
        return (
            f"{shown(text)} is not replaced here; ${{NAME}} is allowed in addresses, URLs, headers, bodies, environment"
        )
    return ""
