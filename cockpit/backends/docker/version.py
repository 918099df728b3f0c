"""Which version of the Engine API is spoken: the newest that both sides know."""

from cockpit.backends.base import SourceError

Version = tuple[int, int]

OLDEST: Version = (1, 40)
"""Docker 19.03. Older ones have no place for what is asked here."""
NEWEST: Version = (1, 52)
"""Docker 29: the newest whose answers are known. A newer engine is spoken to in this one."""
ONE_SHOT: Version = (1, 41)
"""From here on `one-shot=true` gives one sample of a container's numbers at once."""


def negotiate(where: str, offered: str) -> Version:
    """The version to speak with an engine whose newest is `offered` ("1.41"). SourceError: none, or too old."""
    newest = parse(offered)
    if newest is None:
        raise SourceError(f"{where}: what answers there is no Docker Engine (it names no API version)")
    if newest < OLDEST:
        raise SourceError(
            f"{where}: the engine is too old (API {offered}, not {text(OLDEST)}): upgrade it to Docker 19.03 or newer"
        )
    return min(newest, NEWEST)


def too_new(where: str, message: str) -> SourceError | None:
    """The sentence for an engine that no longer speaks what we know; None when `message` says something else."""
    if "client version" not in message or "too old" not in message:
        return None
    return SourceError(
        f"{where}: the engine is too new (it refuses API {text(NEWEST)}, the newest known here): upgrade the cockpit"
    )


def parse(words: str) -> Version | None:
    """ "1.41" as (1, 41)."""
    major, _, minor = words.strip().partition(".")
    if not (major.isdecimal() and minor.isdecimal()):
        return None
    return int(major), int(minor)


def text(version: Version) -> str:
    """(1, 41) as "1.41"."""
    return f"{version[0]}.{version[1]}"
