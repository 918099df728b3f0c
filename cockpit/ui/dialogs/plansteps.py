"""A plan's steps in words: what each does, from what to what; what is kept before, what is written."""

from collections.abc import Iterable

from cockpit.backends.change import Operation, kept_first
from cockpit.board.model import SafeText
from cockpit.ui.cells import Line, Span, cut, wrap_words
from cockpit.ui.dialogs.planfield import LABEL, facts_words, field
from cockpit.ui.look import Look


def step_lines(look: Look, operations: tuple[Operation, ...], width: int, *, lists: bool = True) -> list[Line]:
    """Each step; of several also from what to what. What stays the same is said with the first that has it.

    What is only kept first has one line, a diff what it changes, a new object nothing: all stand whole further down.
    lists: what a step is about one by one (the pods of a drain) stands under it too.
    """
    lines: list[Line] = []
    said: set[tuple[str, str]] = set()
    kept = kept_first(operations)
    for number, operation in enumerate(operations, 1):
        text = f"{number} {look.text(operation.title)}"
        label = "does" if number == 1 else ""
        if operation in kept:
            lines += field(label, cut(text, max(20, width - LABEL - 2), look.end), width)
            continue
        turns = _turns(look, operation) if len(operations) > 1 else ""
        lines += field(label, f"{text}: {turns}" if turns else text, width)
        stays = _stays(operation) - said if len(operations) > 1 else set()
        said |= stays
        if stays:
            text = look.text(", ".join(f"{name} {value}" for name, value in operation.before if (name, value) in stays))
            pieces = wrap_words(text, max(20, width - LABEL - 4))
            lines += [Line((Span(" " * (LABEL + 3)), Span(piece, "dim"))) for piece in pieces]
        if lists or not _is_list(operation):
            lines += [_changed(look, text, width) for text in _first_page(operation)]
    return lines


def list_lines(look: Look, operations: tuple[Operation, ...], width: int) -> list[Line]:
    """What steps are about one by one, where that has no room under them."""
    lines: list[Line] = []
    for operation in filter(_is_list, operations):
        lines += field("" if lines else "lists", look.text(operation.title), width)
        lines += [_changed(look, text, width) for text in operation.diff]
    return lines


def diff_lines(look: Look, operations: tuple[Operation, ...], width: int) -> list[Line]:
    """Where a step's lines change among others: the diff whole."""
    wholes = [one.diff for one in operations if len(_first_page(one)) < len(one.diff) and not _is_new(one)]
    changed = [_changed(look, text, width) for diff in wholes for text in diff]
    return [*field("differs", "with what stands around it", width), *changed] if changed else []


def _first_page(operation: Operation) -> tuple[SafeText, ...]:
    """What of a diff stands under its step: what changes. The lines around it would push the risk off the screen."""
    if _is_new(operation):
        return ()
    if not any(text.startswith("@@") for text in operation.diff):
        return operation.diff
    return tuple(text for text in operation.diff if text[:1] in DIFF_STYLES)


def kept_lines(look: Look, operations: tuple[Operation, ...], width: int) -> list[Line]:
    """What is kept before the change, and of which instances, where a step's one line has no room for them."""
    kept = kept_first(operations)
    room = max(20, width - LABEL - 5)  # the step's number comes first
    texts = [facts_words(look, one.after) for one in kept]
    texts += [look.text(one.title) for one in kept if len(one.title) > room]
    return _labelled("first", dict.fromkeys(texts), width)


def new_lines(look: Look, operations: tuple[Operation, ...], width: int) -> list[Line]:
    """The objects that are made, as they are written: their steps say what they do."""
    made = [_changed(look, text, width) for one in operations if _is_new(one) for text in one.diff]
    return [*field("writes", "a new object", width), *made] if made else []


def _labelled(label: str, texts: Iterable[str], width: int) -> list[Line]:
    return [line for index, text in enumerate(texts) for line in field("" if index else label, text, width)]


def _is_list(operation: Operation) -> bool:
    """Whether its diff tells what it is about, and not which lines of something change."""
    return bool(operation.diff) and not _is_new(operation) and not any(one.startswith("@@") for one in operation.diff)


def _is_new(operation: Operation) -> bool:
    """Whether its diff is a whole new object of a cluster; lines that come back to a file stay with their step."""
    return bool(operation.diff) and operation.diff[0].startswith("+apiVersion:")


DIFF_STYLES = {"-": "down", "+": "ok"}


def _changed(look: Look, text: str, width: int) -> Line:
    """One line of a diff; its sign says what its colour says."""
    room = max(20, width - LABEL - 4)
    return Line((Span(" " * (LABEL + 3)), Span(cut(look.text(text), room, look.end), DIFF_STYLES.get(text[:1], "dim"))))


def _turns(look: Look, operation: Operation) -> str:
    """What of an operation becomes something else: "state exited 137 -> running"; not what its diff says already."""
    before = dict(operation.before)
    added = [text for text in _first_page(operation) if text.startswith("+")]
    turns = (
        f"{name} {before[name]} {look.glyphs.arrow} {value}" if name in before else f"{name} {value}"
        for name, value in operation.after
        if not any(text.endswith(f" {name}: {value}") for text in added)
    )
    return look.text(", ".join(turns))


def _stays(operation: Operation) -> set[tuple[str, str]]:
    turned = {name for name, _ in operation.after}
    return {(name, str(value)) for name, value in operation.before if name not in turned}
