"""A change of a workload's definition: read, compared with what was planned, sent with the version that was read."""

import hashlib
from abc import ABC, abstractmethod
from typing import ClassVar

import msgspec

from cockpit.backends.change import GENERATION, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import BY_NAME
from cockpit.backends.kubernetes.operate.hands import STRATEGIC, Hands, Json, Request, meta_of, spec_of
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

ATTEMPTS = 5
"""Of a change that finds a newer version each time: as often as client-go tries on a conflict."""


class Change(ABC):
    """What they have in common."""

    verb: ClassVar[Verb]

    def offered(self, workload: Workload) -> bool:
        """Whether its definition is known."""
        return workload.generation is not None

    @abstractmethod
    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation on the definition."""

    @abstractmethod
    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """What to send for the definition as it is now."""

    def mark(self, whole: Json) -> str:
        """What of the definition must still be so. An autoscaler may change how many there are at any time."""
        return mark_of({name: value for name, value in spec_of(whole).items() if name != "replicas"}, whole)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the definition is still the one that the plan was made for."""
        try:
            whole = await hands.whole(operation.target.workload)
        except ApiAnswer as error:
            return f"{operation.title}: {operation.target.name} is gone" if error.status == 404 else str(error)
        return "" if self.mark(whole) == operation.precondition else f"{operation.target.name} was changed meanwhile"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Send the change; a version that went stale in between is read again."""
        for left in reversed(range(ATTEMPTS)):
            whole = await hands.whole(operation.target.workload)
            if self.mark(whole) != operation.precondition:
                return Outcome(accepted=False, detail=SafeText("it was changed meanwhile: plan again"))
            request = await self.request(hands, whole, operation)
            try:
                return _accepted(await hands.send(request), whole)
            except ApiAnswer as error:
                if error.status != 409 or not left:
                    raise
        raise AssertionError("the last attempt returns or raises")


async def look(hands: Hands, workload: Workload, verb: str) -> Json:
    """The workload's definition as it is now. PlanRefused: it is gone."""
    await hands.same_cluster(workload)
    try:
        return await hands.whole(workload.id)
    except ApiAnswer as error:
        if error.status == 404:
            raise PlanRefused(f"{verb} {workload.id.name}: it is not there any more: look again") from None
        raise


def patch(workload_kind: str, whole: Json, spec: Json, annotations: Json | None = None) -> Request:
    """A strategic merge of the spec, refused by the API when the object is another version than the one read."""
    meta, kind = meta_of(whole), BY_NAME[workload_kind]
    space, name = str(meta.get("namespace", "")), str(meta["name"])
    noted = {"annotations": annotations} if annotations else {}
    body = {"metadata": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"], **noted}, "spec": spec}
    return Request(
        method="PATCH", path=f"{kind.path(space)}/{name}", body=body, verb="patch", kind=kind, space=space, name=name,
        content_type=STRATEGIC,
    )  # fmt: skip


def mark_of(part: object, whole: Json) -> str:
    """An object's uid and the digest of a part of it."""
    digest = hashlib.sha256(msgspec.json.encode(part, order="deterministic")).hexdigest()
    return f"{meta_of(whole).get('uid', '')} {digest}"


def next_generation(whole: Json) -> tuple[str, str]:
    """The argument that says which version of the definition there will be."""
    return GENERATION, str(int(meta_of(whole).get("generation") or 0) + 1)


def is_paused(whole: Json) -> bool:
    """Whether a Deployment's rollouts wait."""
    return bool(spec_of(whole).get("paused"))


def refuse_paused(verb: str, workload: Workload, whole: Json) -> None:
    """PlanRefused: nothing would happen."""
    if is_paused(whole):
        raise PlanRefused(
            f"{verb} {workload.id.name}: its rollouts are paused, so nothing would happen: resume it first"
        )


def manual_risks(whole: Json) -> list[str]:
    """An update strategy that replaces pods only when somebody deletes them, or only some of them."""
    strategy = spec_of(whole).get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        return ["its update strategy is OnDelete: pods take the change only when they are deleted"]
    partition = (strategy.get("rollingUpdate") or {}).get("partition")
    return [f"partition {partition}: pods with lower numbers stay as they are"] if partition else []


def _accepted(answer: Json, before: Json) -> Outcome:
    generation = meta_of(answer).get("generation")
    # A scale's answer has none. The API counts each change of a definition, so an equal one says that there was none.
    if isinstance(generation, int) and generation == meta_of(before).get("generation"):
        words = "the API took it and nothing changed: something in the cluster puts it back, or it was so already"
        return Outcome(accepted=False, detail=SafeText(words))
    facts = ((GENERATION, safe(str(generation), 20)),) if isinstance(generation, int) else ()
    return Outcome(accepted=True, facts=facts)
