"""All that the demo host knows of a service or an instance, as text to read; values of secret variables masked."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.board.secrets import MASK, Secrets
from cockpit.demo.fleet import moment

SECRET_NAME = re.compile(r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)$")
_TIMES = frozenset({"at", "since", "until"})


def is_secret(name: str) -> bool:
    """Whether a variable of this name holds what must not be seen."""
    return SECRET_NAME.search(name) is not None


def learn(env: Mapping[str, str], secrets: Secrets) -> None:
    """From now on the values of secret variables are masked wherever they stand."""
    for name, value in env.items():
        if is_secret(name):
            secrets.register(value)


def describe(facts: Any) -> str:
    """JSON as lines in the shape of YAML; empty fields left out, times readable."""
    return "\n".join(_lines(facts, 0))


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list):
                if inner:
                    yield f"{indent}{name}:"
                    yield from _lines(inner, depth + 1)
            elif inner is not None and inner != "":
                yield f"{indent}{name}: {_words(name, inner)}"
    elif isinstance(value, list):
        for one in value:
            first, *rest = [*_lines(one, depth + 1)] or [str(one)]
            yield f"{indent}- {first.strip()}"
            yield from rest


def _words(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and (name in _TIMES or name.endswith(("_at", "_since"))):
        return f"{moment(value):%Y-%m-%d %H:%M:%S}Z"
    return MASK if is_secret(name) else str(value)
