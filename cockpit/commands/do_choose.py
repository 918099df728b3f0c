"""What the words of `cockpit do` mean: which service, which workload of it, which verb, which arguments."""

from collections.abc import Iterable, Sequence

from cockpit.backends.change import DECLARED, Verb, of_service
from cockpit.board.model import Freshness, Workload
from cockpit.board.select import NODE
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.board.text import safe

NAMED, VERBS_NAMED = 12, 40
"""Names in a list of what there is; of what can be done none is kept back: the last of them restarts everything."""
OPTIONAL = "left out"
"""Stands in what a verb says of an argument that it can do without."""


class Wrong(Exception):
    """The command line cannot be meant so; str(error) says what is allowed."""


class CannotTell(Exception):
    """What runs is not known; str(error) says why."""


def choose_service(snapshot: Snapshot, word: str) -> ServiceStatus:
    """A service by its key ("project/name"), or by its name where only one has it; a node as "node/NAME".

    Wrong, CannotTell.
    """
    services = snapshot.services
    found = [one for one in (*services, *snapshot.nodes) if one.key == word]
    found = found or [one for one in services if one.name == word]
    if len(found) == 1:
        return found[0]
    if found:
        raise Wrong(f"several services are called {safe(word, 60)}: say {_list(one.key for one in found)}")
    for source in snapshot.sources:
        if source.freshness is not Freshness.LIVE:
            raise CannotTell(f"{safe(word, 60)} is not seen, and {source.label} is {source.freshness}: {source.why}")
    known = [one.key for one in (snapshot.nodes if word.startswith(f"{NODE}/") else services)]
    raise Wrong(f"there is no service {safe(word, 60)}{_near(word, known)}")


def choose_workload(snapshot: Snapshot, service: ServiceStatus, source: str = "") -> Workload:
    """What runs the service (the one that a named source sees, when several do), else the service itself.

    Raises Wrong, CannotTell.
    """
    found = [one for one in service.workloads if source in ("", one.source)]
    if len(found) == 1:
        status = next((one for one in snapshot.sources if one.name == found[0].source), None)
        if status is None or status.freshness is not Freshness.LIVE:
            why = f"{status.label} is {status.freshness}: {status.why}" if status else "its source is silent"
            raise CannotTell(f"{service.key}: {why}")
        return found[0]
    if found:
        places = _list(f"{one.source} ({' '.join(str(value) for _, value in one.where)})" for one in found)
        raise Wrong(f"{service.key} runs in several places: pick one with --on: {places}")
    if service.workloads:
        raise Wrong(
            f"{service.key} does not run on {safe(source, 60)}, but on {_list(w.source for w in service.workloads)}"
        )
    return Workload(id=of_service(service.key), source=DECLARED)


def choose_verb(service: ServiceStatus, verbs: Sequence[Verb], word: str) -> Verb:
    """A verb by its name: "rollback", "roll-back" and "roll back" are one. Wrong."""
    found = next((verb for verb in verbs if _plain(verb.name) == _plain(word)), None)
    if found is None and not service.workloads and not verbs:
        raise CannotTell(f"{service.key}: nothing that runs it is known ({service.why or 'no workload is declared'})")
    if found is None:
        offered = _list((verb.name.replace(" ", "-") for verb in verbs), VERBS_NAMED) or "nothing"
        raise Wrong(f"{safe(word, 60)} cannot be done to {service.key} now; what can: {offered}")
    return found


def read_arguments(verb: Verb, words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """ "5.1.9", "release=5.1.9", "instance=web-1": by name, else in the verb's order. Wrong."""
    names = [name for name, _ in (*verb.arguments, *verb.options)]
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in names:
            name, value = next((one for one in names if one not in given), ""), word
        if not name or name in given:
            raise Wrong(f"{verb.name}: {safe(word, 60)} is too much; {_usage(verb)}")
        given[name] = value
    missing = [name for name, allowed in verb.arguments if name not in given and OPTIONAL not in allowed]
    if missing:
        raise Wrong(f"{verb.name} needs {', '.join(missing)}; {_usage(verb)}")
    return tuple(given.items())


def _usage(verb: Verb) -> str:
    words = [f"{name}: {allowed}" for name, allowed in (*verb.arguments, *verb.options)]
    return f"it takes {'; '.join(words)}" if words else "it takes nothing"


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _near(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    if near := get_close_matches(word, known, 1):
        return f"; is {near[0]} meant?"
    return f"; there are {_list(known)}" if known else ": nothing is seen at all"


def _list(names: Iterable[str], most: int = NAMED) -> str:
    found = [safe(name, 120) for name in names]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
