"""Evictions: a pod is deleted only as far as its disruption budget allows."""

from cockpit.demo.kubernetes.api.bodies import decoded
from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.selectors import matches
from cockpit.demo.kubernetes.api.write import dry_run
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, is_ready
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

_BUDGETS = "poddisruptionbudgets.policy"


def evict(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Reply:
    """POST of an Eviction. ApiError 429 when a budget does not allow it, 500 when two budgets claim the pod."""
    body = decoded(call)
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type Eviction)")
    pod, dry = reads.entry(target).obj, dry_run(call)
    budgets = [
        budget
        for budget in cluster.store.each(_BUDGETS, target.namespace)
        if matches(budget["spec"].get("selector"), pod["metadata"].get("labels") or {})
    ]
    if len(budgets) > 1:
        words = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise ApiError(500, words)
    if budgets and is_ready(pod) and not is_over(pod) and not is_going(pod):
        _take(cluster, budgets[0], pod, dry)
    options = body.get("deleteOptions") or {}
    dry = dry or options.get("dryRun") == ["All"]
    cluster.objects.delete(target.kind, pod, grace=options.get("gracePeriodSeconds"), dry=dry)
    return reply({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def _take(cluster: Cluster, budget: Json, pod: Json, dry: bool) -> None:
    """Take one disruption from the budget."""
    status = budget.get("status") or {}
    name, allowed = budget["metadata"]["name"], status.get("disruptionsAllowed", 0)
    if allowed <= 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        message = f"The disruption budget {name} needs {needs} healthy pods and has {has} currently"
        causes = [{"reason": "DisruptionBudget", "message": message}]
        words = "Cannot evict pod as it would violate the pod's disruption budget."
        raise ApiError(429, words, details={"causes": causes})
    if not dry:
        gone = {**status.get("disruptedPods", {}), pod["metadata"]["name"]: stamp(cluster.now())}
        taken = {**status, "disruptionsAllowed": allowed - 1, "disruptedPods": gone}
        cluster.objects.set_status(_BUDGETS, budget, taken)
