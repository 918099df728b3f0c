"""From a key to a verdict: which plan is asked for, what the dialog wants first, its progress, its errors."""

import asyncio

from msgspec.structs import replace

from cockpit.backends.change import Verdict
from cockpit.board.model import Identity, SafeText
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import (
    Approve,
    CommandError,
    MakePlan,
    NotRecordedError,
    Perform,
    Requirement,
    Step,
)
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import AT, FakePort

TYPED = Requirement(type_name="hook-receiver", why=("tier 1",))
DENIED = Requirement(denied="read-only (--read-only): nothing may be changed from here")


def performed(port: FakePort) -> list[Perform]:
    """The plans that were confirmed."""
    return [command for command in port.sent if isinstance(command, Perform)]


def planned(port: FakePort) -> list[MakePlan]:
    """The plans that were asked for."""
    return [command for command in port.sent if isinstance(command, MakePlan)]


async def test_the_preview_starts_on_no_and_enter_leaves_everything_alone() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("r")
        golden("plan-80x24", screen.text())
        await screen.press("enter")
        assert "Services" in screen.text()
        assert performed(screen.port) == []
        asked = planned(screen.port)
        assert [(command.verb, command.service) for command in asked] == [("restart", "hook-receiver")]


async def test_letters_do_nothing_in_a_dialog() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("r")
        before = screen.text()
        await screen.press("y", "d", "r", "j", "q")
        assert screen.text() == before
        assert performed(screen.port) == []


async def test_a_critical_service_wants_its_name_typed() -> None:
    port = scene.port()
    port.answers["Require"] = TYPED
    async with shown(port) as screen:
        await screen.press("r")
        assert "Type hook-receiver to confirm (tier 1)" in screen.text()
        await screen.press("tab", "enter")
        assert "type hook-receiver first" in screen.line(23)
        await screen.press(*"hook-receiver", "enter")
        assert [command.typed_name for command in performed(port)] == ["hook-receiver"]


async def test_what_is_denied_is_said_before_anything_is_typed() -> None:
    port = scene.port()
    port.answers["Require"] = DENIED
    async with shown(port) as screen:
        await screen.press("r")
        assert "read-only (--read-only): nothing may be changed" in screen.text()
        await screen.press("tab", "enter")
        assert performed(port) == []


async def test_progress_then_verdict_in_the_same_dialog() -> None:
    port = scene.port()
    plan = scene.plan()
    steps = (Step(title=SafeText("restart hook-receiver-1"), state="running", seconds=2.0),)
    running = OperationStatus(plan=plan, steps=steps, started_at=AT, phase="running")
    waiting: list[asyncio.Future[Verdict]] = []

    def perform(_: Perform) -> None:
        waiting.append(asyncio.get_running_loop().create_future())

    port.answers["Perform"] = perform
    async with shown(port) as screen:
        await screen.press("r", "tab", "enter")
        await screen.push(operations=(running,))
        assert "◌ step 1 restart hook-receiver-1  2.0 s" in screen.text()
        assert "[ Leave it running ]" in screen.text()
        verdict = Verdict(result="worked", evidence=(SafeText("2 of 2 ready for 10 s"),), seconds=14.2)
        await screen.push(operations=(replace(running, phase="ended", verdict=verdict),))
        golden("verdict-80x24", screen.text())
        await screen.press("enter")
        assert "Services" in screen.text()


async def test_what_runs_stands_in_the_header_when_its_dialog_is_left() -> None:
    running = OperationStatus(plan=scene.plan(), steps=(), started_at=AT, phase="verifying")
    async with shown(scene.port()) as screen:
        await screen.push(operations=(running,))
        assert "restart hook-receiver 0s" in screen.line(0)
        await screen.press("q")
        assert "it goes to its next safe point" in screen.text()


async def test_an_error_does_not_close_the_dialog() -> None:
    port = scene.port()
    port.answers["Perform"] = RuntimeError("no journal is open, and nothing is changed without a record")
    async with shown(port) as screen:
        await screen.press("r", "tab", "enter")
        assert "✗ no journal is open" in screen.text()
        assert "[ Close ]" in screen.text()


async def test_what_nothing_records_is_confirmed_again() -> None:
    port = scene.port()
    port.answers["Perform"] = lambda command: None if command.unrecorded else NotRecordedError("the disk is full")
    async with shown(port) as screen:
        await screen.press("r", "tab", "enter")
        assert "the disk is full" in screen.text()
        assert "[ No ]" in screen.text()
        await screen.press("tab")
        assert "[ Do it unrecorded ]" in screen.text()
        await screen.press("enter")
        assert [command.unrecorded for command in performed(port)] == [False, True]


async def test_a_second_person_is_told_which_plan() -> None:
    port = scene.port()
    port.answers["Require"] = Requirement(second="production")
    async with shown(port) as screen:
        await screen.press("r")
        assert scene.plan().hash[:12] in screen.text()
        await screen.press("escape", "colon", *"approve", "enter", *"0123abcd", "enter")
        assert Approve("0123abcd") in port.sent


