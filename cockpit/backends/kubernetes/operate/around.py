"""What will react to a change: whoever owns the definition, a disruption budget, a quota."""

from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.backends.kubernetes.around import selects
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PDBS, Kind
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of, spec_of
from cockpit.backends.kubernetes.wire import LabelSelector
from cockpit.board.model import Workload

QUOTAS = Kind(plural="resourcequotas", singular="resourcequota", type=Any, page=Any)
_RELEASE, _MANAGED = "meta.helm.sh/release-name", "app.kubernetes.io/managed-by"
_ARGO = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance")
_FLUX = ("kustomize.toolkit.fluxcd.io/name", "helm.toolkit.fluxcd.io/name")


def owner_risks(whole: Json) -> list[str]:
    """Who will put back what is changed by hand."""
    meta = meta_of(whole)
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    both = {**labels, **notes}
    risks = []
    if argo := next((both[key] for key in _ARGO if both.get(key)), ""):
        name = str(argo).partition(":")[0]
        risks.append(f"Argo CD ({name}) will revert this at its next sync: change it in its repository too")
    if flux := next((both[key] for key in _FLUX if both.get(key)), ""):
        risks.append(f"Flux ({flux}) will revert this within minutes: change it in its repository too, or suspend it")
    if not risks and (labels.get(_MANAGED) == "Helm" or notes.get(_RELEASE)):
        release = notes.get(_RELEASE) or meta.get("name", "")
        risks.append(f"Helm (release {release}) will revert this at its next upgrade: change its values too")
    return risks


async def budget_risks(hands: Hands, workload: Workload, whole: Json) -> list[str]:
    """Disruption budgets of the workload's pods. Deletions and rollouts do not ask them; evictions do."""
    labels = (meta_of(spec_of(whole).get("template") or {}).get("labels")) or {}
    found, risks = await _seen(hands, PDBS, workload, "a disruption budget")
    for one in found:
        selector = msgspec.convert(spec_of(one).get("selector"), LabelSelector | None)
        if selects(selector, labels):
            status = one.get("status") or {}
            risks.append(
                f"PDB {meta_of(one).get('name')}: {status.get('currentHealthy', 0)} healthy, "
                f"{status.get('desiredHealthy', 0)} must stay, {status.get('disruptionsAllowed', 0)} may go; "
                "it guards against evictions only, not against this"
            )
    return risks


async def quota_risks(hands: Hands, workload: Workload) -> list[str]:
    """What is left of the namespace's quotas."""
    found, risks = await _seen(hands, QUOTAS, workload, "a quota")
    for one in found:
        status = one.get("status") or {}
        used = status.get("used") or {}
        lines = [f"{name} {used.get(name, '?')} of {hard}" for name, hard in (status.get("hard") or {}).items()]
        if lines:
            risks.append(f"quota {meta_of(one).get('name')}: {', '.join(lines[:6])}")
    return risks


async def _seen(hands: Hands, kind: Kind, workload: Workload, what: str) -> tuple[Sequence[Json], list[str]]:
    try:
        return await hands.listed(kind, workload.id.space), []
    except ApiAnswer as error:
        if error.status not in (403, 404):
            raise
        return [], [f"whether there is {what} cannot be seen: {error.message}"]
