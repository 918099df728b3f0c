"""What the engine answers, as text to read: in the shape of YAML, empty fields left out, values of variables masked."""

from collections.abc import Iterator
from typing import Any

from cockpit.board.secrets import MASK


def describe(answer: Any) -> str:
    """Lines of an inspect answer."""
    return "\n".join(_lines(_masked(answer), 0))


def _masked(value: Any, key: str = "") -> Any:
    """Variables may hold anything: their names are kept, their values are not."""
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        if key == "Env":
            return [f"{str(one).partition('=')[0]}={MASK}" for one in value]
        return [_masked(one) for one in value]
    return value


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, dict | list) and not value)


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        for name, inner in value.items():
            if _is_empty(inner):
                continue
            if isinstance(inner, dict | list):
                yield f"{indent}{name}:"
                yield from _lines(inner, depth + 1)
            else:
                yield from _scalar(f"{indent}{name}: ", inner, depth + 1)
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, dict | list):
                first, *rest = [*_lines(one, depth + 1)] or [f"{indent}  {{}}"]
                yield f"{indent}- {first.strip()}"
                yield from rest
            else:
                yield from _scalar(f"{indent}- ", one, depth + 1)


def _scalar(head: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, bool):
        yield f"{head}{str(value).lower()}"
        return
    text = str(value)
    if "\n" not in text.rstrip("\n"):
        yield f"{head}{text.rstrip()}"
        return
    yield f"{head}|"
    indent = "  " * depth
    for line in text.rstrip("\n").split("\n"):
        yield f"{indent}{line}"