async def test_a_choice_is_planned_again_before_it_can_be_done() -> None:
    port = scene.port()
    choices = (("v2.3.0", SafeText("v2.3.0 ran 6 days")), ("v2.2.9", SafeText("v2.2.9 ran 21 days")))
    first = scene.plan(verb="rollback", choices=choices)

    def make(command: MakePlan) -> object:
        return replace(first, id=f"p-{dict(command.arguments).get('to', 'first')}")

    port.answers["MakePlan"] = make
    async with shown(port) as screen:
        await screen.press("v")
        assert "> v2.3.0 ran 6 days" in screen.text()
        await screen.press("down", "tab", "enter")
        assert [command.plan.id for command in performed(port)] == ["p-v2.2.9"]


async def test_the_arrow_points_at_the_choice_that_is_planned() -> None:
    port = scene.port()
    choices = (("v2.3.0", SafeText("v2.3.0 ran 6 days")), ("v2.2.9", SafeText("v2.2.9 ran 21 days")))
    made = scene.plan(verb="rollback", choices=choices, chosen="v2.2.9")
    port.answers["MakePlan"] = made
    async with shown(port) as screen:
        await screen.press("v")
        assert "> v2.2.9 ran 21 days" in screen.text()
        assert "> v2.3.0" not in screen.text()
        await screen.press("escape")
        port.answers["MakePlan"] = replace(made, chosen="an image that is not listed")
        await screen.press("v")
        assert "  v2.2.9 ran 21 days" in screen.text()
        assert "> v2" not in screen.text()


async def test_a_choice_that_cannot_be_planned_says_why_and_cannot_be_done() -> None:
    port = scene.port()
    choices = (("v2.3.0", SafeText("v2.3.0 ran 6 days")), ("v2.2.9", SafeText("v2.2.9 gone from this engine")))
    first = scene.plan(verb="rollback", choices=choices)

    def make(command: MakePlan) -> object:
        if dict(command.arguments).get("to") == "v2.2.9":
            return CommandError("v2.2.9 is gone from this engine: pull it, or pick another")
        return first

    port.answers["MakePlan"] = make
    async with shown(port) as screen:
        await screen.press("v")
        title = str(first.operations[0].title)
        assert title in screen.text()
        await screen.press("down")
        assert "> v2.2.9 gone from this engine" in screen.text()
        assert "does     nothing: there is no plan for this choice" in screen.text()
        assert "why      v2.2.9 is gone from this engine: pull it" in screen.text()
        assert title not in screen.text()
        assert "Copy command" not in screen.text()
        await screen.press("tab", "enter")
        assert "v2.2.9 is gone from this engine" in screen.line(23)
        assert performed(port) == []
        await screen.press("up")
        assert title in screen.text()
        await screen.press("enter")
        assert [command.plan.id for command in performed(port)] == [first.id]


async def test_a_choice_that_another_verb_does_is_still_a_choice_of_the_first() -> None:
    port = scene.port()
    choices = (("8", SafeText("8, as asked")), ("min=8", SafeText("min=8 of HPA web instead")))

    def make(command: MakePlan) -> object:
        value = dict(command.arguments)["count"]
        return scene.plan(verb="autoscale" if "=" in value else "scale", choices=choices, chosen=value)

    port.answers["MakePlan"] = make
    async with shown(port) as screen:
        await screen.press("s", "8", "enter", "down")
        assert "> min=8 of HPA web instead" in screen.text()
        await screen.press("up")
        assert "> 8, as asked" in screen.text()
        assert [dict(one.arguments) for one in planned(port)] == [{"count": "8"}, {"count": "min=8"}, {"count": "8"}]


async def test_arguments_are_asked_one_by_one() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("s")
        assert "scale hook-receiver: count" in screen.line(23)
        assert "0 to 20" in screen.line(23)
        await screen.press("3", "enter")
        assert [command.arguments for command in planned(screen.port)] == [(("count", "3"),)]


async def test_every_other_action_can_be_picked() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("a", "down", "down", "down")
        assert "> remove its containers  high danger" in screen.text()
        await screen.press("enter")
        assert planned(screen.port)[-1].verb == "remove"


async def test_a_verb_that_the_backend_lacks_is_said() -> None:
    port = scene.port()
    port.answers |= {"Verbs": (), "MakePlan": CommandError("hook-receiver: no restart, for here changes nothing")}
    async with shown(port) as screen:
        await screen.press("r")
        assert "no restart, for here changes nothing" in screen.line(23)


async def test_two_workloads_on_two_engines_and_none_is_changed_until_one_is_picked() -> None:
    first = scene.workload("auth")
    second = replace(first, id=Identity("docker", "engine-2", "omninode", "service", "auth"))
    both = replace(scene.well("auth", 1, 1.0, 10), workloads=(first, second))
    port = FakePort(scene.snapshot(services=(both,)))
    port.answers["MakePlan"] = scene.plan()
    async with shown(port) as screen:
        await screen.press("r")
        assert "auth runs in 2 places: which one?" in screen.text()
        assert planned(port) == []
        await screen.press("down", "enter")
        assert [command.workload for command in planned(port)] == [second.id]


async def test_undo_plans_the_inverse_of_what_was_done_last() -> None:
    operation = replace(scene.plan().operations[0], inverse=("scale", (("count", "2"),)))
    done = OperationStatus(plan=scene.plan(operations=(operation,)), steps=(), started_at=AT, phase="ended")
    port = scene.port()
    async with shown(port) as screen:
        await screen.press("U")
        assert "nothing was done to it that this timeline knows of" in screen.line(23)
        await screen.push(operations=(done,))
        await screen.press("U")
        assert [(command.verb, command.arguments) for command in planned(port)] == [("scale", (("count", "2"),))]
