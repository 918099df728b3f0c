"""Pods as controllers make them, and what they read off them: ready, available, failed, on its way out."""

from datetime import datetime

from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.times import moment_of


def owner_reference(kind: str, api_version: str, owner: Json) -> Json:
    meta = owner["metadata"]
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod_from(template: Json, reference: Json, namespace: str, *, name: str = "", labels: Json | None = None) -> Json:
    """A pod of a template. With no name it is generated from the owner's. labels: put on top of the template's."""
    meta = {key: value for key, value in template.get("metadata", {}).items() if key in {"labels", "annotations"}}
    meta["labels"] = {**(meta.get("labels") or {}), **(labels or {})}
    meta |= {"namespace": namespace, "ownerReferences": [reference]}
    meta |= {"name": name} if name else {"generateName": f"{reference['name']}-"}
    return {"metadata": meta, "spec": template["spec"]}


def condition(obj: Json, kind: str) -> Json | None:
    """A condition of an object's status, None where it has none of this kind."""
    return next((one for one in obj.get("status", {}).get("conditions") or () if one["type"] == kind), None)


def is_ready(pod: Json) -> bool:
    found = condition(pod, "Ready")
    return found is not None and found["status"] == "True" and not is_going(pod)


def is_going(pod: Json) -> bool:
    """Whether it has been told to go."""
    return "deletionTimestamp" in pod["metadata"]


def is_over(pod: Json) -> bool:
    """Whether it has ended for good and counts no more."""
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}


def is_available(pod: Json, least: int, now: datetime) -> bool:
    """Whether it has been ready for `least` seconds."""
    return is_ready(pod) and (least == 0 or seconds_ready(pod, now) >= least)


def seconds_ready(pod: Json, now: datetime) -> float:
    found = condition(pod, "Ready")
    assert found is not None
    return (now - moment_of(found["lastTransitionTime"])).total_seconds()
