"""The columns of what runs pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cockpit.demo.kubernetes.api.columns.column import (
    AGE,
    NAME,
    NONE,
    Column,
    age,
    at,
    containers,
    duration,
    pairs,
    selector,
)
from cockpit.demo.kubernetes.cluster.kinds import Json

_TEMPLATE = containers("spec.template.spec.containers")
_SELECTOR = Column("Selector", selector, wide=True)


def _number(path: str) -> Column:
    """A count under its name in the status or spec; absent is 0."""
    names = {
        "spec.replicas": "Desired",
        "status.replicas": "Current",
        "status.readyReplicas": "Ready",
        "status.updatedReplicas": "Up-to-date",
        "status.availableReplicas": "Available",
        "status.desiredNumberScheduled": "Desired",
        "status.currentNumberScheduled": "Current",
        "status.numberReady": "Ready",
        "status.updatedNumberScheduled": "Up-to-date",
        "status.numberAvailable": "Available",
    }
    return Column(names[path], at(path, 0), "integer")


def _ready(obj: Json) -> str:
    return f"{at('status.readyReplicas', 0)(obj)}/{at('spec.replicas', 0)(obj)}"


def _completions(job: Json) -> str:
    return f"{at('status.succeeded', 0)(job)}/{at('spec.completions', 1)(job)}"


def _status(job: Json) -> str:
    held = {one["type"] for one in job.get("status", {}).get("conditions", []) if one["status"] == "True"}
    found = {"Complete", "Failed", "Suspended"} & held
    return found.pop() if found else "Running"


def _took(job: Json, now: float) -> str:
    started, ended = at("status.startTime", None)(job), at("status.completionTime", None)(job)
    if not started:
        return ""
    if not ended:
        return age(started, now)
    return duration(datetime.fromisoformat(ended).timestamp() - datetime.fromisoformat(started).timestamp())


def _last(job: Json, now: float) -> str:
    last = at("status.lastScheduleTime", None)(job)
    return age(last, now) if last else NONE


COLUMNS: Mapping[str, Sequence[Column]] = {
    "deployments.apps": (
        NAME,
        Column("Ready", _ready),
        _number("status.updatedReplicas"),
        _number("status.availableReplicas"),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "replicasets.apps": (
        NAME,
        _number("spec.replicas"),
        _number("status.replicas"),
        _number("status.readyReplicas"),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "statefulsets.apps": (NAME, Column("Ready", _ready), AGE, *_TEMPLATE),
    "daemonsets.apps": (
        NAME,
        _number("status.desiredNumberScheduled"),
        _number("status.currentNumberScheduled"),
        _number("status.numberReady"),
        _number("status.updatedNumberScheduled"),
        _number("status.numberAvailable"),
        Column("Node Selector", lambda obj: pairs(at("spec.template.spec.nodeSelector", {})(obj))),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "jobs.batch": (
        NAME,
        Column("Status", _status),
        Column("Completions", _completions),
        Column("Duration", _took, aged=True),
        AGE,
        *_TEMPLATE,
        _SELECTOR,
    ),
    "cronjobs.batch": (
        NAME,
        Column("Schedule", at("spec.schedule")),
        Column("Timezone", at("spec.timeZone")),
        Column("Suspend", lambda obj: str(at("spec.suspend", False)(obj)), "boolean"),
        Column("Active", lambda obj: len(at("status.active", [])(obj)), "integer"),
        Column("Last Schedule", _last, aged=True),
        AGE,
        *containers("spec.jobTemplate.spec.template.spec.containers"),
    ),
    "controllerrevisions.apps": (NAME, Column("Revision", at("revision", 0), "integer"), AGE),
}
