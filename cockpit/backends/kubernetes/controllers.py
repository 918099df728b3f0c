"""What keeps pods, reduced to what is shown: how many are wanted, how far a rollout is, what hinders it. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from sys import intern
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.kubernetes.making import refused_words
from cockpit.backends.kubernetes.owners import Owner
from cockpit.backends.kubernetes.rollouts import configured_by
from cockpit.backends.kubernetes.times import Writers, edited_at, moment, writers
from cockpit.backends.kubernetes.wire import condition
from cockpit.backends.kubernetes.wire_apps import Controller, CronJob, Job
from cockpit.backends.kubernetes.wire_templates import Template
from cockpit.board.model import ReadingState, Remark, SafeText
from cockpit.board.text import safe


class Control(Struct, frozen=True, kw_only=True):
    """A Deployment or its like. desired: None when it does not say; labels: of the pods that it makes.

    edited_at: when somebody last wrote its definition, where that is told; writers: who wrote it or its number of pods
    when, controllers left out; configured_by: ConfigMaps and Secrets that
    its pods are given, by the plural of their kind.
    newest: so many of its pods are of interest (a job's last), None: all. generation: that its controller acts on.
    changed_at: when it was made; its ReplicaSets tell when it was rolled out.
    """

    owner: Owner
    uid: str = ""
    desired: int | None = None
    image: SafeText = SafeText("")
    rollout: SafeText = SafeText("")
    changed_at: datetime | None = None
    suspended: bool = False
    paused: bool | None = None
    labels: tuple[tuple[str, str], ...] = ()
    remarks: tuple[Remark, ...] = ()
    newest: int | None = None
    generation: int | None = None
    edited_at: datetime | None = None
    writers: Writers = ()
    configured_by: tuple[tuple[str, str], ...] = ()


def deployment(one: Controller) -> Control:
    """A Deployment. A rollout runs until its new ReplicaSet is whole; without progress in its time it is stuck."""
    spec, status = one.spec, one.status
    desired = 1 if spec.replicas is None else spec.replicas
    progress = condition(status.conditions, "Progressing")
    failure = condition(status.conditions, "ReplicaFailure")
    words, remarks = _deployment_rollout(one, desired), []
    if progress is not None and progress.reason == "ProgressDeadlineExceeded":
        words = (
            f"rollout stuck, {status.updated_replicas} of {desired} updated: no progress in time ({progress.reason})"
        )
        since = moment(progress.last_transition_time)
        remarks.append(Remark(safe(words, 200), ReadingState.DEGRADED, since))
    if failure is not None and failure.status == "True":
        remarks.append(_remark(refused_words(failure.message) or failure.reason, failure.last_transition_time))
    if spec.paused and not words:
        since = moment(progress.last_transition_time) if progress and progress.reason == "DeploymentPaused" else None
        remarks.append(Remark(SafeText("rollouts are paused: changes wait for resume"), ReadingState.OK, since))
    return Control(
        owner=_owner("deployment", one), uid=one.metadata.uid, desired=desired, image=_image(spec.template),
        rollout=safe(words, 200), changed_at=moment(one.metadata.creation_timestamp),
        labels=_labels(spec.template), remarks=tuple(remarks), generation=status.observed_generation,
        edited_at=edited_at(one.metadata.managed_fields), paused=spec.paused,
        writers=writers(one.metadata.managed_fields), configured_by=configured_by(spec.template),
    )  # fmt: skip


def _deployment_rollout(one: Controller, desired: int) -> str:
    status = one.status
    if one.spec.paused:
        return "" if _is_whole(one, desired) else "rollout paused"
    if status.observed_generation < one.metadata.generation:
        return "rollout begins"
    progress = condition(status.conditions, "Progressing")
    if progress and progress.reason == "NewReplicaSetAvailable" and 0 < status.replicas == status.updated_replicas:
        # All that there is is new: what is missing is scaled up, no rollout.
        return ""
    if progress is None or (progress.reason == "NewReplicaSetAvailable" and status.updated_replicas >= desired):
        return "" if status.updated_replicas >= desired else f"rollout: {status.updated_replicas} of {desired} updated"
    if status.updated_replicas < desired:
        return f"rollout: {status.updated_replicas} of {desired} updated"
    if status.replicas > status.updated_replicas:
        return f"rollout: {status.replicas - status.updated_replicas} old still to go"
    if status.available_replicas < status.updated_replicas:
        return f"rollout: {status.available_replicas} of {desired} available"
    return ""


def _is_whole(one: Controller, desired: int) -> bool:
    status = one.status
    return status.updated_replicas == status.replicas == desired


def statefulset(one: Controller) -> Control:
    """A StatefulSet: its pods are exchanged one after the other, from the last to the first."""
    desired = 1 if one.spec.replicas is None else one.spec.replicas
    status = one.status
    words = ""
    if status.observed_generation < one.metadata.generation:
        words = "rollout begins"
    elif status.update_revision and status.current_revision and status.update_revision != status.current_revision:
        words = f"rollout: {status.updated_replicas} of {desired} updated"
    return _plain("statefulset", one, desired, words)


def daemonset(one: Controller) -> Control:
    """A DaemonSet: a pod for each node that fits."""
    status = one.status
    desired = status.desired_number_scheduled
    words = ""
    if status.observed_generation < one.metadata.generation:
        words = "rollout begins"
    elif status.updated_number_scheduled < desired:
        words = f"rollout: {status.updated_number_scheduled} of {desired} updated"
    return _plain("daemonset", one, desired, words)


def replicaset(one: Controller) -> Control:
    """A ReplicaSet that stands by itself."""
    failure = condition(one.status.conditions, "ReplicaFailure")
    control = _plain("replicaset", one, 1 if one.spec.replicas is None else one.spec.replicas, "")
    if failure is None or failure.status != "True":
        return control
    remark = _remark(refused_words(failure.message) or failure.reason, failure.last_transition_time)
    return replace(control, remarks=(remark,))


def job(one: Job) -> Control:
    """A Job by itself: its newest pods tell how it goes."""
    failed = condition(one.status.conditions, "Failed")
    remarks: tuple[Remark, ...] = ()
    if failed is not None and failed.status == "True":
        words = f"job failed: {failed.reason} ({failed.message})"
        remarks = (Remark(safe(words, 300), ReadingState.DEGRADED, moment(failed.last_transition_time)),)
    return Control(
        owner=_owner("job", one), uid=one.metadata.uid, suspended=bool(one.spec.suspend), remarks=remarks,
        changed_at=moment(one.metadata.creation_timestamp), newest=one.spec.parallelism or 1,
    )  # fmt: skip


def cronjob(one: CronJob) -> Control:
    """A CronJob: the pods of its last run tell how it goes."""
    return Control(
        owner=_owner("cronjob", one), uid=one.metadata.uid, suspended=bool(one.spec.suspend), newest=1,
        changed_at=moment(one.metadata.creation_timestamp),
    )  # fmt: skip


MAKE: Mapping[str, Callable[[Any], Control]] = {
    "deployments": deployment, "statefulsets": statefulset, "daemonsets": daemonset, "replicasets": replicaset,
    "jobs": job, "cronjobs": cronjob,
}  # fmt: skip
"""By the plural of the kind."""


def _plain(kind: str, one: Controller, desired: int, words: str) -> Control:
    return Control(
        owner=_owner(kind, one), uid=one.metadata.uid, desired=desired, image=_image(one.spec.template),
        rollout=safe(words, 200), changed_at=moment(one.metadata.creation_timestamp), labels=_labels(one.spec.template),
        generation=one.status.observed_generation, edited_at=edited_at(one.metadata.managed_fields),
        writers=writers(one.metadata.managed_fields), configured_by=configured_by(one.spec.template),
    )  # fmt: skip


def _owner(kind: str, one: Controller | Job | CronJob) -> Owner:
    return Owner(kind, intern(one.metadata.namespace), intern(one.metadata.name))


def _image(template: Template) -> SafeText:
    containers = template.spec.containers or []
    return SafeText(intern(safe(containers[0].image, 512))) if containers else SafeText("")


def _labels(template: Template) -> tuple[tuple[str, str], ...]:
    return tuple((template.metadata.labels or {}).items())


def _remark(text: str, since: str | None) -> Remark:
    return Remark(safe(text, 300), ReadingState.DEGRADED, moment(since))
