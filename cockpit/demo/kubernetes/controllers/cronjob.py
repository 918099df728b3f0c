"""CronJobs: a Job at each due minute of the cluster's clock, as far as those before allow it; old Jobs go."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import condition, is_going, owner_reference
from cockpit.demo.kubernetes.cluster.schedule import Schedule, schedule_of
from cockpit.demo.kubernetes.cluster.times import moment_of, stamp

STORAGE, JOBS = "cronjobs.batch", "jobs.batch"
MISSED_MOST = 100
"""Due minutes that are looked at one by one; of more, only the last is known to be due."""
_WHO = "cronjob-controller"


class CronJobs:
    """Reconciles CronJobs of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def reconcile(self, namespace: str, name: str) -> float | None:
        cron = self._cluster.store.get(STORAGE, namespace, name)
        if cron is None or is_going(cron):
            return None
        jobs = self._cluster.store.owned(JOBS, cron["metadata"]["uid"])
        cron = self._tell(cron, jobs)
        self._forget(cron, jobs)
        if cron["spec"].get("suspend"):
            return None
        try:
            schedule, zone = schedule_of(str(cron["spec"]["schedule"])), ZoneInfo(cron["spec"].get("timeZone") or "UTC")
        except (ValueError, KeyError, OSError) as error:
            words = f"unparseable schedule {cron['spec']['schedule']!r:.60}: {error}"
            self._cluster.events.warning(STORAGE, cron, "UnparseableSchedule", words, _WHO)
            return None
        now = self._cluster.now().astimezone(zone)
        due = _due(schedule, _last(cron).astimezone(zone), now)
        if due is not None:
            self._fire(cron, jobs, due, now)
        following = schedule.after(now)
        return None if following is None else (following - now).total_seconds()

    def _fire(self, cron: Json, jobs: list[Json], due: datetime, now: datetime) -> None:
        """Make the Job of a due minute, unless it is too late for it or another is in its way."""
        deadline = cron["spec"].get("startingDeadlineSeconds")
        if deadline is not None and now - due > timedelta(seconds=float(deadline)):
            words = f"Missed scheduled time to start a job: {stamp(due)}"
            self._cluster.events.warning(STORAGE, cron, "MissSchedule", words, _WHO)
            return
        active = [job for job in jobs if not _outcome(job)]
        policy = cron["spec"]["concurrencyPolicy"]
        if active and policy == "Forbid":
            words = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self._cluster.events.normal(STORAGE, cron, "JobAlreadyActive", words, _WHO)
            return
        for job in active if policy == "Replace" else ():
            self._cluster.objects.delete(BY_SHELF[JOBS], job)
        made = self._create(cron, due)
        kept = [] if policy == "Replace" else active
        status = {**cron.get("status", {}), "lastScheduleTime": stamp(due), "active": [*map(_reference, (*kept, made))]}
        self._cluster.objects.set_status(STORAGE, cron, status)

    def _create(self, cron: Json, due: datetime) -> Json:
        template, meta = cron["spec"]["jobTemplate"], cron["metadata"]
        name = f"{meta['name']}-{int(due.timestamp()) // 60}"
        known = self._cluster.store.get(JOBS, meta["namespace"], name)
        if known is not None:
            return known
        given = template.get("metadata") or {}
        noted = {"batch.kubernetes.io/cronjob-scheduled-timestamp": stamp(due)}
        made = self._cluster.objects.create(
            BY_SHELF[JOBS],
            {
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "labels": dict(given.get("labels") or {}),
                    "annotations": {**(given.get("annotations") or {}), **noted},
                    "ownerReferences": [owner_reference("CronJob", "batch/v1", cron)],
                },
                "spec": template["spec"],
            },
        )
        self._cluster.events.normal(STORAGE, cron, "SuccessfulCreate", f"Created job {name}", _WHO)
        return made

    def _tell(self, cron: Json, jobs: list[Json]) -> Json:
        """Its status: which Jobs run, and when one last succeeded."""
        old = cron.get("status", {})
        active = [job for job in jobs if not _outcome(job)]
        running = {job["metadata"]["uid"] for job in active}
        for one in old.get("active") or ():
            if one["uid"] not in running:
                job = next((job for job in jobs if job["metadata"]["uid"] == one["uid"]), None)
                how = f", condition: {_outcome(job)}" if job else ""
                words = f"Saw completed job: {one['name']}{how}"
                self._cluster.events.normal(STORAGE, cron, "SawCompletedJob", words, _WHO)
        status = {key: value for key, value in old.items() if key != "active"}
        status |= {"active": [_reference(job) for job in active]} if active else {}
        ended = [job["status"]["completionTime"] for job in jobs if _outcome(job) == "Complete"]
        status |= {"lastSuccessfulTime": max(ended)} if ended else {}
        return self._cluster.objects.set_status(STORAGE, cron, status)

    def _forget(self, cron: Json, jobs: list[Json]) -> None:
        """Take away the oldest of those that are over."""
        limits = {"Complete": ("successfulJobsHistoryLimit", 3), "Failed": ("failedJobsHistoryLimit", 1)}
        for outcome, (field, usual) in limits.items():
            over = [job for job in jobs if _outcome(job) == outcome]
            over.sort(key=lambda job: str(job["status"].get("startTime", "")), reverse=True)
            for job in over[max(0, int(cron["spec"].get(field, usual))) :]:
                self._cluster.objects.delete(BY_SHELF[JOBS], job)


def _last(cron: Json) -> datetime:
    told = cron.get("status", {}).get("lastScheduleTime")
    return moment_of(told or cron["metadata"]["creationTimestamp"])


def _due(schedule: Schedule, last: datetime, now: datetime) -> datetime | None:
    """The last minute that is due and was not acted on."""
    found, at = None, schedule.after(last)
    for _ in range(MISSED_MOST):
        if at is None or at > now:
            return found
        found, at = at, schedule.after(at)
    # So many were missed that only the present counts.
    recent = schedule.after(now - timedelta(hours=1))
    return recent if recent is not None and recent <= now else found


def _outcome(job: Json | None) -> str:
    """How a Job ended; empty while it runs."""
    for kind in ("Complete", "Failed"):
        found = condition(job, kind) if job else None
        if found is not None and found["status"] == "True":
            return kind
    return ""


def _reference(job: Json) -> Json:
    meta = job["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "namespace": meta["namespace"]} | {
        "uid": meta["uid"],
        "resourceVersion": meta["resourceVersion"],
    }
