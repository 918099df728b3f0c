"""Plain data as text to read: in the shape of YAML, empty fields left out."""

from collections.abc import Iterator
from typing import Any


def outline(value: Any) -> str:
    """Lines of a JSON answer."""
    return "\n".join(_lines(value, 0))


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
