"""`${NAME}` in a profile's values: found when it is loaded, taken from the environment only when it is used."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from cockpit.profile.words import REFERENCE

# `$${` is a literal `${`; anything else that begins `${` must be a whole reference.
_TOKEN: Final = re.compile(rf"\$\$\{{|{REFERENCE}|\$\{{")


class UnsetVariable(Exception):
    """A variable that a value needs is not set, or is empty. str(error): "QDRANT_API_KEY is not set"."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not set")
        self.name = name


def references(text: str) -> tuple[str, ...]:
    """Names of the variables that `text` needs, each once, in their order."""
    return tuple(dict.fromkeys(match[1] for match in _TOKEN.finditer(text) if match[1]))


def malformed(text: str) -> bool:
    """Whether a `${` begins something that is no reference: `${}`, `${NAME:-value}`, `${NAME`."""
    return any(match[0] == "${" for match in _TOKEN.finditer(text))


def is_set(name: str, environ: Mapping[str, str]) -> bool:
    """An empty variable counts as not set: a secret that is empty is a mistake that would read as a refusal."""
    return bool(environ.get(name))


def expand(text: str, environ: Mapping[str, str], on_secret: Callable[[str], None] | None = None) -> str:
    """`text` with each `${NAME}` replaced by its value and `$${` by `${`; values are not expanded again.

    on_secret is given each value before the text is, so that it can be masked everywhere. Raises UnsetVariable.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "${"
        if not is_set(name, environ):
            raise UnsetVariable(name)
        if on_secret is not None:
            on_secret(environ[name])
        return environ[name]

    return _TOKEN.sub(value, text)
