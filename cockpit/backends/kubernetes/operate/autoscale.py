"""Autoscaling: an HPA made, given other bounds, or taken away. It has worked when it is seen to keep its bounds."""

import shlex
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import HPAS
from cockpit.backends.kubernetes.operate import scalers
from cockpit.backends.kubernetes.operate.around import budget_risks, owner_risks, quota_risks
from cockpit.backends.kubernetes.operate.change import ATTEMPTS, look
from cockpit.backends.kubernetes.operate.draft import LONGEST, ONE_POD, kubectl, make_plan, ready_words
from cockpit.backends.kubernetes.operate.hands import MERGE, Hands, Json, Request, meta_of, spec_of
from cockpit.backends.kubernetes.operate.scalers import NONE, Bounds
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

MOST, DEFAULT_PERCENT = 1000, 80
KINDS: Mapping[str, str] = {"deployment": "Deployment", "statefulset": "StatefulSet", "replicaset": "ReplicaSet"}
"""What can be scaled, as a reference to it names its kind."""
OPTIONS = (
    ("min", f"fewest pods, 1 to {MOST}; left out: as now, or 1"),
    ("max", f"most pods, 1 to {MOST}, or none to take the autoscaler away; left out: as now"),
    ("cpu", f"% of the requested CPU to aim at; left out: as now, or {DEFAULT_PERCENT}"),
)
CHANGED = "it was changed meanwhile: plan again"


class Case(Struct, frozen=True):
    """What is planned: the workload, its definition, its autoscaler and what that keeps, and what it is to keep."""

    workload: Workload
    whole: Json
    scaler: Json | None
    now: Bounds | None
    wish: Bounds | None

    @property
    def count(self) -> int:
        """How many pods there are to be at present."""
        found = spec_of(self.whole).get("replicas")
        return found if isinstance(found, int) else 1

    @property
    def name(self) -> str:
        """Of the autoscaler."""
        return str(meta_of(self.scaler)["name"]) if self.scaler else self.workload.id.name


