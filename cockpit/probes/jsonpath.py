"""Dotted paths into JSON: `status`, `checks.db.state`, `nodes[0].name`, `data["a.b"]`; they may begin with `$`."""

import re
from typing import Any

Step = str | int

_STEP = re.compile(r"\.?(?P<key>[^.\[\]\"]+)|\[(?P<index>-?\d{1,9})\]|\[\"(?P<quoted>[^\"]*)\"\]")


class PathError(Exception):
    """The path is not one, or leads nowhere; str(error) is one line."""


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path: keys (str) and positions (int). An empty path (or `$`) is the whole document."""
    text = path.removeprefix("$").removeprefix(".")
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise PathError(f"{path!r} is not a path at character {at + 1}: keys joined by dots, positions as [0]")
        if match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append(match["key"] if match["key"] is not None else match["quoted"])
        at = match.end()
    return tuple(steps)


def get(document: Any, path: str) -> Any:
    """What stands at `path`. PathError names the first step that leads nowhere."""
    value = document
    for count, step in enumerate(steps := parse(path)):
        try:
            if isinstance(step, int) or isinstance(value, dict):
                value = value[step]
                continue
            value = value[int(step)]  # "nodes.0.name" is read as "nodes[0].name"
        except (KeyError, IndexError, TypeError, ValueError):
            raise PathError(f"{show(steps[: count + 1])} is missing") from None
    return value


def show(steps: tuple[Step, ...]) -> str:
    """Steps written as a path again."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.search(r"[.\[\]\"]", step) or not step:
            text += f'["{step}"]'
        else:
            text += f".{step}" if text else step
    return text
