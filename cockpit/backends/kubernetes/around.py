"""What stands around workloads: autoscalers, disruption budgets, events; reduced to what they say. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from cockpit.backends.kubernetes.owners import Owner
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import Condition, LabelSelector, condition
from cockpit.backends.kubernetes.wire_apps import Event, Hpa, Isolation, Pdb
from cockpit.board.model import Autoscaler, Change, ChangeKind, ReadingState, Remark, SafeText
from cockpit.board.text import safe

MESSAGE_MOST = 1_024
"""Characters of an event's message, all that the API takes: why an image cannot be pulled stands at its end."""


class HpaFact(Struct, frozen=True):
    """What an autoscaler scales, and what is to be said of it."""

    target: Owner
    remark: Remark | None
    scaler: Autoscaler
    scaled: Change | None = None
    desired: int = 0


class PdbFact(Struct, frozen=True):
    """Whose pods are guarded, and what is to be said of it; None while some may go."""

    space: str
    selector: LabelSelector | None
    remark: Remark | None


class IsolationFact(Struct, frozen=True):
    """Whom a network policy of the cockpit's isolates; None: it does not say."""

    target: Owner | None
    remark: Remark


class EventFact(Struct, frozen=True):
    """The last event of one reason about one object."""

    uid: str
    reason: str
    text: SafeText
    at: datetime | None
    count: int


def hpa(one: Hpa) -> HpaFact:
    """An autoscaler; it is worth a word when it wants more than it may, or cannot tell what it wants."""
    spec, status = one.spec, one.status
    target = Owner(spec.scale_target_ref.kind.lower(), one.metadata.namespace, spec.scale_target_ref.name)
    limited = condition(status.conditions, "ScalingLimited")
    active = condition(status.conditions, "ScalingActive")
    remark = None
    if limited is not None and limited.status == "True" and limited.reason == "TooManyReplicas":
        text = f"HPA {one.metadata.name} is at its maximum of {spec.max_replicas} and wants more"
        remark = Remark(safe(text, 200), ReadingState.OK, moment(limited.last_transition_time))
    elif active is not None and active.status == "False" and active.reason != "ScalingDisabled":
        text = f"HPA {one.metadata.name} does not scale: {active.message or active.reason}"
        remark = Remark(safe(text, 200), ReadingState.OK, moment(active.last_transition_time))
    elif spec.max_replicas and status.desired_replicas >= spec.max_replicas > (spec.min_replicas or 1):
        text = f"HPA {one.metadata.name} is at its maximum of {spec.max_replicas}"
        remark = Remark(safe(text, 200), ReadingState.OK)
    at, desired = moment(one.status.last_scale_time), status.desired_replicas
    scaled = _scaled(at, one.metadata.name, f"to {desired}") if at is not None else None
    return HpaFact(target, remark, _scaler(one), scaled, desired)


def scaled_between(old: HpaFact | None, new: HpaFact | None) -> Change | None:
    """What an autoscaler did just now, also from what; None when it did nothing."""
    if old is None or new is None or new.scaled is None or old.desired == new.desired:
        return None
    if old.scaled is not None and old.scaled.at == new.scaled.at:
        return None
    return _scaled(new.scaled.at, new.scaler.name, f"{old.desired} -> {new.desired}")


def _scaled(at: datetime, name: str, numbers: str) -> Change:
    words = f"HPA {name} scaled {numbers}"
    return Change(at, ChangeKind.SCALE, safe(words, 200), words)


def _scaler(one: Hpa) -> Autoscaler:
    able, active = (condition(one.status.conditions, name) for name in ("AbleToScale", "ScalingActive"))
    wrong = next((state for state in (able, active) if state is not None and state.status == "False"), None)
    resources = (metric.resource for metric in one.spec.metrics or ())
    percent = (of.target.average_utilization for of in resources if of is not None and of.name == "cpu")
    return Autoscaler(
        name=safe(one.metadata.name, 253), least=one.spec.min_replicas or 1, most=one.spec.max_replicas,
        percent=next(percent, None), able=_holds(able), measures=_holds(active),
        why=safe(wrong.message or wrong.reason, 300) if wrong is not None else SafeText(""),
    )  # fmt: skip


def _holds(state: Condition | None) -> bool | None:
    return {"True": True, "False": False}.get(state.status) if state is not None else None


def pdb(one: Pdb) -> PdbFact:
    """A disruption budget that lets nobody go."""
    status = one.status
    remark = None
    if status.expected_pods and not status.disruptions_allowed:
        text = (
            f"PDB {one.metadata.name} lets no pod go: {status.current_healthy} of {status.expected_pods} healthy, "
            f"{status.desired_healthy} must stay"
        )
        remark = Remark(safe(text, 200), ReadingState.OK)
    return PdbFact(one.metadata.namespace, one.spec.selector, remark)


def isolation(one: Isolation) -> IsolationFact:
    """A policy that isolates. Whether the cluster's network plugin enforces it nobody here knows."""
    meta = one.metadata
    kind, _, name = (meta.annotations.target if meta.annotations else "").partition("/")
    words = safe(f"isolated by NetworkPolicy {meta.name}", 300)
    target = Owner(kind, meta.namespace, name) if kind and name else None
    return IsolationFact(target, Remark(words, ReadingState.OK, moment(meta.creation_timestamp), standing=True))


def event(one: Event) -> EventFact:
    """A warning."""
    series = one.series
    last = (series.last_observed_time if series else None) or one.last_timestamp or one.event_time
    at = moment(last or one.first_timestamp or one.metadata.creation_timestamp)
    count = max(one.count or 1, series.count if series else 1)
    return EventFact(one.involved_object.uid, one.reason, safe(one.message.strip(), MESSAGE_MOST), at, count)


def selects(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Whether pods with these labels are meant."""
    if selector is None:
        return False
    wanted = (selector.match_labels or {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        _requires(one.operator, labels.get(one.key), one.values or ()) for one in selector.match_expressions or ()
    )


def _requires(operator: str, value: str | None, values: Sequence[str]) -> bool:
    table = {
        "In": value is not None and value in values,
        "NotIn": value is None or value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return table.get(operator, False)