class Autoscale:
    """The HPA of a Deployment, StatefulSet or ReplicaSet."""

    verb = Verb(name="autoscale", title="Autoscale (HPA)", options=OPTIONS)

    def offered(self, workload: Workload) -> bool:
        """Whether its definition is known."""
        return workload.generation is not None

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: no bounds, nothing to go by, or it is so already."""
        verb = self.verb.name
        given = {name: arguments.get(name, "").strip() for name, _ in OPTIONS}
        whole = await look(hands, workload, verb)
        scaler, unknown = await scalers.scaler_of(hands, workload.id)
        if unknown:  # what is not known is not changed
            raise PlanRefused(f"{verb} {workload.id.name}: {unknown[0]}")
        now = scalers.bounds_of(scaler) if scaler else None
        case = Case(workload, whole, scaler, now, _wish(workload.id.name, given, now))
        _refuse(case, given)
        missing = await scalers.metrics_missing(hands, workload.id.space)
        operation = _operation(hands, case, missing)
        facts, risks = await hands.rehearse(_request(case.scaler, operation), verb)
        risks += [*_risks(case, missing), *owner_risks(case.scaler or whole)]
        if case.wish is not None and case.wish.most < case.count:
            risks += await budget_risks(hands, workload, whole)
        elif case.wish is not None and case.wish.least > case.count:
            risks += await quota_risks(hands, workload)
        return make_plan(hands, verb, workload, (operation,), facts=facts, risks=risks)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the autoscaler still keeps what it kept."""
        try:
            await hands.whole(operation.target)
            scaler = await scalers.scaler_object(hands, operation.target)
        except ApiAnswer as error:
            return f"{operation.target.name} is gone" if error.status == 404 else str(error)
        same = scalers.mark_of_scaler(scaler) == operation.precondition
        return "" if same else f"the autoscaler of {operation.target.name} was changed meanwhile"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Send the change; a version that went stale in between is read again: its status moves every 15 s."""
        for left in reversed(range(ATTEMPTS)):
            scaler = await scalers.scaler_object(hands, operation.target)
            if scalers.mark_of_scaler(scaler) != operation.precondition:
                return Outcome(accepted=False, detail=SafeText(CHANGED))
            try:
                await hands.send(_request(scaler, operation))
            except ApiAnswer as error:
                if error.status != 409 or not left:
                    raise
            else:
                return Outcome(accepted=True)
        raise AssertionError("the last attempt returns or raises")


def _wish(name: str, given: Mapping[str, str], now: Bounds | None) -> Bounds | None:
    """What it is to keep; None: it is to go. PlanRefused says what is wrong with what was given."""
    if given["max"].lower() == NONE:
        if given["min"] or given["cpu"]:
            raise PlanRefused(f"autoscale {name}: max={NONE} takes the autoscaler away: say nothing beside it")
        return None
    if not any(given.values()):
        raise PlanRefused(f"autoscale {name}: say min, max or cpu")
    least = _number(name, "min", given["min"]) or (now.least if now else 1)
    most = _number(name, "max", given["max"]) or (now.most if now else None)
    if most is None:
        raise PlanRefused(f"autoscale {name}: there is no autoscaler yet: say max, the most pods it may make")
    if least > most:
        raise PlanRefused(f"autoscale {name}: min {least} is more than max {most}")
    percent = now.percent if now else DEFAULT_PERCENT
    if given["cpu"]:
        percent = None if given["cpu"].lower() == NONE and now else _number(name, "cpu", given["cpu"])
    return Bounds(least, most, percent)


def _number(name: str, which: str, words: str) -> int | None:
    if not words:
        return None
    digits = words.removesuffix("%").strip() if which == "cpu" else words
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 6 and 1 <= int(digits) <= MOST):
        raise PlanRefused(f"autoscale {name}: {which} is a number from 1 to {MOST}, not {safe(words, 40)}")
    return int(digits)


def _refuse(case: Case, given: Mapping[str, str]) -> None:
    name = case.workload.id.name
    if case.wish is None:
        if case.scaler is None:
            raise PlanRefused(f"autoscale {name}: there is no autoscaler to take away")
        return
    if case.now == case.wish:
        raise PlanRefused(f"{name}: its autoscaler keeps {case.wish.words} already")
    if not case.count:
        raise PlanRefused(f"autoscale {name}: it is scaled to 0, where an autoscaler does nothing: scale it up first")
    lacking = scalers.without_request(case.whole) if case.scaler is None or given["cpu"] else []
    if lacking and case.wish.percent is not None:
        raise PlanRefused(
            f"autoscale {name}: it cannot be scaled by CPU, for {safe(', '.join(lacking), 200)} requests none: "
            "set cpu-request first"
        )


def _operation(hands: Hands, case: Case, missing: str) -> Operation:
    workload, now, wish = case.workload, case.now, case.wish
    name = f"{workload.id.kind} {workload.id.name}"
    what = f"autoscale {name}: {wish.words}" if wish else f"take the autoscaler {case.name} of {name} away"
    arguments = wish.arguments if wish else (("max", NONE),)
    if missing or (workload.autoscaler is not None and workload.autoscaler.measures is False):
        arguments = (*arguments, ("measured", "no"))
    away = abs(max(0, wish.least - case.count) + max(0, case.count - wish.most)) if wish else 0
    return Operation(
        verb=Autoscale.verb.name,
        title=safe(what, 300),
        target=workload.id,
        before=(*_shown(now), ("replicas", SafeText(str(case.count))), ("pods", ready_words(workload))),
        after=_shown(wish),
        arguments=(*arguments, ("hpa", case.name)),
        precondition=scalers.mark_of_scaler(case.scaler),
        done_when="autoscaled",
        inverse=_inverse(case),
        deadline=min(LONGEST, ONE_POD * max(1, away)),
        command=_command(hands, case),
    )


def _shown(bounds: Bounds | None) -> Facts:
    return (("autoscaler", safe(bounds.words if bounds else NONE)),)


def _inverse(case: Case) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    if case.now is None:
        return Autoscale.verb.name, (("max", NONE),)
    if case.wish is None and scalers.beyond(case.scaler or {}):
        return None
    values = case.now.arguments
    same = case.wish is not None and case.wish.percent == case.now.percent
    return Autoscale.verb.name, values[:2] if same else values


def _request(scaler: Json | None, operation: Operation) -> Request:
    """A new autoscaler, a merge of the bounds, or a deletion; refused when it is another version than the one read."""
    given, target = dict(operation.arguments), operation.target
    name, space = given["hpa"], target.space
    path = f"{HPAS.path(space)}/{name}"
    if scaler is None:
        body = _new(operation)
        return Request(
            method="POST", path=HPAS.path(space), body=body, verb="create", kind=HPAS, space=space, name=name
        )
    meta = meta_of(scaler)
    same = {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}
    if given["max"] == NONE:
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": same}
        return Request(method="DELETE", path=path, body=body, verb="delete", kind=HPAS, space=space, name=name)
    wish = _bounds_in(given)
    spec: Json = {"minReplicas": wish.least, "maxReplicas": wish.most}
    if wish.percent != scalers.bounds_of(scaler).percent:
        spec["metrics"] = scalers.with_cpu(scalers.metrics_of(scaler), wish.percent)
    return Request(
        method="PATCH", path=path, body={"metadata": same, "spec": spec}, verb="patch", kind=HPAS, space=space,
        name=name, content_type=MERGE,
    )  # fmt: skip


def _new(operation: Operation) -> Json:
    wish, target = _bounds_in(dict(operation.arguments)), operation.target
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": KINDS[target.kind], "name": target.name},
        "minReplicas": wish.least, "maxReplicas": wish.most, "metrics": scalers.with_cpu([], wish.percent),
    }  # fmt: skip
    meta = {"name": dict(operation.arguments)["hpa"], "namespace": target.space}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec}


def _bounds_in(given: Mapping[str, str]) -> Bounds:
    return Bounds(int(given["min"]), int(given["max"]), None if given["cpu"] == NONE else int(given["cpu"]))


def _command(hands: Hands, case: Case) -> SafeText:
    workload, wish, name = case.workload, case.wish, shlex.quote(case.name)
    if wish is None:
        return kubectl(hands, workload, f"delete hpa {name}")
    if case.scaler is None:
        target = f"{workload.id.kind}/{workload.id.name}"
        words = f"autoscale {target} --min={wish.least} --max={wish.most} --cpu-percent={wish.percent}"
        return kubectl(hands, workload, words)
    spec: Json = {"minReplicas": wish.least, "maxReplicas": wish.most}
    if case.now is not None and wish.percent != case.now.percent:
        spec["metrics"] = scalers.with_cpu(scalers.metrics_of(case.scaler), wish.percent)
    body = msgspec.json.encode({"spec": spec}).decode()
    return kubectl(hands, workload, f"patch hpa {name} --type=merge -p {shlex.quote(body)}")


def _risks(case: Case, missing: str) -> list[str]:
    wish, count, risks = case.wish, case.count, []
    if wish is None:
        lost = scalers.beyond(case.scaler or {})
        risks.append(f"{count} pods stay: nobody changes their number any more but you")
        risks += [f"what else it goes by ({', '.join(lost)}) is lost: keep its YAML first"] if lost else []
    elif count < wish.least:
        risks.append(f"it raises {count} pods to {wish.least} at once; taken back, their number stays with the HPA")
    elif count > wish.most:
        risks.append(f"it lowers {count} pods to {wish.most} at once: {count - wish.most} go, with their logs")
    if wish is not None and missing:
        risks.append(f"{missing}: it keeps to its bounds and cannot go by the load")
    if case.scaler is None and wish is not None:
        risks.append("from now on it sets the number of pods: a number that is set by hand does not last")
    if keeper := scalers.keeper_of(case.scaler or {}):
        risks.append(f"{keeper} made this autoscaler and will put it back: change it there")
    return risks
