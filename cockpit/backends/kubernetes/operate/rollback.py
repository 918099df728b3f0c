"""Rolling back to an earlier revision: also in the middle of a rollout, while they are paused, or when one is stuck."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.change import Facts, Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.history import CAUSE, HASH, history, selector_words
from cockpit.backends.kubernetes.kinds import PODS, REPLICASETS, Kind
from cockpit.backends.kubernetes.operate.around import budget_risks, owner_risks
from cockpit.backends.kubernetes.operate.change import (
    Change,
    is_paused,
    look,
    manual_risks,
    next_generation,
    patch,
)
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan, ready_words, rollout_time, wanted_count
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, meta_of, spec_of
from cockpit.backends.kubernetes.operate.remove import deletion_of, deletion_request
from cockpit.board.ages import rough
from cockpit.board.model import Instance, SafeText, Workload
from cockpit.board.revision import Revision, difference
from cockpit.board.text import safe

REVISIONS = Kind(plural="controllerrevisions", singular="controllerrevision", group="apps", type=Json, page=Json)
POD_REVISION = "controller-revision-hash"
DIFF_SHOWN, CHOICES_SHOWN = 60, 20
STUCK = "not ready, and its StatefulSet waits for it: it would stay as it is (kubernetes#67250)"


class RollBack(Change):
    """To the revision that still serves, else the one before; or the one that is picked."""

    verb = Verb(name="rollback", title="Roll back", options=(("to", "a revision's number or name"),))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation, then one that deletes what a StatefulSet would wait for. PlanRefused: there is no other."""
        verb = self.verb.name
        whole = await look(hands, workload, verb)
        found = await history(hands.client, workload.id)
        now, others = _ordered(found)
        goal = _goal(workload, now, others, arguments.get("to", "").strip())
        stuck = await _stuck(hands, workload, whole, goal)
        operation = self._operation(hands, workload, whole, now, goal, bool(stuck))
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        operations = [operation]
        if stuck:
            operations.append(await _freeing(hands, workload, whole, stuck))
        risks += [*_risks(whole), *owner_risks(whole), *manual_risks(whole)]
        risks += await budget_risks(hands, workload, whole)
        made = make_plan(
            hands, verb, workload, operations, facts=facts, risks=risks,
            choices=tuple((str(one.number), _shown(one, hands.clock.now())) for one in others[:CHOICES_SHOWN]),
        )  # fmt: skip
        return replace(made, chosen=str(goal.number))

    def _operation(
        self, hands: Hands, workload: Workload, whole: Json, now: Revision | None, goal: Revision, stuck: bool
    ) -> Operation:
        name = f"{workload.id.kind}/{workload.id.name}"
        command = kubectl(hands, workload, f"rollout undo {name} --to-revision={goal.number}")
        paused: tuple[Facts, Facts] = ((), ())
        if is_paused(whole):
            paused = (("rollouts", SafeText("paused")),), (("rollouts", SafeText("go on")),)
            command = safe(f"{kubectl(hands, workload, f'rollout resume {name}')} && {command}", 1000)
        return Operation(
            verb=self.verb.name,
            title=safe(f"roll back {workload.id.kind} {workload.id.name} to revision {goal.number}", 300),
            target=workload.id,
            before=(*_facts(now), ("pods", ready_words(workload)), *paused[0]),
            after=(*_facts(goal), *paused[1]),
            arguments=(("to", goal.name), next_generation(whole)),
            precondition=self.mark(whole),
            done_when="acted on" if stuck else "rolled out",
            inverse=(self.verb.name, (("to", now.name),)) if now else None,
            deadline=rollout_time(whole, wanted_count(workload)),
            command=command,
            diff=difference(now, goal)[:DIFF_SHOWN] if now else (),
        )

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """The revision's pod template in the place of the present one."""
        target, name = operation.target, dict(operation.arguments)["to"]
        of_sets = target.kind == "deployment"
        kept = await hands.named(REPLICASETS if of_sets else REVISIONS, target.space, name)
        if not any(one.get("uid") == meta_of(whole).get("uid") for one in meta_of(kept).get("ownerReferences") or ()):
            raise SourceError(f"{name} is no revision of {target.name} any more")
        part = spec_of(kept) if of_sets else spec_of(kept.get("data") or {})
        template = {**(part.get("template") or {}), "$patch": "replace"}
        meta = dict(template.get("metadata") or {})
        meta["labels"] = {key: value for key, value in (meta.get("labels") or {}).items() if key != HASH}
        resumed = {"paused": False} if is_paused(whole) else {}
        # As kubectl does: the reason that stands in the history is that of the revision.
        cause = {CAUSE: (meta_of(kept).get("annotations") or {}).get(CAUSE)} if of_sets else None
        return patch(target.kind, whole, {"template": {**template, "metadata": meta}, **resumed}, cause)


