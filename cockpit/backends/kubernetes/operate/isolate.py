"""Isolating a workload by a NetworkPolicy that lets nothing in or out, and taking that policy away again.

That the policy stands is read back. Whether the cluster's network plugin enforces it the API does not know: only what
is seen from outside can say so.
"""

import shlex
from typing import Literal

import msgspec

from cockpit.backends.base import NoAnswer
from cockpit.backends.change import Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import MANAGED_BY, US
from cockpit.backends.kubernetes.operate import policy
from cockpit.backends.kubernetes.operate.change import look, mark_of
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan, ready_count, ready_words
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, meta_of, spec_of
from cockpit.backends.outline import outline
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

SHOWN_WITHIN = 30.0
"""Seconds for a probe to show that it is held: two answers of one that is asked every 10 s, and their timeouts."""
DIFF_SHOWN = 60
RISKS = (
    "it does something only where the cluster's network plugin enforces policies; the API cannot say whether it does",
    "connections that are open already may stay open: restart its pods to cut them",
    "its node, kubectl exec, logs and port-forward still reach it: its pods stay ready",
)


class Isolate:
    """Nothing in, nothing out."""

    verb = Verb(name="isolate", title="Isolate (deny-all NetworkPolicy)")

    def offered(self, workload: Workload) -> bool:
        """Whether a pod is there that is not known to be isolated."""
        return bool(workload.instances) and not workload.isolated

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: it is isolated already, or no policy could hold it."""
        verb, name = self.verb.name, workload.id.name
        whole = await look(hands, workload, verb)
        selector = policy.selector_of(workload, whole)
        title = policy.policy_name(workload.id)
        if await policy.found_policy(hands, workload.id.space, title) is not None:
            raise PlanRefused(f"{name}: it is isolated already, by NetworkPolicy {title}: connect it first")
        made = policy.deny_all(workload.id, selector)
        held = await policy.held(hands, workload, selector)
        facts, risks = await hands.rehearse(_creation(workload.id.space, made), verb)
        operation = Operation(
            verb=verb,
            title=safe(f"isolate {workload.id.kind} {name}: let nothing in or out of its {held.mine} pods", 300),
            target=workload.id,
            before=(("pods", ready_words(workload)),),
            after=(("traffic", SafeText("none in, none out")), ("pods", SafeText("go on running"))),
            arguments=(("policy", title), ("manifest", msgspec.json.encode(made).decode())),
            precondition=mark_of(selector, whole),
            done_when="denied",
            inverse=("connect", (("policy", title),)),
            deadline=SHOWN_WITHIN,
            command=_create_command(hands, workload, made),
            diff=_lines("+", made),
        )
        ready = ready_count(workload)
        return make_plan(
            hands, verb, workload, (operation,), facts=facts, risks=[*_told(ready, held), *risks],
            danger="high" if ready or held.others else "low",
        )  # fmt: skip

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether its pods are still selected as they were, and no such policy stands."""
        target = operation.target.workload
        try:
            whole = await hands.whole(target)
        except ApiAnswer as error:
            return f"{target.name} is gone" if error.status == 404 else str(error)
        made = _manifest(operation)
        if mark_of(spec_of(made)["podSelector"], whole) != operation.precondition:
            return f"{target.name} is another one now"
        name = dict(operation.arguments)["policy"]
        there = await policy.found_policy(hands, target.space, name) is not None
        return f"NetworkPolicy {name} is there already" if there else ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Make it, and read it back."""
        made, lost = _manifest(operation), None
        try:
            await hands.send(_creation(operation.target.space, made))
        except NoAnswer as error:
            lost = error  # it may stand all the same
        name = dict(operation.arguments)["policy"]
        now = await policy.found_policy(hands, operation.target.space, name)
        if now is None:
            if lost is not None:
                raise lost
            return Outcome(
                accepted=False, detail=SafeText("the API took it, and it is not there: something removes it")
            )
        if _rules(now) != _rules(made):
            return Outcome(accepted=False, detail=safe(f"NetworkPolicy {name} stands, but says something else"))
        return Outcome(accepted=True, facts=_seen(name, now))


class Connect:
    """The policy that isolates is taken away."""

    verb = Verb(
        name="connect", title="Connect (take deny-all away, if any)",
        options=(("policy", "its NetworkPolicy's name; left out: the one that isolate made"),),
    )  # fmt: skip

    def offered(self, workload: Workload) -> bool:
        """Whether it is isolated, or that is not known: it is asked when it is planned."""
        return bool(workload.instances) and workload.isolated is not False

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused: there is no such policy, or the cockpit did not make it for this workload."""
        name = arguments.get("policy", "").strip() or policy.policy_name(workload.id)
        await hands.same_cluster(workload)
        if not name.replace("-", "").replace(".", "").isalnum():
            raise PlanRefused(f"connect {workload.id.name}: {safe(name, 80)} is no policy's name")
        now = await policy.found_policy(hands, workload.id.space, name)
        if now is None:
            raise PlanRefused(f"{workload.id.name} is not isolated: there is no NetworkPolicy {name}")
        meta = meta_of(now)
        ours = (meta.get("labels") or {}).get(MANAGED_BY) == US
        if not ours or (meta.get("annotations") or {}).get(policy.TARGET) != policy.what(workload.id):
            raise PlanRefused(f"{workload.id.name}: NetworkPolicy {name} was not made by isolate for it: use kubectl")
        request = _deletion(workload.id.space, name, str(meta.get("uid", "")))
        facts, risks = await hands.rehearse(request, self.verb.name)
        operation = Operation(
            verb=self.verb.name,
            title=safe(f"take NetworkPolicy {name} away", 300),
            target=workload.id,
            before=(("traffic", SafeText("denied")), ("pods", ready_words(workload))),
            after=(("traffic", SafeText("as other policies allow")),),
            arguments=(("policy", name),),
            precondition=str(meta.get("uid", "")),
            done_when="let through",
            inverse=("isolate", ()),
            deadline=SHOWN_WITHIN,
            command=kubectl(hands, workload, f"delete networkpolicy {name}"),
            diff=_lines("-", now),
        )
        return make_plan(hands, self.verb.name, workload, (operation,), facts=facts, risks=risks)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether it is still the policy that was meant."""
        name = dict(operation.arguments)["policy"]
        now = await policy.found_policy(hands, operation.target.space, name)
        if now is None:
            return f"NetworkPolicy {name} is gone already"
        return "" if meta_of(now).get("uid") == operation.precondition else f"NetworkPolicy {name} is another one now"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Delete it by name and uid, and look whether it is gone."""
        name, lost = dict(operation.arguments)["policy"], None
        try:
            await hands.send(_deletion(operation.target.space, name, operation.precondition))
        except NoAnswer as error:
            lost = error
        except ApiAnswer as error:
            if error.status != 404:
                raise
        now = await policy.found_policy(hands, operation.target.space, name)
        if now is not None and meta_of(now).get("uid") == operation.precondition:
            if lost is not None:
                raise lost
            return Outcome(accepted=False, detail=safe(f"NetworkPolicy {name} is still there: its finalizers hold it"))
        return Outcome(accepted=True, facts=(("policy", safe(f"{name} is gone", 300)),))


