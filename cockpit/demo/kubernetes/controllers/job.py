"""Jobs: pods that run to their end, again until enough succeeded or too many failed."""

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import is_going, is_over, is_ready, owner_reference, pod_from
from cockpit.demo.kubernetes.cluster.times import stamp

STORAGE = "jobs.batch"
_WHO = "job-controller"


class Jobs:
    """Reconciles Jobs of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        job = self._cluster.store.get(STORAGE, namespace, name)
        if job is None or is_going(job):
            return None
        if not job["metadata"].get("labels", {}).get("job-name"):
            job = self._labelled(job)
        pods = self._cluster.store.owned("pods", job["metadata"]["uid"])
        done = sum(1 for pod in pods if pod["status"]["phase"] == "Succeeded")
        failed = sum(1 for pod in pods if pod["status"]["phase"] == "Failed")
        active = [pod for pod in pods if not is_over(pod) and not is_going(pod)]
        spec = job["spec"]
        over = bool(job.get("status", {}).get("conditions"))
        wanted = 0 if over or spec.get("suspend") else min(spec["parallelism"], spec["completions"] - done)
        if failed <= spec["backoffLimit"] and not over:
            for _ in range(wanted - len(active)):
                active.append(self._create(job))
        self._tell(job, active, done, failed)
        return None

    def _labelled(self, job: Json) -> Json:
        labels = {"job-name": job["metadata"]["name"], "batch.kubernetes.io/job-name": job["metadata"]["name"]}
        template = job["spec"]["template"]
        meta = {**template.get("metadata", {})}
        meta["labels"] = {**(meta.get("labels") or {}), **labels}
        spec = {**job["spec"], "template": {**template, "metadata": meta}}
        spec.setdefault("selector", {"matchLabels": {"job-name": job["metadata"]["name"]}})
        own = {**(job["metadata"].get("labels") or {}), **labels}
        return self._cluster.store.put(STORAGE, {**job, "metadata": {**job["metadata"], "labels": own}, "spec": spec})

    def _create(self, job: Json) -> Json:
        reference = owner_reference("Job", "batch/v1", job)
        pod = pod_from(job["spec"]["template"], reference, job["metadata"]["namespace"])
        made = self._cluster.objects.create(BY_SHELF["pods"], pod)
        words = f"Created pod: {made['metadata']['name']}"
        self._cluster.events.normal(STORAGE, job, "SuccessfulCreate", words, _WHO)
        return made

    def _tell(self, job: Json, active: list[Json], done: int, failed: int) -> None:
        now, old = stamp(self._cluster.now()), job.get("status", {})
        counts = {"active": len(active), "succeeded": done, "failed": failed}
        status: Json = {key: value for key, value in counts.items() if value}
        status["ready"] = sum(1 for pod in active if is_ready(pod))
        status["startTime"] = old.get("startTime", now)
        if old.get("conditions"):
            status |= {key: old[key] for key in ("conditions", "completionTime") if key in old}
        elif done >= job["spec"]["completions"]:
            status |= {"completionTime": now, "conditions": [_over("Complete", "CompletionsReached", "", now)]}
            self._cluster.events.normal(STORAGE, job, "Completed", "Job completed", _WHO)
        elif failed > job["spec"]["backoffLimit"]:
            words = "Job has reached the specified backoff limit"
            status["conditions"] = [_over("Failed", "BackoffLimitExceeded", words, now)]
            self._cluster.events.warning(STORAGE, job, "BackoffLimitExceeded", words, _WHO)
        self._cluster.objects.set_status(STORAGE, job, status)


def _over(kind: str, reason: str, message: str, now: str) -> Json:
    times = {"lastProbeTime": now, "lastTransitionTime": now}
    return {"type": kind, "status": "True", **times, "reason": reason, "message": message}
