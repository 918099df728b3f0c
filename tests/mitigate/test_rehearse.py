"""A dry run asks what the door asks, changes nothing, and says what stands in the way."""

from cockpit.backends.change import Operation, Plan
from cockpit.board.clock import ManualClock
from cockpit.board.model import SafeText
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.rehearse import rehearse
from tests.ui import scene
from tests.ui.fakeport import AT

PLAN: Plan = scene.plan(operations=(scene.plan().operations[0],) * 2)


async def test_what_holds_is_good_and_a_difference_is_named_by_its_step() -> None:
    asked: list[Operation] = []

    async def check(operation: Operation) -> str:
        asked.append(operation)
        return "" if len(asked) == 1 else "hook-receiver-1 was created anew"

    found = await rehearse(PLAN, "", check, scene.snapshot(), ManualClock(AT))
    assert [step.problem for step in found.steps] == ["", "hook-receiver-1 was created anew"]
    assert asked == list(PLAN.operations)
    assert not found.good


async def test_a_backend_that_fails_or_is_gone_is_a_line() -> None:
    for error in (Refused("nothing here can change main"), OSError("broken pipe")):

        async def check(_: Operation, error: Exception = error) -> str:
            raise error

        found = await rehearse(PLAN, "", check, scene.snapshot(), ManualClock(AT))
        assert str(error) in found.steps[0].problem


async def test_a_probe_that_must_be_good_before_is_looked_at_first() -> None:
    needing = scene.plan(operations=(Operation(
        verb="call", title=SafeText("switch over"), target=PLAN.workload, requires="health"),))  # fmt: skip

    async def check(_: Operation) -> str:
        raise AssertionError("not asked")

    found = await rehearse(needing, "denied by rule", check, scene.snapshot(), ManualClock(AT))
    assert found.refused == "denied by rule"
    assert "probe health must be good before" in found.steps[0].problem
