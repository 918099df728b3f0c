"""Which disruption budgets the pods on a node are under, and how many of them may go now."""

from collections.abc import Sequence

import msgspec

from cockpit.backends.kubernetes.around import selects
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PDBS
from cockpit.backends.kubernetes.operate.hands import LISTED, Hands, Json, meta_of, spec_of
from cockpit.backends.kubernetes.operate.nodes.pods import OnNode, named
from cockpit.backends.kubernetes.wire import LabelSelector


async def blocked(hands: Hands, moving: Sequence[OnNode]) -> list[str]:
    """A sentence for each budget that does not let all of its pods go at once; what of them cannot be seen."""
    try:
        page = await hands.client.get(PDBS.path(), Json, {"limit": LISTED})
    except ApiAnswer as error:
        if error.status not in (403, 404):
            raise
        return [f"which disruption budgets hold pods back cannot be seen: {error.message}"]
    under: dict[str, int] = {}
    found = []
    for one in page.get("items") or ():
        pods = [pod.place for pod in moving if _guards(one, pod)]
        under |= {place: under.get(place, 0) + 1 for place in pods}
        found += _words(one, len(pods))
    if several := [place for place, count in under.items() if count > 1]:
        found.append(f"{named(several)} is under more than one budget: the API evicts no such pod")
    return found


def _guards(budget: Json, pod: OnNode) -> bool:
    if meta_of(budget).get("namespace") != pod.ref.space:
        return False
    return selects(msgspec.convert(spec_of(budget).get("selector"), LabelSelector | None), pod.labels)


def _words(budget: Json, pods: int) -> list[str]:
    status = budget.get("status") or {}
    allowed, healthy, needed = (
        int(status.get(name) or 0) for name in ("disruptionsAllowed", "currentHealthy", "desiredHealthy")
    )
    if pods <= allowed:
        return []
    name = f"PDB {meta_of(budget).get('namespace')}/{meta_of(budget).get('name')}"
    how = f"{healthy} healthy, {needed} must stay"
    here = f"{allowed or 'none'} of its {pods} here go now ({how})"
    if int(status.get("expectedPods") or 0) <= needed:
        return [f"{name} lets {here}: until it is scaled up or the budget changed, the drain waits in vain"]
    return [f"{name} lets {here}: the others wait until more are ready elsewhere"]
