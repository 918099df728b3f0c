"""Workloads that have been running for a while: their ReplicaSets and ready pods are put in place, not played out.

A controller that looks at them afterwards finds nothing to do, so a platform of 5,000 pods stands at once.
"""

from datetime import datetime, timedelta
from itertools import count

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.defaults import defaulted
from cockpit.demo.kubernetes.cluster.fields import managed
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.names import suffix, template_hash, uid, without_hash
from cockpit.demo.kubernetes.cluster.pods import owner_reference, pod_from
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.kubelet import status

REVISION = "deployment.kubernetes.io/revision"


class Standing:
    """Puts workloads in place that were created `age` ago and have been ready since. Nodes must be there first."""

    def __init__(self, cluster: Cluster, age: timedelta = timedelta(days=3)) -> None:
        self._cluster, self._age = cluster, age
        self._nodes = sorted(node["metadata"]["name"] for node in cluster.store.each("nodes"))
        self._number = count()
        self._fields: dict[tuple[str, str], list[Json]] = {}
        self.created = stamp(cluster.now() - age)

    def deployment(self, obj: Json) -> Json:
        """A Deployment at revision 1 with its ReplicaSet and pods; the Deployment as it is stored."""
        obj = {**obj, "metadata": {**obj["metadata"], "annotations": {REVISION: "1"}}}
        made = self._create("deployments.apps", obj)
        replicas, name = made["spec"]["replicas"], made["metadata"]["name"]
        digest = template_hash(without_hash(made["spec"]["template"]))
        label = {"pod-template-hash": digest}
        template = labelled(made["spec"]["template"], label)
        spec = {
            "replicas": replicas,
            "selector": {"matchLabels": {**made["spec"]["selector"]["matchLabels"], **label}},
            "template": template,
        }
        meta = {
            "name": f"{name}-{digest}",
            "namespace": made["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": replica_set_annotations(made, 1),
            "ownerReferences": [owner_reference("Deployment", "apps/v1", made)],
        }
        owner = self._create("replicasets.apps", {"metadata": meta, "spec": spec})
        for _ in range(replicas):
            self.pod(pod_from(template, owner_reference("ReplicaSet", "apps/v1", owner), meta["namespace"]))
        counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
        counts = {**counts, "observedGeneration": 1} if replicas else {"replicas": 0, "observedGeneration": 1}
        self._cluster.objects.set_status("replicasets.apps", owner, {**counts, "fullyLabeledReplicas": replicas})
        return self._settled(made, counts, f"{name}-{digest}")

    def _settled(self, made: Json, counts: Json, replica_set: str) -> Json:
        times = {"lastUpdateTime": self.created, "lastTransitionTime": self.created}
        able = {"reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability."}
        done = f'ReplicaSet "{replica_set}" has successfully progressed.'
        state = {
            **counts,
            "updatedReplicas": counts["replicas"],
            "conditions": [
                {"type": "Available", "status": "True", **times, **able},
                {"type": "Progressing", "status": "True", **times, "reason": "NewReplicaSetAvailable", "message": done},
            ],
        }
        if not counts["replicas"]:
            del state["replicas"], state["updatedReplicas"]
        return self._cluster.objects.set_status("deployments.apps", made, state)

    def pod(self, obj: Json) -> Json:
        """A pod that has been ready since shortly after its creation."""
        number = next(self._number)
        node = self._nodes[number % len(self._nodes)]
        started = stamp(datetime.fromisoformat(self.created) + timedelta(seconds=3 + number % 5))
        obj = defaulted(BY_SHELF["pods"], {**obj, "spec": {**obj["spec"], "nodeName": node}})
        identity = uid()
        meta = {**obj["metadata"], "uid": identity, "creationTimestamp": self.created}
        if "name" not in meta:
            meta["name"] = meta["generateName"] + suffix()
        state = obj["status"] | {
            "phase": "Running",
            "conditions": status.ready_conditions((), started, ()),
            "hostIP": f"10.0.0.{self._nodes.index(node) % 250 + 1}",
            "podIP": (address := status.address(number)),
            "podIPs": [{"ip": address}],
            "startTime": self.created,
            "containerStatuses": [
                status.container(identity, one, status.running(started), {}, ready=True, restarts=0)
                for one in obj["spec"]["containers"]
            ],
        }
        obj = {**obj, "metadata": meta, "status": state}
        meta["managedFields"] = self._managed(obj)
        return self._cluster.store.put("pods", obj)

    def _managed(self, pod: Json) -> list[Json]:
        """The same for all pods of a template, which therefore share it."""
        key = (pod["metadata"].get("generateName", ""), pod["metadata"]["namespace"])
        if key not in self._fields:
            self._fields[key] = managed(pod, "v1", self.created)
        return self._fields[key]

    def _create(self, storage: str, obj: Json) -> Json:
        return self._cluster.objects.create(BY_SHELF[storage], obj, created=self.created)


def labelled(template: Json, more: Json) -> Json:
    """A pod template with further labels."""
    meta = template.get("metadata", {})
    return {**template, "metadata": {**meta, "labels": {**(meta.get("labels") or {}), **more}}}


def replica_set_annotations(deployment: Json, revision: int) -> dict[str, str]:
    """What a Deployment writes on its ReplicaSet, besides its own annotations."""
    own = deployment["metadata"].get("annotations") or {}
    kept = {name: value for name, value in own.items() if name not in {REVISION, _APPLIED}}
    replicas = deployment["spec"]["replicas"]
    bounds = {"deployment.kubernetes.io/desired-replicas": str(replicas)}
    bounds["deployment.kubernetes.io/max-replicas"] = str(replicas + surge(deployment))
    return kept | bounds | {REVISION: str(revision)}


_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def surge(deployment: Json) -> int:
    """How many pods a Deployment may have above its number."""
    strategy = deployment["spec"]["strategy"]
    if strategy["type"] != "RollingUpdate":
        return 0
    return scaled(strategy["rollingUpdate"]["maxSurge"], deployment["spec"]["replicas"], up=True)


def scaled(value: int | str, total: int, *, up: bool) -> int:
    """An absolute number, or a percentage of `total`, rounded."""
    if isinstance(value, int):
        return value
    percent = int(value.rstrip("%") or 0) * total
    return -(-percent // 100) if up else percent // 100
