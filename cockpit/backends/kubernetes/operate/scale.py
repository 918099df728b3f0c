"""Scaling through the scale subresource: how many pods there are to be, and who will have another opinion."""

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.kinds import BY_NAME
from cockpit.backends.kubernetes.operate.around import (
    Scaler,
    budget_risks,
    owner_risks,
    quota_risks,
    scaler_of,
)
from cockpit.backends.kubernetes.operate.change import Change, look, mark_of, next_generation
from cockpit.backends.kubernetes.operate.draft import LONGEST, ONE_POD, kubectl, make_plan, ready_words
from cockpit.backends.kubernetes.operate.hands import MERGE, Hands, Json, Request, meta_of, spec_of
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

MOST = 1000


class Scale(Change):
    """More or fewer pods of a Deployment, StatefulSet or ReplicaSet."""

    verb = Verb(name="scale", title="Scale", arguments=(("replicas", f"a number from 0 to {MOST}"),))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: no number, or there are so many already."""
        name, verb, asked = workload.id.name, self.verb.name, arguments.get("replicas", "").strip()
        if not (asked.isascii() and asked.isdecimal()) or int(asked) > MOST:
            raise PlanRefused(f"scale {name}: replicas is a number from 0 to {MOST}, not {safe(asked, 40) or 'empty'}")
        whole = await look(hands, workload, verb)
        old, count = replicas_of(whole), int(asked)
        if count == old:
            raise PlanRefused(f"{name}: there are {count} already")
        if count < old:
            hands.must_not_keep(workload, verb)
        operation = Operation(
            verb=verb,
            title=safe(f"scale {workload.id.kind} {name} from {old} to {count}", 300),
            target=workload.id,
            before=(("replicas", SafeText(str(old))), ("pods", ready_words(workload))),
            after=(("replicas", SafeText(str(count))),),
            arguments=(("replicas", str(count)), next_generation(whole)),
            precondition=self.mark(whole),
            done_when="replicas" if count else "stopped",
            inverse=(verb, (("replicas", str(old)),)),
            deadline=min(LONGEST, ONE_POD * max(1, abs(count - old))),
            command=kubectl(hands, workload, f"scale {workload.id.kind}/{name} --replicas={count}"),
        )
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        scaler, unknown = await scaler_of(hands, workload)
        risks += [*_fewer_risks(old, count), *unknown, *owner_risks(whole)]
        risks += [_fights(scaler, count)] if scaler else []
        risks += await budget_risks(hands, workload, whole) if count < old else await quota_risks(hands, workload)
        return make_plan(
            hands, verb, workload, (operation,), facts=facts, risks=risks, danger="low" if count else "high",
            choices=_bounds(scaler, count, old),
        )  # fmt: skip

    def mark(self, whole: Json) -> str:
        """How many there are to be; what else changes does not matter."""
        return mark_of(replicas_of(whole), whole)

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """A merge of the scale, refused by the API when the workload is another version than the one read."""
        meta, kind = meta_of(whole), BY_NAME[operation.target.kind]
        space, name = operation.target.space, operation.target.name
        body = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "spec": {"replicas": int(dict(operation.arguments)["replicas"])},
        }
        return Request(
            method="PATCH", path=f"{kind.path(space)}/{name}/scale", body=body, verb="patch", kind=kind, space=space,
            name=name, subresource="scale", content_type=MERGE,
        )  # fmt: skip


def replicas_of(whole: Json) -> int:
    """How many there are to be; one when it does not say."""
    found = spec_of(whole).get("replicas")
    return found if isinstance(found, int) else 1


def _fights(scaler: Scaler, count: int) -> str:
    bounds = f"HPA {scaler.name} keeps it between {scaler.least} and {scaler.most}"
    if count == 0:
        return f"{bounds}: at 0 it is switched off, and begins again when it is scaled up"
    if scaler.least <= count <= scaler.most:
        return f"{bounds} and will fight: it sets its own number within a minute; change its minimum to make it last"
    word = "raises it to" if count < scaler.least else "lowers it to"
    return f"{bounds} and will fight: it {word} {scaler.least if count < scaler.least else scaler.most} at once"


def _bounds(scaler: Scaler | None, count: int, now: int) -> tuple[tuple[str, SafeText], ...]:
    """What is asked for, then what the autoscaler would leave standing: its own bounds."""
    if scaler is None:
        return ()
    words = {count: "as asked", scaler.least: f"the minimum of HPA {scaler.name}"}
    words |= {scaler.most: f"the maximum of HPA {scaler.name}"}
    return tuple((str(number), safe(f"{number}, {said}", 200)) for number, said in words.items() if number != now)


def _fewer_risks(old: int, count: int) -> list[str]:
    if not count:
        return ["nothing of it answers any more"]
    return [f"{old - count} of {old} will go, with their logs"] if count < old else []
