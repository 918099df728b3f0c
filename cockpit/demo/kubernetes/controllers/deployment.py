"""Deployments: one ReplicaSet grows and the others shrink, within the bounds of surge and unavailability.

Revisions, pausing and history are kept here; what has become of a rollout is told by progress.py.
"""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.names import template_hash, without_hash
from cockpit.demo.kubernetes.cluster.objects import changed
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, owner_reference
from cockpit.demo.kubernetes.cluster.standing import REVISION, labelled, replica_set_annotations, scaled, surge
from cockpit.demo.kubernetes.controllers.progress import Progress

STORAGE, SETS = "deployments.apps", "replicasets.apps"
_WHO = "deployment-controller"


class Deployments:
    """Reconciles Deployments of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._progress = Progress(cluster)

    def reconcile(self, namespace: str, name: str) -> float | None:
        owner = self._cluster.store.get(STORAGE, namespace, name)
        if owner is None or is_going(owner):
            return None
        sets = self._sets(owner)
        new = next((one for one in sets if same_template(one, owner)), None)
        if not owner["spec"].get("paused"):
            new = self._newest(owner, new, sets)
            owner = self._numbered(owner, new)
            old = [one for one in self._sets(owner) if one["metadata"]["uid"] != new["metadata"]["uid"]]
            self._roll(owner, new, old)
            self._forget(owner, old)
        else:
            self._scale_paused(owner, sets, new)
        return self._progress.tell(namespace, name, new["metadata"]["name"] if new else "")

    def _sets(self, owner: Json) -> list[Json]:
        return self._cluster.store.owned(SETS, owner["metadata"]["uid"])

    def _newest(self, owner: Json, new: Json | None, sets: list[Json]) -> Json:
        """The ReplicaSet of the template as it is now, with the highest revision."""
        highest = max((revision_of(one) for one in sets if one is not new), default=0)
        if new is None:
            return self._create(owner, highest + 1)
        revision = revision_of(new) if revision_of(new) > highest else highest + 1
        wanted = replica_set_annotations(owner, revision)
        kept = {key: value for key, value in (new["metadata"].get("annotations") or {}).items() if key not in wanted}
        made = changed(new, annotations=kept | wanted)
        return self._cluster.objects.change(BY_SHELF[SETS], new, made)

    def _create(self, owner: Json, revision: int) -> Json:
        template = without_hash(owner["spec"]["template"])
        salt = owner.get("status", {}).get("collisionCount", 0)
        digest = template_hash(template, salt)
        label = {"pod-template-hash": digest}
        template = labelled(template, label)
        chosen = owner["spec"]["selector"]
        selector = {**chosen, "matchLabels": {**(chosen.get("matchLabels") or {}), **label}}
        meta = {
            "name": f"{owner['metadata']['name']}-{digest}",
            "namespace": owner["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": replica_set_annotations(owner, revision),
            "ownerReferences": [owner_reference("Deployment", "apps/v1", owner)],
        }
        spec: Json = {"replicas": 0, "selector": selector, "template": template}
        if "minReadySeconds" in owner["spec"]:
            spec["minReadySeconds"] = owner["spec"]["minReadySeconds"]
        return self._cluster.objects.create(BY_SHELF[SETS], {"metadata": meta, "spec": spec})

    def _numbered(self, owner: Json, new: Json) -> Json:
        """The Deployment with the revision of its newest ReplicaSet written on it."""
        revision = new["metadata"]["annotations"][REVISION]
        own = owner["metadata"].get("annotations") or {}
        if own.get(REVISION) == revision:
            return owner
        return self._cluster.store.put(STORAGE, changed(owner, annotations={**own, REVISION: revision}))

    def _roll(self, owner: Json, new: Json, old: list[Json]) -> None:
        wanted = owner["spec"]["replicas"]
        if owner["spec"]["strategy"]["type"] == "Recreate":
            for one in old:
                self._scale(owner, one, 0)
            if not any(self._pods(one) for one in old):
                self._scale(owner, new, wanted)
            return
        self._grow(owner, new, old, wanted)
        self._shrink(owner, new["metadata"]["name"], old, wanted)

    def _grow(self, owner: Json, new: Json, old: list[Json], wanted: int) -> None:
        has = new["spec"]["replicas"]
        if has > wanted:
            self._scale(owner, new, wanted)
        elif has < wanted:
            total = has + sum(one["spec"]["replicas"] for one in old)
            room = wanted + surge(owner) - total
            self._scale(owner, new, has + max(0, min(room, wanted - has)))

    def _shrink(self, owner: Json, newest: str, old: list[Json], wanted: int) -> None:
        """Old ReplicaSets go down as far as enough pods stay available; their pods that never were go first."""
        new = self._cluster.store.get(SETS, owner["metadata"]["namespace"], newest)
        assert new is not None
        least = wanted - unavailable(owner)
        total = new["spec"]["replicas"] + sum(one["spec"]["replicas"] for one in old)
        missing_in_new = new["spec"]["replicas"] - new.get("status", {}).get("availableReplicas", 0)
        room = total - least - missing_in_new
        for one in sorted(old, key=revision_of):
            broken = one["spec"]["replicas"] - one.get("status", {}).get("availableReplicas", 0)
            take = min(room, broken, one["spec"]["replicas"])
            if take > 0 and one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]:
                self._scale(owner, one, one["spec"]["replicas"] - take)
                room -= take
        old = [one for one in self._sets(owner) if one["metadata"]["name"] != newest]
        available = sum(one.get("status", {}).get("availableReplicas", 0) for one in (*old, new))
        spare = available - least
        for one in sorted(old, key=revision_of):
            take = min(spare, one["spec"]["replicas"])
            if take > 0 and not self._is_behind(one):
                self._scale(owner, one, one["spec"]["replicas"] - take)
                spare -= take

    def _is_behind(self, one: Json) -> bool:
        """Whether it still has more pods than it is asked for: what it told of available ones is too much."""
        status = one.get("status", {})
        return bool(status.get("replicas", 0) > one["spec"]["replicas"])

    def _scale_paused(self, owner: Json, sets: list[Json], new: Json | None) -> None:
        """A paused Deployment is scaled in its largest ReplicaSet only."""
        if not sets:
            return
        running = (
            new if new is not None and new["spec"]["replicas"] else max(sets, key=lambda one: one["spec"]["replicas"])
        )
        others = sum(one["spec"]["replicas"] for one in sets if one is not running)
        self._scale(owner, running, max(0, owner["spec"]["replicas"] - others))

    def _scale(self, owner: Json, one: Json, replicas: int) -> None:
        has = one["spec"]["replicas"]
        if has == replicas:
            return
        made = {**one, "spec": {**one["spec"], "replicas": replicas}}
        self._cluster.objects.change(BY_SHELF[SETS], one, made)
        way = "up" if replicas > has else "down"
        words = f"Scaled {way} replica set {one['metadata']['name']} from {has} to {replicas}"
        self._cluster.events.normal(STORAGE, owner, "ScalingReplicaSet", words, _WHO)

    def _pods(self, one: Json) -> bool:
        return any(not is_over(pod) for pod in self._cluster.store.owned("pods", one["metadata"]["uid"]))

    def _forget(self, owner: Json, old: list[Json]) -> None:
        """Old ReplicaSets beyond the history that is kept."""
        empty = [one for one in old if not one["spec"]["replicas"] and not one.get("status", {}).get("replicas")]
        for one in sorted(empty, key=revision_of)[: max(0, len(empty) - owner["spec"]["revisionHistoryLimit"])]:
            self._cluster.objects.delete(BY_SHELF[SETS], one)


def same_template(replica_set: Json, owner: Json) -> bool:
    """Whether a ReplicaSet is of the template that its Deployment has now."""
    return bool(without_hash(replica_set["spec"]["template"]) == without_hash(owner["spec"]["template"]))


def revision_of(obj: Json) -> int:
    text = (obj["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def unavailable(owner: Json) -> int:
    """How many pods a Deployment may lack."""
    strategy, replicas = owner["spec"]["strategy"], owner["spec"]["replicas"]
    if strategy["type"] != "RollingUpdate":
        return int(replicas)
    bound = scaled(strategy["rollingUpdate"]["maxUnavailable"], replicas, up=False)
    # Both bounds zero would never move: the real controller then allows one.
    return min(int(replicas), bound if bound or surge(owner) else 1)