def _ordered(found: Sequence[Revision]) -> tuple[Revision | None, list[Revision]]:
    """(what is wanted now, the others: what still serves first, then the newest)."""
    now = next((one for one in found if one.current), None)
    others = [one for one in found if one is not now]
    return now, sorted(others, key=lambda one: (not one.ready, -one.number))


def _goal(workload: Workload, now: Revision | None, others: Sequence[Revision], wanted: str) -> Revision:
    name = workload.id.name
    if now is not None and wanted in (str(now.number), now.name):
        raise PlanRefused(f"rollback {name}: revision {now.number} is what is wanted already")
    if not others:
        raise PlanRefused(f"rollback {name}: no earlier revision is kept, or it never changed")
    if not wanted:
        return others[0]
    picked = next((one for one in others if wanted in (str(one.number), one.name)), None)
    if picked is None:
        known = ", ".join(str(one.number) for one in others)
        raise PlanRefused(f"rollback {name}: there is no revision {safe(wanted, 60)} (there are: {known})")
    return picked


async def _stuck(hands: Hands, workload: Workload, whole: Json, goal: Revision) -> list[Instance]:
    """Pods of another revision that are not ready: a StatefulSet waits for them before it replaces them."""
    if workload.id.kind != "statefulset" or (spec_of(whole).get("updateStrategy") or {}).get("type") == "OnDelete":
        return []
    uid = meta_of(whole).get("uid")
    pods = await hands.listed(PODS, workload.id.space, selector_words(spec_of(whole).get("selector") or {}))
    bad = {
        meta_of(one).get("uid")
        for one in pods
        if any(owner.get("uid") == uid for owner in meta_of(one).get("ownerReferences") or ())
        and (meta_of(one).get("labels") or {}).get(POD_REVISION) != goal.name
        and not _is_ready(one)
        and not meta_of(one).get("deletionTimestamp")
    }
    return [one for one in workload.instances if one.id.instance in bad]


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


async def _freeing(hands: Hands, workload: Workload, whole: Json, stuck: Sequence[Instance]) -> Operation:
    for one in stuck:
        request = deletion_request(workload.id.space, str(one.name), one.id.instance)
        await hands.rehearse(request, "rollback")
    seconds = rollout_time(whole, wanted_count(workload))
    return deletion_of(hands, workload, stuck, seconds, STUCK, (next_generation(whole),))


def _risks(whole: Json) -> list[str]:
    risks = ["the next deploy brings the present version back, unless it is told otherwise"]
    risks.append("data, config maps and secrets stay as they are: only the pod template goes back")
    if is_paused(whole):
        risks.append("its rollouts are paused: they go on with this, else nothing would happen, and afterwards too")
    return risks


def _facts(one: Revision | None) -> Facts:
    if one is None:
        return ()
    images = safe(", ".join(one.images), 500)
    cause: Facts = (("cause", one.cause),) if one.cause else ()
    return ("revision", SafeText(str(one.number))), ("image", images), *cause


def _shown(one: Revision, now: datetime) -> SafeText:
    """ "revision 3  web:2.4.1  5 d old  2 of 3 ready  cause"."""
    images = ", ".join(image.rpartition("/")[2] for image in one.images)
    age = f"{rough((now - one.created_at).total_seconds())} old" if one.created_at else "age not known"
    pods = f"{one.ready} of {one.replicas} ready" if one.replicas and one.ready is not None else ""
    return safe("  ".join(part for part in (f"revision {one.number}", images, age, pods, one.cause) if part), 300)
