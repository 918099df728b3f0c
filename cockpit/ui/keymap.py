"""The reader's own keys: a file of `id: key, key` lines over the binding data.

# $XDG_CONFIG_HOME/cockpit/keys
restart: ctrl+r
down: j, down, ctrl+n
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cockpit.ui.keys import CHAINS, KEYS, Key

LARGEST = 64 * 1024


class Keymap(Struct, frozen=True):
    """Which binding ids got which keys, and what of the file cannot be used, one line each."""

    keys: Mapping[str, str] = {}
    complaints: tuple[str, ...] = ()


def read_keymap(path: Path | None) -> Keymap:
    """The keymap of a file; no file gives an empty one."""
    if path is None:
        return Keymap()
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(LARGEST)
    except (OSError, UnicodeDecodeError) as error:
        return Keymap({}, (f"{path}: {error}; the keys are as shipped",))
    return parse_keymap(text, path.name)


def parse_keymap(text: str, name: str) -> Keymap:
    """The keymap of a file's text. A line that would give a key two meanings is left out, and said."""
    found: dict[str, str] = {}
    complaints: list[str] = []
    ids = {key.id for key in KEYS}
    for number, line in enumerate(text.splitlines(), 1):
        body = line.partition("#")[0].strip()
        if not body:
            continue
        id, colon, keys = (part.strip() for part in body.partition(":"))
        wanted = ",".join(part.strip() for part in keys.split(",") if part.strip())
        if not colon or not wanted:
            complaints.append(f"{name}:{number}: a line is `id: key`, for example `restart: ctrl+r`")
        elif id not in ids:
            near = get_close_matches(id, ids, 1)
            complaints.append(
                f"{name}:{number}: no binding is called {id}{f', did you mean {near[0]}' if near else ''}"
            )
        elif clash := _clash(rebound({**found, id: wanted})):
            complaints.append(f"{name}:{number}: {clash}; left as it was")
        else:
            found[id] = wanted
    return Keymap(found, tuple(complaints))


def rebound(changes: Mapping[str, str]) -> tuple[Key, ...]:
    """Every key, with the reader's own in place of the shipped ones."""
    return tuple(
        replace(key, keys=changes[key.id], shown=shown_as(changes[key.id])) if key.id in changes else key
        for key in KEYS
    )


def shown_as(keys: str) -> str:
    """How a key is written for the reader: "ctrl+r" -> "^r"."""
    first = keys.partition(",")[0]
    return "^" + first[5:] if first.startswith("ctrl+") else first


def meanings(keys: Sequence[Key], scopes: Sequence[str]) -> dict[str, list[Key]]:
    """What each key means where these scopes are alive together."""
    found: dict[str, list[Key]] = {}
    for key in keys:
        if key.scope in scopes:
            for one in key.keys.split(","):
                found.setdefault(one.strip(), []).append(key)
    return found


def _clash(keys: Sequence[Key]) -> str:
    for chain in CHAINS.values():
        for key, meant in meanings(keys, chain).items():
            if len(meant) > 1:
                return f"{key} would mean both {meant[0].id} and {meant[1].id}"
    return ""
