"""ControllerRevisions: the history of StatefulSets and DaemonSets, one object for each template they ever had."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.names import template_hash
from cockpit.demo.kubernetes.cluster.pods import owner_reference

STORAGE = "controllerrevisions.apps"
LABEL = "controller-revision-hash"


def sync(cluster: Cluster, owner: Json, kind: str) -> Json:
    """The revision of the template that `owner` has now: found, brought to the front, or made."""
    template = owner["spec"]["template"]
    data = {"spec": {"template": {**template, "$patch": "replace"}}}
    known = cluster.store.owned(STORAGE, owner["metadata"]["uid"])
    highest = max((one["revision"] for one in known), default=0)
    for one in known:
        if one["data"] == data:
            if one["revision"] == highest:
                return one
            return cluster.store.put(STORAGE, {**one, "revision": highest + 1})
    digest = template_hash(template)
    labels = {**(template["metadata"].get("labels") or {}), LABEL: digest}
    annotations = {
        name: value
        for name, value in (owner["metadata"].get("annotations") or {}).items()
        if name == "kubernetes.io/change-cause"
    }
    meta = {
        "name": f"{owner['metadata']['name']}-{digest}",
        "namespace": owner["metadata"]["namespace"],
        "labels": labels,
        "annotations": annotations,
        "ownerReferences": [owner_reference(kind, "apps/v1", owner)],
    }
    made = cluster.objects.create(BY_SHELF[STORAGE], {"metadata": meta, "data": data, "revision": highest + 1})
    _forget(cluster, owner, known)
    return made


def _forget(cluster: Cluster, owner: Json, known: list[Json]) -> None:
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    for one in sorted(known, key=lambda one: one["revision"])[: max(0, len(known) - limit)]:
        cluster.objects.delete(BY_SHELF[STORAGE], one)


def name_of(revision: Json) -> str:
    """What a pod of this revision carries in its label, as the status of a StatefulSet names it."""
    return str(revision["metadata"]["name"])
