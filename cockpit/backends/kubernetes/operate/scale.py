"""Scaling through the scale subresource: how many pods there are to be, and who will have another opinion."""

from collections.abc import Mapping

from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.kinds import BY_NAME
from cockpit.backends.kubernetes.operate.around import budget_risks, owner_risks, quota_risks
from cockpit.backends.kubernetes.operate.autoscale import Autoscale
from cockpit.backends.kubernetes.operate.change import Change, look, mark_of, next_generation
from cockpit.backends.kubernetes.operate.draft import LONGEST, ONE_POD, kubectl, make_plan, ready_words
from cockpit.backends.kubernetes.operate.hands import MERGE, Hands, Json, Request, meta_of, spec_of
from cockpit.backends.kubernetes.operate.scalers import bounds_of, name_of, scaler_of
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

MOST = 1000
LASTING = ("min", "max")
"""Before a number: the autoscaler's bound is set to it instead, so that the number lasts."""


class Scale(Change):
    """More or fewer pods of a Deployment, StatefulSet or ReplicaSet."""

    verb = Verb(name="scale", title="Scale", arguments=(("replicas", f"a number from 0 to {MOST}"),))

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: no number, or there are so many already."""
        name, verb, asked = workload.id.name, self.verb.name, arguments.get("replicas", "").strip()
        bound, equals, number = asked.rpartition("=")
        if not (number.isascii() and number.isdecimal()) or int(number) > MOST or (equals and bound not in LASTING):
            raise PlanRefused(f"scale {name}: replicas is a number from 0 to {MOST}, not {safe(asked, 40) or 'empty'}")
        whole = await look(hands, workload, verb)
        old, count = replicas_of(whole), int(number)
        scaler, unknown = await scaler_of(hands, workload.id)
        if equals:
            return await _lasting(hands, workload, scaler, bound, count, old)
        if count == old:
            raise PlanRefused(f"{name}: there are {count} already")
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
        risks += [*_fewer_risks(old, count), *unknown, *owner_risks(whole)]
        risks += [_fights(scaler, count)] if scaler else []
        risks += await budget_risks(hands, workload, whole) if count < old else await quota_risks(hands, workload)
        return make_plan(
            hands, verb, workload, (operation,), facts=facts, risks=risks, danger="low" if count else "high",
            choices=_choices(scaler, count, old),
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


async def _lasting(
    hands: Hands, workload: Workload, scaler: Json | None, bound: str, count: int, old: int
) -> Plan:  # fmt: skip
    """The autoscaler's bound instead of the number that it would not leave standing."""
    if scaler is None:
        raise PlanRefused(f"scale {workload.id.name}: it has no autoscaler: say the number alone")
    made = await Autoscale().plan(hands, workload, dict(_bounds(scaler, bound, count)))
    return replace(made, choices=_choices(scaler, count, old), chosen=f"{bound}={count}")


def _bounds(scaler: Json, bound: str, count: int) -> Mapping[str, str]:
    """The bound, and the other one where it would be crossed."""
    now = bounds_of(scaler)
    crossed = count > now.most if bound == "min" else count < now.least
    return dict.fromkeys(LASTING if crossed else (bound,), str(count))


def _fights(scaler: Json, count: int) -> str:
    now = bounds_of(scaler)
    words = f"HPA {name_of(scaler)} keeps it between {now.least} and {now.most}"
    if count == 0:
        return f"{words}: at 0 it is switched off, and begins again when it is scaled up"
    if now.least <= count <= now.most:
        return f"{words} and will fight: it sets its own number within a minute; change its bound to make it last"
    goal, word = (now.least, "raises") if count < now.least else (now.most, "lowers")
    return f"{words} and will fight: it {word} it to {goal} at once"


def _choices(scaler: Json | None, count: int, old: int) -> tuple[tuple[str, SafeText], ...]:
    """What is asked for; the same as the autoscaler's own bound, which lasts; then what its bounds are."""
    if scaler is None:
        return ()
    name, now = name_of(scaler), bounds_of(scaler)
    words = {str(count): f"{count}, as asked"}
    if count:
        bound = "min" if count > old else "max"
        both = " and ".join(f"{one}={value}" for one, value in _bounds(scaler, bound, count).items())
        words[f"{bound}={count}"] = f"{both} of HPA {name} instead: so it lasts"
    for number, which in ((now.least, "minimum"), (now.most, "maximum")):
        if number not in (count, old):
            words[str(number)] = f"{number}, the {which} of HPA {name}"
    return tuple((value, safe(said, 200)) for value, said in words.items())


def _fewer_risks(old: int, count: int) -> list[str]:
    if not count:
        return ["nothing of it answers any more"]
    return [f"{old - count} of {old} will go, with their logs"] if count < old else []
