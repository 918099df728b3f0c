"""The scale subresource: how many replicas, asked and found, without the rest of the object."""

from cockpit.demo.kubernetes.api.bodies import content_type, decoded
from cockpit.demo.kubernetes.api.errors import bad_request, modified
from cockpit.demo.kubernetes.api.patch import patched
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.validate import MOST_REPLICAS
from cockpit.demo.kubernetes.api.write import dry_run
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply


def scale(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Reply:
    """GET, PUT or PATCH. ApiError 400, 409."""
    obj = reads.entry(target).obj
    if call.method == "GET":
        return reply(_shown(obj))
    body = decoded(call)
    wanted = patched(content_type(call), _shown(obj), body) if call.method == "PATCH" else body
    if not isinstance(wanted, dict):
        raise bad_request("the object provided is unrecognized (must be of type Scale)")
    replicas = wanted.get("spec", {}).get("replicas", 0)
    said = wanted.get("metadata", {}).get("resourceVersion", "")
    if said and said != obj["metadata"]["resourceVersion"]:
        raise modified(target.kind, target.name)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32")
    if replicas < 0:
        raise bad_request("spec.replicas: must be greater than or equal to 0")
    if replicas > MOST_REPLICAS:
        raise bad_request(f"spec.replicas: the demo runs at most {MOST_REPLICAS}")
    made = {**obj, "spec": {**obj["spec"], "replicas": replicas}}
    return reply(_shown(cluster.objects.change(target.kind, obj, made, dry=dry_run(call))))


def _shown(obj: Json) -> Json:
    meta = {key: obj["metadata"][key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")}
    chosen = obj["spec"]["selector"].get("matchLabels") or {}
    status = {
        "replicas": obj.get("status", {}).get("replicas", 0),
        "selector": ",".join(f"{name}={value}" for name, value in sorted(chosen.items())),
    }
    spec = {"replicas": obj["spec"]["replicas"]} if obj["spec"]["replicas"] else {}
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": meta, "spec": spec, "status": status}
