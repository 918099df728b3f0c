"""Evicting pods from a node, in rounds: what a disruption budget holds back is asked for again."""

import random
from collections.abc import Mapping, Sequence

import msgspec

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.operate.capture import CapturePods, PodRef
from cockpit.backends.kubernetes.operate.hands import Hands, Request
from cockpit.backends.kubernetes.operate.nodes.pods import OnNode, named, pods_on
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

AT_ONCE = 5
"""Evictions in one round: between two rounds it can be stopped."""
SILENT = 2
"""Evictions without an answer that end a round: each takes the client's 10 s, and a stop is heard only between two."""
NEXT, WAIT = 1.0, 5.0
"""Seconds to the next round: while there are pods to ask for, and while all that are left have to wait."""
_pods = msgspec.json.Decoder(tuple[PodRef, ...]).decode


class Keep(CapturePods):
    """Keeping what is known of the pods that a drain moves; not offered by itself."""

    def offered(self, workload: Workload) -> bool:
        """It is part of a drain only."""
        return False


class Evict:
    """One operation of a drain: every pod that it names leaves the node, through the eviction API alone."""

    verb = Verb(name="evict", title="Evict pods", danger="high")

    def offered(self, workload: Workload) -> bool:
        """It is part of a drain only."""
        return False

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused: it is part of a drain only."""
        raise PlanRefused(f"evict {workload.id.name}: pods are evicted by a drain")

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether no pods came to the node since the plan was made; those that went by themselves are no matter."""
        known = {one.uid for one in evicted(operation)}
        now = await pods_on(hands, operation.target.name)
        came = [one.place for one in now if not one.stays and one.ref.uid not in known]
        return f"{named(came)} came to {operation.target.name} meanwhile" if came else ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """One round. What has to wait is told, and asked for again."""
        wanted = {one.uid for one in evicted(operation)}
        try:
            now = await pods_on(hands, operation.target.name)
        except PlanRefused as error:
            return Outcome(accepted=False, detail=safe(str(error), 500))
        except SourceError as error:
            if isinstance(error, ApiAnswer) and error.status < 500 and error.status != 429:
                raise
            # Nothing was asked for in this round: an API that fails for a while does not end a drain of minutes.
            return Outcome(accepted=True, facts=(("waits", safe(f"{len(wanted)} wait: {error}", 400)),), again=WAIT)
        left = {one.ref.uid: one for one in now if one.ref.uid in wanted}
        asked = silent = 0
        held: dict[str, list[str]] = {}
        # In another order each round: those that are never answered for do not keep the others from being asked for.
        for uid, one in random.sample(tuple(left.items()), len(left)):
            if one.leaving or asked == AT_ONCE or silent == SILENT:
                continue
            try:
                why = await _evict(hands, one)
            except NoAnswer as error:
                silent, why = silent + 1, str(error)
            except ApiAnswer as error:
                if error.status == 404:
                    del left[uid]
                    continue
                return Outcome(accepted=False, detail=safe(f"{one.place} cannot be evicted: {error.message}", 500))
            if why:
                held.setdefault(why, []).append(one.place)
            else:
                asked += 1
        return Outcome(accepted=True, facts=_facts(left, held), again=_again(left, asked))


async def _evict(hands: Hands, one: OnNode) -> str:
    """Ask for it; why it has to wait, empty when it goes. NoAnswer: nothing came in time."""
    request = eviction(one.ref)
    try:
        await hands.client.send(request.method, request.path, request.body)
    except ApiAnswer as error:
        if error.status >= 500:
            return f"{error} (HTTP {error.status}): it may have been done all the same"
        if error.status not in (409, 429):
            raise
        return error.budget or error.message
    return ""


def _again(left: Mapping[str, OnNode], asked: int) -> float:
    """What is on its way out is looked at again too: the board may not show its namespace."""
    return NEXT if asked == AT_ONCE else WAIT if left else 0.0


def _facts(left: Mapping[str, OnNode], held: Mapping[str, Sequence[str]]) -> tuple[tuple[str, SafeText], ...]:
    """Under the names that `mitigate.emptied` reads."""
    waits = "; ".join(
        f"{len(places)} {'waits' if len(places) == 1 else 'wait'} ({named(sorted(places), 2)}): {why}"
        for why, places in sorted(held.items())
    )
    uids = ("left", safe(" ".join(sorted(left)), 40_000))
    return (uids, ("waits", safe(waits, 400))) if waits else (uids,)


def evicted(operation: Operation) -> tuple[PodRef, ...]:
    """The pods of an eviction; of another operation none."""
    return _pods(dict(operation.arguments)["pods"]) if operation.verb == Evict.verb.name else ()


def eviction(one: PodRef) -> Request:
    """The request for one pod, refused by the API when another has its name by now."""
    body = {
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": one.name, "namespace": one.space},
        "deleteOptions": {"preconditions": {"uid": one.uid}},
    }  # fmt: skip
    return Request(
        method="POST", path=f"{PODS.path(one.space)}/{one.name}/eviction", body=body, verb="create", kind=PODS,
        space=one.space, name=one.name, subresource="eviction",
    )  # fmt: skip
