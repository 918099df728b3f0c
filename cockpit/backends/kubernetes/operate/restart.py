"""Restarting: every pod exchanged for a new one of the same definition, as the workload's own strategy says."""

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Operation, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.history import history
from cockpit.backends.kubernetes.operate.around import budget_risks
from cockpit.backends.kubernetes.operate.change import (
    Change,
    look,
    manual_risks,
    next_generation,
    patch,
    refuse_paused,
)
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan, ready_words, rollout_time, wanted_count
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, spec_of
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

RESTARTED = "kubectl.kubernetes.io/restartedAt"


class Restart(Change):
    """As `kubectl rollout restart`: the time is written into the pod template."""

    verb = Verb(name="restart", title="Restart (rollout)")

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation. PlanRefused when nothing is meant to run or rollouts are paused."""
        name, kind, verb = workload.id.name, workload.id.kind, self.verb.name
        whole = await look(hands, workload, verb)
        refuse_paused(verb, workload, whole)
        if spec_of(whole).get("replicas") == 0:
            raise PlanRefused(f"{name}: nothing to restart, it is scaled to 0")
        if (spec_of(whole).get("updateStrategy") or {}).get("type") == "OnDelete":
            raise PlanRefused(
                f"restart {name}: its update strategy is OnDelete, so nothing would happen: delete its pods"
            )
        operation = Operation(
            verb=verb,
            title=safe(f"restart {kind} {name}", 300),
            target=workload.id,
            before=(("pods", ready_words(workload)),),
            after=(("pods", SafeText("new ones")),),
            arguments=(("at", f"{hands.clock.now():%Y-%m-%dT%H:%M:%SZ}"), next_generation(whole)),
            precondition=self.mark(whole),
            done_when="rolled out",
            inverse=await _back(hands, workload),
            deadline=rollout_time(whole, wanted_count(workload)),
            command=kubectl(hands, workload, f"rollout restart {kind}/{name}"),
        )
        facts, risks = await hands.rehearse(await self.request(hands, whole, operation), verb)
        risks += [*_unfinished(workload), order_words(whole, wanted_count(workload)), *manual_risks(whole)]
        risks += await budget_risks(hands, workload, whole)
        return make_plan(hands, verb, workload, (operation,), facts=facts, risks=risks)

    async def request(self, hands: Hands, whole: Json, operation: Operation) -> Request:
        """The time, as an annotation of the pods."""
        noted = {RESTARTED: dict(operation.arguments)["at"]}
        return patch(operation.target.kind, whole, {"template": {"metadata": {"annotations": noted}}})


def _unfinished(workload: Workload) -> list[str]:
    """What a restart in the middle of a rollout does not do: it is no way out of a bad release."""
    if not workload.rollout:
        return []
    return [f"{workload.rollout}: the same revision is rolled out anew; roll back (v) leaves it"]


async def _back(hands: Hands, workload: Workload) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """To the revision that runs now, which exchanges every pod once more; None where revisions may not be seen."""
    try:
        found = await history(hands.client, workload.id)
    except NoAnswer:
        raise
    except SourceError:
        return None
    now = next((one for one in found if one.current), None)
    return ("rollback", (("to", now.name),)) if now is not None else None


def order_words(whole: Json, pods: int) -> str:
    """How many pods go at once, in words."""
    spec = spec_of(whole)
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    if strategy.get("type") == "Recreate":
        return "strategy Recreate: all pods end before new ones start, nothing answers in between"
    rolling = strategy.get("rollingUpdate") or {}
    surge, missing = rolling.get("maxSurge", 0), rolling.get("maxUnavailable", 1)
    if pods == 1 and surge in (0, "0", "0%"):
        return "single pod, ended before the new one starts: nothing answers in between"
    return f"rolling: at most {missing} missing and {surge} more at a time"
