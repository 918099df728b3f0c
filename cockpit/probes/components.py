"""The parts that a health answer lists, whatever shape its framework gives them.

Read: Spring and Quarkus (`components`, `checks`), ASP.NET (`entries`, `results`), Terminus (`details`), health+json
(`checks` of lists), maps like `dependencies`, `services`, `nodes`, and plain maps of name to status.
"""

from collections.abc import Callable, Iterator
from typing import Any

from cockpit.board.model import Component, ReadingState, SafeText

MOST = 50
Clean = Callable[[str, int], SafeText]

_KEYS = ("components", "checks", "entries", "results", "details", "dependencies", "services", "subsystems", "nodes")
_STATUS = ("status", "state", "health", "healthy", "available", "connected", "ok", "up", "result")
_DETAIL = ("error", "message", "description", "output", "reason", "detail", "info")
_NAME = ("name", "id", "component", "service", "model", "check")
_WORDS = {
    ReadingState.OK: "ok up healthy pass passed passing green alive running ready true serving connected available "
    "online success successful operational normal good active",
    ReadingState.DEGRADED: "degraded warn warning yellow slow partial impaired",
    ReadingState.DOWN: "down fail failed failing unhealthy error critical red dead false disconnected unavailable "
    "offline not_ready not_serving out_of_service stopped unreachable bad crashed timeout",
}
_STATE_OF = {word: state for state, words in _WORDS.items() for word in words.split()}


def found(document: Any, clean: Clean) -> tuple[Component, ...]:
    """The components of a body of unknown shape; none when it does not look like a health answer."""
    if not isinstance(document, dict):
        return ()
    for key in _KEYS:
        parts = listed(document.get(key), clean)
        if any(part.state is not ReadingState.UNKNOWN for part in parts):
            return parts
    return _plain(document, clean)


def listed(value: Any, clean: Clean) -> tuple[Component, ...]:
    """The members of an object or list as components, at most 50."""
    parts: list[Component] = []
    for name, member in _members(value):
        if len(parts) == MOST:
            break
        parts.append(Component(clean(name, 60), state_of(member), clean(_detail(member), 120)))
    return tuple(parts)


def overall(document: Any) -> ReadingState | None:
    """What the answer says of itself as a whole; None when it does not."""
    if isinstance(document, str):
        return _STATE_OF.get(_folded(document))
    said = word(document)
    return None if said is None else state_of(said)


def word(document: Any) -> Any:
    """The value in which an answer or a component says how it is; None without one."""
    if isinstance(document, dict):
        for key in _STATUS:
            value = document.get(key)
            if isinstance(value, str | bool):
                return value
    return document if isinstance(document, str) else None


def state_of(member: Any) -> ReadingState:
    """The state that a status word, a boolean, an object or a list of objects (the worst counts) stands for."""
    if isinstance(member, bool):
        return ReadingState.OK if member else ReadingState.DOWN
    if isinstance(member, str):
        return _STATE_OF.get(_folded(member), ReadingState.UNKNOWN)
    if isinstance(member, dict):
        said = word(member)
        return ReadingState.UNKNOWN if said is None else state_of(said)
    if isinstance(member, list):
        states = {state_of(each) for each in member[:MOST] if isinstance(each, dict)}
        order = (ReadingState.DOWN, ReadingState.DEGRADED, ReadingState.OK)
        return next((state for state in order if state in states), ReadingState.UNKNOWN)
    return ReadingState.UNKNOWN


def _plain(document: dict[str, Any], clean: Clean) -> tuple[Component, ...]:
    """A map of names to statuses: {"database": "ok", "cache": {"status": "down"}}, two at least besides its own."""
    members = {
        name: member
        for name, member in document.items()
        if name not in _STATUS and (isinstance(member, str | dict)) and state_of(member) is not ReadingState.UNKNOWN
    }
    others = [name for name, member in document.items() if name not in members and isinstance(member, dict | list)]
    # One status among other structures is an answer about something else, not a health answer.
    return listed(members, clean) if len(members) > len(others) and (len(members) > 1 or word(document)) else ()


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((str(name), member) for name, member in value.items())
    elif isinstance(value, list):
        for count, member in enumerate(value):
            if isinstance(member, dict):
                name = next((member[key] for key in _NAME if isinstance(member.get(key), str)), f"[{count}]")
                yield name, member


def _detail(member: Any) -> str:
    if isinstance(member, list):
        member = next((each for each in member if isinstance(each, dict) and _detail(each)), None)
    if not isinstance(member, dict):
        return ""
    for key in _DETAIL:
        value = member.get(key)
        if isinstance(value, str) and value and _folded(value) not in _STATE_OF:
            return value
    for key in ("details", "data"):
        nested = member.get(key)
        if isinstance(nested, dict) and (text := _detail(nested)):
            return text
    return ""


def _folded(text: str) -> str:
    return text.strip().lower().replace(" ", "_").replace("-", "_")
