"""The pods on a node: which a drain moves, which stay, and which it must not take without being told so."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cockpit.backends.change import PlanRefused
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.operate.capture import PodRef
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of, spec_of
from cockpit.backends.kubernetes.operate.remove import grace_of
from cockpit.backends.kubernetes.owners import Owner, Reference, can_own, owner_of

MOST = 1_000
"""Pods on one node: Kubernetes is built for 110, some run 250."""
MIRROR = "kubernetes.io/config.mirror"
_ENDED = frozenset({"Succeeded", "Failed"})


class OnNode(Struct, frozen=True):
    """One pod. owner: its workload; alone: nothing makes another in its place; scratch: has data that goes with it.

    stays: why it is left where it is, empty when it moves. leaving: it is on its way out already.
    """

    ref: PodRef
    owner: Owner
    grace: float
    labels: Mapping[str, str]
    stays: str = ""
    alone: bool = False
    scratch: bool = False
    leaving: bool = False

    @property
    def place(self) -> str:
        """ "shop/web-5d4f8-abcde"."""
        return f"{self.ref.space}/{self.ref.name}"


async def pods_on(hands: Hands, node: str) -> tuple[OnNode, ...]:
    """All of them, in the order of their workloads. PlanRefused: they may not be seen, or are too many."""
    query: dict[str, str | int] = {"fieldSelector": f"spec.nodeName={node}", "limit": MOST}
    try:
        page = await hands.client.get(PODS.path(), Json, query)
    except ApiAnswer as error:
        if error.status == 403:
            raise PlanRefused(f"drain {node}: which pods are on it cannot be seen: {error.message}") from None
        raise
    if (page.get("metadata") or {}).get("continue"):
        raise PlanRefused(f"drain {node}: there are more than {MOST} pods on it")
    found = [_on_node(one) for one in page.get("items") or () if spec_of(one).get("nodeName") == node]
    return tuple(sorted(found, key=lambda one: (one.owner.space, one.owner.name, one.ref.name)))


def _on_node(whole: Json) -> OnNode:
    meta, labels = meta_of(whole), meta_of(whole).get("labels") or {}
    space, name = str(meta.get("namespace", "")), str(meta.get("name", ""))
    above = next((one for one in meta.get("ownerReferences") or () if one.get("controller")), None)
    template = str(labels.get("pod-template-hash", ""))
    kind, keeper = (str(above.get(field, "")) for field in ("kind", "name")) if above else ("", "")
    reference = Reference(kind, keeper, template) if can_own(kind, keeper) else None
    return OnNode(
        ref=PodRef(space, name, str(meta.get("uid", ""))),
        owner=owner_of(reference, space, name, {}),
        grace=grace_of(whole),
        labels=labels,
        stays=_stays(whole, reference),
        alone=reference is None,
        scratch=any("emptyDir" in one for one in spec_of(whole).get("volumes") or ()),
        leaving=bool(meta.get("deletionTimestamp")),
    )


def _stays(whole: Json, above: Reference | None) -> str:
    status: dict[str, Any] = whole.get("status") or {}
    if MIRROR in (meta_of(whole).get("annotations") or {}) or (above is not None and above.kind == "Node"):
        return "the node itself keeps it"
    if above is not None and above.kind == "DaemonSet":
        return f"daemonset {above.name}"
    return "it has ended" if status.get("phase") in _ENDED else ""


def refuse(node: str, moving: Sequence[OnNode], *, force: bool, scratch: bool) -> None:
    """PlanRefused: something would be lost for good, and nobody said that it may."""
    reasons = []
    if not force and (alone := [one.place for one in moving if one.alone]):
        reasons.append(f"nothing keeps {named(alone)}: it would not come back (force=yes evicts it all the same)")
    if not scratch and (data := [one.place for one in moving if one.scratch]):
        reasons.append(f"{named(data)} would lose what is in its emptyDir (delete-emptydir-data=yes accepts that)")
    if reasons:
        raise PlanRefused(f"drain {node}: {'; '.join(reasons)}")


def named(places: Iterable[str], most: int = 3) -> str:
    """ "shop/web-1, shop/web-2 and 3 more"."""
    found = list(places)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
