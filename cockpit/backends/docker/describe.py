"""What the engine answers, as text to read: in the shape of YAML, empty fields left out, values of variables masked."""

from typing import Any

from cockpit.backends.outline import outline
from cockpit.board.secrets import MASK


def describe(answer: Any) -> str:
    """Lines of an inspect answer."""
    return outline(_masked(answer))


def _masked(value: Any, key: str = "") -> Any:
    """Variables may hold anything: their names are kept, their values are not."""
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        if key == "Env":
            return [f"{str(one).partition('=')[0]}={MASK}" for one in value]
        return [_masked(one) for one in value]
    return value
