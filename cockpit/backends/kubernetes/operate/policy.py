"""The NetworkPolicy that isolates a workload: what is written, which pods it holds, what other policies let through.

It selects the workload's pods and lets nothing in or out. Policies only ever add to what is allowed, so what another
one allows the same pods stays allowed.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.change import PlanRefused
from cockpit.backends.kubernetes.around import selects
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.history import selector_words
from cockpit.backends.kubernetes.kinds import MANAGED_BY, PODS, US, Kind
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of, spec_of
from cockpit.backends.kubernetes.wire import LabelSelector
from cockpit.board.model import Identity, Workload
from cockpit.board.text import safe

POLICIES = Kind(
    plural="networkpolicies", singular="networkpolicy", group="networking.k8s.io", type=Any, page=Any
)  # fmt: skip
TARGET = "incident-cockpit/target"
"""Annotation: what a policy isolates, as "deployment/web"."""
LONGEST_NAME = 253


class Held(Struct, frozen=True, kw_only=True):
    """What the policy would hold. others: by owner, how many pods of it; allowing: other policies' names."""

    mine: int
    others: tuple[tuple[str, int], ...] = ()
    allowing: tuple[str, ...] = ()
    unknown: str = ""
    """What could not be asked."""


def policy_name(target: Identity) -> str:
    """One for each workload: made again it is found again."""
    name = f"isolate-{target.kind}-{target.name}"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def selector_of(workload: Workload, whole: Json) -> Json:
    """Which pods are the workload's. PlanRefused: no policy can hold them, and them alone."""
    name, pods = workload.id.name, spec_of(whole).get("template") or whole
    if spec_of(pods).get("hostNetwork"):
        raise PlanRefused(f"{name} uses the network of its node, where no policy holds it: scale it to 0, or cordon")
    found: Json = spec_of(whole).get("selector") or {}
    if workload.id.kind == "pod":
        found = {"matchLabels": meta_of(whole).get("labels") or {}}
    if not any(found.values()):
        raise PlanRefused(f"{name} has no labels that a policy could select it by")
    return found


def deny_all(target: Identity, selector: Json) -> Json:
    """The policy: nothing in, nothing out."""
    meta = {
        "name": policy_name(target),
        "namespace": target.space,
        "labels": {MANAGED_BY: US},
        "annotations": {TARGET: what(target)},
    }
    spec = {"podSelector": selector, "policyTypes": ["Ingress", "Egress"]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def what(target: Identity) -> str:
    """ "deployment/web"."""
    return f"{target.kind}/{target.name}"


async def found_policy(hands: Hands, space: str, name: str) -> Json | None:
    """A policy as it is now, None when there is none."""
    try:
        return await hands.named(POLICIES, space, name)
    except ApiAnswer as error:
        if error.status == 404:
            return None
        raise


async def held(hands: Hands, workload: Workload, selector: Json) -> Held:
    """Whom the policy would hold, and who would still let them through."""
    chosen = msgspec.convert(selector, LabelSelector)
    try:
        pods = await hands.listed(PODS, workload.id.space, selector_words(selector))
    except ApiAnswer as error:
        raise SourceError(f"which pods match cannot be seen: {error.message}") from None
    pods = [one for one in pods if selects(chosen, meta_of(one).get("labels") or {})]
    mine = {one.id.instance for one in workload.instances}
    others: dict[str, int] = {}
    for one in pods:
        if meta_of(one).get("uid") not in mine and (owner := _stranger(workload, one)):
            others[owner] = others.get(owner, 0) + 1
    allowing, unknown = await _allowing(hands, workload, pods)
    count = len(pods) - sum(others.values())
    return Held(mine=count, others=tuple(others.items()), allowing=allowing, unknown=unknown)


async def _allowing(hands: Hands, workload: Workload, pods: Sequence[Json]) -> tuple[tuple[str, ...], str]:
    try:
        policies = await hands.listed(POLICIES, workload.id.space)
    except ApiAnswer as error:
        if error.status not in (403, 404):
            raise
        return (), f"whether other policies let something through cannot be seen: {error.message}"
    labels = [meta_of(one).get("labels") or {} for one in pods]
    names = [
        str(meta_of(one).get("name", ""))
        for one in policies
        if (spec_of(one).get("ingress") or spec_of(one).get("egress"))
        and any(selects(msgspec.convert(spec_of(one).get("podSelector") or {}, LabelSelector), each) for each in labels)
    ]
    return tuple(sorted(names)), ""


def _stranger(workload: Workload, pod: Json) -> str:
    """What keeps a pod that is not the workload's; empty for one that came since the board was drawn."""
    owner = next((one for one in meta_of(pod).get("ownerReferences") or () if one.get("controller")), None)
    if owner is None:
        return f"pod {meta_of(pod).get('name', '')}"
    kind, name = str(owner.get("kind", "")).lower(), str(owner.get("name", ""))
    if kind == "replicaset" and workload.id.kind == "deployment":
        name = name.rpartition("-")[0]  # its Deployment's name, then a digest
        kind = "deployment"
    return "" if (kind, name) == (workload.id.kind, workload.id.name) else safe(f"{kind} {name}", 300)
