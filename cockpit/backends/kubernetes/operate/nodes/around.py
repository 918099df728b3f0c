"""What stands around a drain: whether one may evict, and whether another node takes what goes."""

from collections.abc import Sequence

from cockpit.backends.change import Facts, PlanRefused
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import NODES
from cockpit.backends.kubernetes.operate.hands import Hands
from cockpit.backends.kubernetes.operate.nodes.evict import eviction
from cockpit.backends.kubernetes.operate.nodes.pods import OnNode
from cockpit.backends.kubernetes.wire import Page, condition
from cockpit.backends.kubernetes.wire_nodes import Node
from cockpit.board.text import safe

SPACES = 12
"""Namespaces for which it is asked whether one may evict there."""
_NOT_NOW = (404, 409, 429, 500)
"""Answers to a dry run that say nothing against the eviction itself: a budget, a pod that went meanwhile."""


async def elsewhere(hands: Hands, name: str) -> list[str]:
    """A warning where no other node, or only one, takes the pods."""
    try:
        page = await hands.client.get(NODES.path(), Page[Node])
    except ApiAnswer as error:
        if error.status not in (403, 404):
            raise
        return [f"whether another node takes them cannot be seen: {error.message}"]
    nodes = (one for one in page.items or () if one.metadata.name != name and not one.spec.unschedulable)
    found = [one.metadata.name for one in nodes if _ready(one)]
    if not found:
        return ["no other node takes pods: those that go stay pending"]
    return [f"only {found[0]} takes them"] if len(found) == 1 else []


def _ready(one: Node) -> bool:
    found = condition(one.status.conditions, "Ready")
    return found is not None and found.status == "True"


async def may_evict(hands: Hands, node: str, moving: Sequence[OnNode]) -> tuple[Facts, list[str]]:
    """(facts, risks) of asking whether one may evict in each namespace, and of a dry run of one eviction there."""
    first = {one.ref.space: one for one in reversed(moving)}
    spaces = sorted(first)
    risks = [f"whether you may evict in {len(spaces) - SPACES} more namespaces was not asked"] * (len(spaces) > SPACES)
    for space in spaces[:SPACES]:
        request = eviction(first[space].ref)
        allowed = await hands.permitted(request)
        if allowed is False:
            raise PlanRefused(f"drain {node}: you are not permitted to {request.permission}")
        if allowed is None:
            risks.append(f"whether you may evict in {space} cannot be asked here")
        try:
            await hands.client.send(request.method, request.path, request.body, {"dryRun": "All"})
        except ApiAnswer as error:
            if error.status in (400, 403, 422):
                raise PlanRefused(f"drain {node}: the API would refuse it: {error.message}") from None
            if error.status not in _NOT_NOW:
                raise
    more = f" and {len(spaces) - 3} more" if len(spaces) > 3 else ""
    words = f"permitted (create pods/eviction in {', '.join(spaces[:3])}{more}), dry run done"
    return (("checked", safe(words, 300)),), risks