def _told(ready: int, held: policy.Held) -> list[str]:
    risks = [f"{ready} ready are cut off: nothing of it answers any more, and it reaches nothing"] if ready else []
    if held.others:
        words = ", ".join(f"{count} of {owner}" for owner, count in held.others)
        risks.append(f"its selector matches pods of others too, which are cut off as well: {words}")
    if held.allowing:
        names = ", ".join(held.allowing)
        risks.append(f"policies add up: what NetworkPolicy {names} allows these pods stays allowed")
    return [*risks, *RISKS, held.unknown]


def _manifest(operation: Operation) -> Json:
    found: Json = msgspec.json.decode(dict(operation.arguments)["manifest"])
    return found


def _rules(whole: Json) -> Json:
    """What a policy says; empty lists are as good as none."""
    return {name: value for name, value in spec_of(whole).items() if value}


def _seen(name: str, now: Json) -> Facts:
    return ("policy", safe(name, 300)), ("uid", safe(str(meta_of(now).get("uid", "")), 64))


def _lines(sign: Literal["+", "-"], whole: Json) -> tuple[SafeText, ...]:
    """The policy as YAML, without what the API adds."""
    meta = {
        key: value for key, value in meta_of(whole).items() if key in ("name", "namespace", "labels", "annotations")
    }
    return tuple(safe(f"{sign}{line}") for line in outline({**whole, "metadata": meta}).splitlines()[:DIFF_SHOWN])


def _create_command(hands: Hands, workload: Workload, made: Json) -> SafeText:
    text = shlex.quote(msgspec.json.encode(made).decode())
    return safe(f"echo {text} | {kubectl(hands, workload, 'create -f -')}", 3000)


def _creation(space: str, made: Json) -> Request:
    return Request(
        method="POST", path=policy.POLICIES.path(space), body=made, verb="create", kind=policy.POLICIES, space=space,
        name=str(meta_of(made)["name"]),
    )  # fmt: skip


def _deletion(space: str, name: str, uid: str) -> Request:
    body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    return Request(
        method="DELETE", path=f"{policy.POLICIES.path(space)}/{name}", body=body, verb="delete", kind=policy.POLICIES,
        space=space, name=name,
    )  # fmt: skip
