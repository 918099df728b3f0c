"""Deleting pods: each is given its grace, then goes; what keeps it makes another in its place."""

from collections.abc import Sequence

import msgspec

from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.operate.around import budget_risks
from cockpit.backends.kubernetes.operate.draft import ONE_POD, kubectl, make_plan, ready_count
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, meta_of, spec_of
from cockpit.board.model import Instance, SafeText, Workload
from cockpit.board.text import safe

MOST = 50
GRACE = 30
"""Seconds between TERM and KILL when a pod does not say otherwise."""
Named = tuple[tuple[str, str], ...]
"""Pairs: of each pod its name and uid, of arguments their names and values."""


class Remove:
    """One operation for each pod, each awaited before the next."""

    verb = Verb(
        name="remove", title="Delete pod", danger="high",
        arguments=(("instance", "name or uid of a pod, several with commas between"),),
    )  # fmt: skip

    def offered(self, workload: Workload) -> bool:
        """Whether there is one."""
        return bool(workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when a pod is not there or nothing was named."""
        chosen = choose(workload, arguments.get("instance", ""))
        await hands.same_cluster(workload)
        facts: Facts = ()
        risks: list[str] = []
        operations: list[Operation] = []
        for one in chosen:
            whole = await pod(hands, workload, one)
            facts, said = await hands.rehearse(
                deletion_request(workload.id.space, str(one.name), one.id.instance), self.verb.name
            )
            risks += [*said, *_pod_risks(whole)]
            operations.append(_operation(hands, workload, one, whole))
        ready = [one for one in chosen if one.id in _ready(workload)]
        stay = ready_count(workload) - len(ready)
        risks.append(f"{stay} ready stay meanwhile" if ready else "not ready: nothing to lose")
        risks += await _around(hands, workload)
        ends = workload.id.kind == "pod" or (bool(ready) and not stay)
        return make_plan(
            hands, self.verb.name, workload, operations, facts=facts, risks=risks, danger="high" if ends else "low"
        )

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the pods are still the ones that were meant."""
        for name, uid in named(operation):
            try:
                now = meta_of(await hands.named(PODS, operation.target.space, name)).get("uid")
            except ApiAnswer as error:
                return f"pod {name} is gone already" if error.status == 404 else str(error)
            if now != uid:
                return f"pod {name} is another one now"
        return ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Delete them by name and uid: another pod that has the name by now is left alone."""
        for name, uid in named(operation):
            try:
                await hands.send(deletion_request(operation.target.space, name, uid))
            except ApiAnswer as error:
                if error.status != 404:
                    raise
        return Outcome(accepted=True)


def choose(workload: Workload, asked: str, verb: str = "remove") -> tuple[Instance, ...]:
    """The pods that are named. PlanRefused."""
    what = f"{verb} {workload.id.name}"
    wanted = [one.strip() for one in asked.split(",") if one.strip()]
    if not wanted:
        raise PlanRefused(f"{what}: name a pod of it (instance)")
    found = {key: one for one in workload.instances for key in (str(one.name), one.id.instance)}
    if missing := [one for one in wanted if one not in found]:
        raise PlanRefused(f"{what}: pod {safe(missing[0], 80)} is not there any more: look again")
    chosen = tuple({found[one].id: found[one] for one in wanted}.values())
    if len(chosen) > MOST:
        raise PlanRefused(f"{what}: {len(chosen)} pods are named, at most {MOST} at once")
    return chosen


async def pod(hands: Hands, workload: Workload, one: Instance) -> Json:
    """A pod as it is now. PlanRefused: it is gone, or another has its name."""
    try:
        whole = await hands.named(PODS, workload.id.space, str(one.name))
    except ApiAnswer as error:
        if error.status != 404:
            raise
        whole = {}
    if meta_of(whole).get("uid") != one.id.instance:
        raise PlanRefused(f"remove {workload.id.name}: pod {one.name} is not there any more: look again")
    return whole


def deletion_of(
    hands: Hands, workload: Workload, pods: Sequence[Instance], deadline: float, why: str, more: Named = ()
) -> Operation:
    """One operation that deletes several pods of a workload, so that its rollout goes on. more: further arguments."""
    words = ", ".join(str(one.name) for one in pods)
    return Operation(
        verb=Remove.verb.name,
        title=safe(f"delete {words}", 300),
        target=workload.id,
        instances=tuple(one.id for one in pods),
        before=(("pods", safe(why, 300)),),
        after=(("pods", SafeText("made anew")),),
        arguments=(_pods([(str(one.name), one.id.instance) for one in pods]), *more),
        done_when="rolled out",
        deadline=deadline,
        command=kubectl(hands, workload, f"delete pod {' '.join(str(one.name) for one in pods)}"),
    )


def named(operation: Operation) -> Named:
    """(name, uid) of the pods of an operation."""
    return msgspec.json.decode(dict(operation.arguments)["pods"], type=Named)


def grace_of(whole: Json) -> float:
    """Seconds that a pod has to end by itself."""
    grace = spec_of(whole).get("terminationGracePeriodSeconds")
    return float(grace) if isinstance(grace, int) else float(GRACE)


def _pods(pods: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return "pods", msgspec.json.encode(pods).decode()


def _operation(hands: Hands, workload: Workload, one: Instance, whole: Json) -> Operation:
    grace, kept = grace_of(whole), bool(meta_of(whole).get("ownerReferences"))
    return Operation(
        verb=Remove.verb.name,
        title=safe(f"delete pod {one.name}", 300),
        target=one.id,
        before=(("state", safe(f"{one.phase}, restarts {one.restarts or 0}")),),
        after=(("state", safe(f"gone within its grace of {grace:g} s{'; another takes its place' if kept else ''}")),),
        arguments=(_pods([(str(one.name), one.id.instance)]),),
        precondition=one.id.instance,
        done_when="ready" if kept else "gone",
        deadline=grace + ONE_POD,
        command=kubectl(hands, workload, f"delete pod {one.name}"),
    )


def _pod_risks(whole: Json) -> list[str]:
    meta = meta_of(whole)
    risks = []
    if meta.get("deletionTimestamp"):
        risks.append(f"{meta.get('name')} is on its way out already")
    if meta.get("finalizers"):
        risks.append(f"{meta.get('name')} has finalizers: it goes when they are done")
    if not meta.get("ownerReferences"):
        risks.append(f"nothing keeps {meta.get('name')}: it does not come back by itself")
    return [*risks, "its log goes with it"]


async def _around(hands: Hands, workload: Workload) -> list[str]:
    if workload.id.kind not in ("deployment", "statefulset"):
        return []
    return await budget_risks(hands, workload, await hands.whole(workload.id))


def _ready(workload: Workload) -> set[object]:
    return {one.id for one in workload.instances if ready_count(msgspec.structs.replace(workload, instances=(one,)))}


def deletion_request(space: str, name: str, uid: str) -> Request:
    """The deletion of a pod, refused by the API when another has its name by now."""
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    return Request(
        method="DELETE", path=f"{PODS.path(space)}/{name}", body=body, verb="delete", kind=PODS, space=space, name=name
    )
