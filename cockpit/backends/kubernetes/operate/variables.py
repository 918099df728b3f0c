"""Environment variables of a container, as a person writes what is to be set or taken away. Pure."""

import re
from collections.abc import Iterable, Mapping

from cockpit.backends.change import Facts, PlanRefused
from cockpit.backends.kubernetes.operate.hands import Json
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

HINT = "NAME=value, NAME- to take it away; several with commas between"
MOST, VALUE_MOST = 30, 4096
ABSENT = "not set"
_ONE = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,200}?)(?:=(.*)|(-))", re.DOTALL)
_COMMA = re.compile(r"(?<!\\)(?:\\\\)*,")
Variables = dict[str, str | None]
"""By name, in the order that they were written; None takes one away."""


def read_variables(name: str, words: str, secrets: Secrets) -> Variables:
    """What is to be set. PlanRefused: it is written wrongly, or looks like a secret.

    A piece that is no assignment belongs to the value before it: "HOSTS=a,b" is one. A comma before what looks like
    one is written "\\,".
    """
    found: Variables = {}
    last = ""
    for piece in _pieces(words):
        one = _ONE.fullmatch(piece)
        if one is not None:
            last = one[1]
            if last in found:
                raise PlanRefused(f"set {name}: {safe(last, 60)} is named twice")
            found[last] = None if one[3] else _plain(one[2])
        elif isinstance(value := found.get(last), str):
            found[last] = f"{value},{_plain(piece)}"
        else:
            raise PlanRefused(f"set {name}: env is {HINT}, not {safe(piece, 60)}")
    if len(found) > MOST or any(value is not None and len(value) > VALUE_MOST for value in found.values()):
        raise PlanRefused(f"set {name}: at most {MOST} variables of {VALUE_MOST} characters each")
    for variable, value in found.items():
        # What is set stands in the preview and the journal, and the old value in what takes it back.
        if is_secret(variable, value, secrets):
            raise PlanRefused(
                f"set {name}: {variable} looks like a secret, which belongs into a Secret: nothing was planned"
            )
    return found


def present(name: str, container: Json, wanted: Iterable[str], secrets: Secrets) -> Variables:
    """How these are now. PlanRefused: one comes from elsewhere, or is a secret."""
    known = {str(one.get("name")): one for one in container.get("env") or ()}
    found: Variables = {}
    for variable in wanted:
        one = known.get(variable)
        if one is not None and "valueFrom" in one:
            raise PlanRefused(f"set {name}: {variable} comes from a Secret, ConfigMap or field: change it there")
        value = str(one.get("value", "")) if one is not None else None
        if is_secret(variable, value, secrets) or len(value or "") > VALUE_MOST:
            raise PlanRefused(f"set {name}: what {variable} is now looks like a secret: change it where it is declared")
        found[variable] = value
    return found


def written(variables: Mapping[str, str | None]) -> str:
    """As `read_variables` reads it."""
    return ",".join(f"{name}-" if value is None else f"{name}={_escaped(value)}" for name, value in variables.items())


def shown(variables: Mapping[str, str | None]) -> Facts:
    """One fact for each."""
    return tuple(
        (f"env {name}", safe(ABSENT if value is None else value or '""', 500)) for name, value in variables.items()
    )


def merged(variables: Mapping[str, str | None]) -> list[Json]:
    """Their part of a strategic merge."""
    return [
        {"name": name, "$patch": "delete"} if value is None else {"name": name, "value": value}
        for name, value in variables.items()
    ]


def is_secret(name: str, value: str | None, secrets: Secrets) -> bool:
    """By its name, by how it looks, or because it is one of those that are known."""
    words = f"{name}={value or ''}"
    return Secrets().mask(words) != words or secrets.mask(words) != words


def _pieces(words: str) -> list[str]:
    cuts = [one.end() for one in _COMMA.finditer(words)]
    pieces = [words[start : end - 1] for start, end in zip([0, *cuts], cuts, strict=False)]
    last = words[cuts[-1] :] if cuts else words
    return [*pieces, last] if last or not pieces else pieces


def _plain(words: str) -> str:
    return re.sub(r"\\([\\,])", r"\1", words)


def _escaped(value: str) -> str:
    return re.sub(r"([\\,])", r"\\\1", value)
