"""Words for a node, in the list of nodes and on its own page."""

from cockpit.board.model import NodeFacts, State
from cockpit.board.snapshot import ServiceStatus
from cockpit.ui.format import UNKNOWN, percent

WORDS = {State.OK: "ready", State.DOWN: "not ready", State.PAUSED: "cordoned"}
"""What the states of a service are called of a node; the others have their own names."""
NOT_FOR_NODES = frozenset({"log", "runbook", "revisions", "explain", "sort"})
"""Keys of a service that mean nothing for a node."""


def no_log(name: str) -> str:
    """Why a node has no log here, and where those of its pods are."""
    return f"a node's own log is not read from here; its pods' are: :po all /{name}, then l"


def facts_of(node: ServiceStatus) -> NodeFacts:
    """What its platform says of it."""
    return next((one.node for one in node.workloads if one.node is not None), NodeFacts())


def word(state: State) -> str:
    """ "not ready"."""
    return WORDS.get(state, state.value)


def used(value: float | None, room: float | None) -> str:
    """How much of what it has for pods is in use."""
    return percent(100.0 * value / room) if value is not None and room else UNKNOWN


def full(facts: NodeFacts) -> str:
    """Pods on it, and how many it takes at most."""
    return f"{len(facts.pods)}/{UNKNOWN if facts.pods_most is None else facts.pods_most}"
