"""YAML text as a tree of nodes that know where they stand, within limits that no input can exceed.

Built from the parser's events and not by its constructor: nothing is instantiated, an alias can be counted before it
is followed, and every key and value keeps its line and column.
"""

from typing import Any, Final, Literal

from msgspec import Struct

from cockpit.profile.issue import Issue, shown

SIZE_LIMIT: Final = 1024 * 1024
DEPTH_LIMIT: Final = 16
"""A profile needs 8. The scanner takes quadratic time in nested flow lists: 20,000 levels took it 56 s."""
NODE_LIMIT: Final = 40_000
"""About 2,000 services; read in 0.7 s. Aliases count as what they stand for."""

NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


class Node(Struct, eq=False):
    """A scalar (text), a list (items) or a map (pairs). line and column count from 1; plain: written without quotes."""

    kind: Literal["text", "list", "map"]
    line: int
    column: int
    text: str = ""
    plain: bool = False
    items: tuple["Node", ...] = ()
    pairs: tuple[tuple["Node", "Node"], ...] = ()
    size: int = 1

    @property
    def empty(self) -> bool:
        """Nothing was written, or null."""
        return self.kind == "text" and self.plain and self.text in NULL

    @property
    def word(self) -> str:
        """What it is, for a message."""
        if self.empty:
            return "nothing"
        if self.kind == "text":
            return shown(self.text) if self.plain else f"the text {shown(self.text)}"
        return "a list" if self.kind == "list" else "a mapping"


class YamlError(Exception):
    """The text is not YAML, or more than is read."""

    def __init__(self, line: int, column: int, text: str) -> None:
        super().__init__(text)
        self.issue = Issue(line, column, text)


def parse(text: str) -> Node:
    """The one document in `text`. Raises YamlError at the first thing that is not YAML or goes beyond a limit."""
    # Only a profile that comes from a file costs the 10 ms of this import.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError
    from ruamel.yaml.reader import ReaderError

    builder = _Builder()
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise _located(error, text) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        code = error.character if isinstance(error.character, int) else ord(str(error.character)[:1] or "\0")
        raise YamlError(line, column, f"the character U+{code:04X} is not allowed in YAML") from None
    except YamlError:
        raise
    except Exception as error:
        # The parser trips over a few broken escapes and directives with errors of its own code.
        raise YamlError(
            builder.line, builder.column, f"not readable as YAML after here ({shown(str(error))})"
        ) from None
    if builder.root is None:
        raise YamlError(1, 1, "the file is empty; a profile begins with: version: 1")
    return builder.root


def _located(error: Any, text: str) -> YamlError:
    """A parser's error as one line at the place where it was noticed."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    problem = " ".join(str(error.problem or error.context or "not YAML").split())
    lines = text.splitlines()
    here = lines[line - 1] if line <= len(lines) else ""
    if "\t" in here[: len(here) - len(here.lstrip())] or "'\\t'" in problem:
        problem = "a tab; indent with spaces"
    elif error.context and "quoted scalar" in str(error.context):
        problem = f"{problem}; the quote opened in line {error.context_mark.line + 1} is not closed"
    elif problem.startswith("mapping values are not allowed"):
        problem = "a second ': ' in one line, or a wrong indent; put a text that holds ': ' in quotes"
    return YamlError(line, column, f"not YAML: {problem}")


class _Builder:
    """Puts events together. Keeps its own stack, so depth costs no recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.line = self.column = 1
        self._open: list[tuple[Node, list[Node], str | None]] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: Any) -> None:
        """One event of the parser, told apart by its class's name."""
        self.line, self.column = event.start_mark.line + 1, event.start_mark.column + 1
        name = type(event).__name__
        if name == "DocumentStartEvent" and self.root is not None:
            raise self._error("a second document; one file holds one profile")
        if name in ("SequenceStartEvent", "MappingStartEvent", "ScalarEvent"):
            self._begin(event, name)
        elif name in ("SequenceEndEvent", "MappingEndEvent"):
            self._end()
        elif name == "AliasEvent":
            node = self._anchors.get(str(event.anchor))
            if node is None:
                raise self._error(f"*{shown(str(event.anchor))} stands for nothing before it")
            self._add(Node(node.kind, self.line, self.column, node.text, node.plain, node.items, node.pairs, node.size))

    def _begin(self, event: Any, name: str) -> None:
        if event.tag not in (None, "!"):
            raise self._error(
                f"the tag {shown(str(event.tag))}; a profile holds plain text, numbers, lists and mappings"
            )
        anchor = None if event.anchor is None else str(event.anchor)
        if name == "ScalarEvent":
            plain = event.style is None or event.style == ""
            node = Node("text", self.line, self.column, str(event.value), plain)
            self._close(node, anchor)
            return
        if len(self._open) >= DEPTH_LIMIT:
            raise self._error(f"nested more than {DEPTH_LIMIT} deep")
        node = Node("list" if name == "SequenceStartEvent" else "map", self.line, self.column)
        self._open.append((node, [], anchor))

    def _end(self) -> None:
        node, children, anchor = self._open.pop()
        node.size = 1 + sum(child.size for child in children)
        if node.kind == "list":
            node.items = tuple(children)
        else:
            node.pairs = tuple(zip(children[::2], children[1::2], strict=True))
        self._close(node, anchor)

    def _close(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        self._add(node, counted=node.kind != "text")

    def _add(self, node: Node, counted: bool = False) -> None:
        # A list's or map's children were counted as they came; an alias brings all of its own at once.
        self._count += 1 if counted else node.size
        if self._count > NODE_LIMIT:
            raise self._error(f"more than {NODE_LIMIT} values, aliases counted as what they stand for")
        if self._open:
            self._open[-1][1].append(node)
        else:
            self.root = node

    def _error(self, text: str) -> YamlError:
        return YamlError(self.line, self.column, text)
