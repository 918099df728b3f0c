"""A preview while things happen: a target that changes, a dry run, the command that is copied, what comes next."""

import base64

from msgspec.structs import replace

from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import SafeText
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import DryRun, MakePlan, Perform, Rehearsal, Requirement
from cockpit.mitigate.rehearse import Checked
from cockpit.ui.dialogs.plantext import Preview, plan_lines, told_once, way_back
from cockpit.ui.look import look_of
from cockpit.ui.settings import Settings
from tests.ui import plans, scene
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import AT, FakePort

LOOK = look_of(Settings(theme="dark", ascii=False))
TYPED = Requirement(type_name="hook-receiver", why=("tier 1",))
PROBLEM = SafeText("hook-receiver-1 is running now (was exited)")


def sent(port: FakePort, kind: type) -> list[object]:
    """The commands of one kind."""
    return [command for command in port.sent if type(command) is kind]


async def other_target(screen: Shown, *problems: SafeText) -> None:
    """What runs the service is doing something else; the engine finds these problems with the plan."""
    steps = tuple(Checked(SafeText("restart hook-receiver-1"), problem) for problem in problems)
    screen.port.answers["DryRun"] = Rehearsal(steps=steps)
    first, *others = screen.port.frame().snapshot.services
    broken = replace(first, workloads=(scene.workload("hook-receiver", 3),))
    await screen.push(snapshot=scene.snapshot(services=(broken, *others)))


async def test_a_target_that_changed_is_asked_about_anew() -> None:
    port = scene.port()
    port.answers |= {"MakePlan": plans.RESTART, "Require": TYPED}
    async with shown(port) as screen:
        await screen.press("r", *"hook-receiver", "tab")
        assert "[ Do it ]" in screen.text()
        await other_target(screen, PROBLEM)
        assert f"changed meanwhile: {PROBLEM}" in screen.text()
        assert "[ No ]" in screen.text()
        assert len(sent(port, MakePlan)) == 2
        await screen.press("tab", "h")  # meant for what stood there before
        assert "[ No ]" in screen.text()
        assert "confirm (tier 1):\n" in screen.text()
        await screen.pass_time(0.6)
        await screen.press(*"hook-receiver", "tab", "enter")
        assert len(sent(port, Perform)) == 1


async def test_a_crash_loop_that_goes_on_changes_nothing() -> None:
    port = scene.port()
    port.answers |= {"MakePlan": plans.RESTART, "Require": TYPED}
    async with shown(port) as screen:
        await screen.press("r", *"hook-receiver", "tab")
        before = screen.text()
        await other_target(screen)
        assert sent(port, DryRun)
        assert screen.text() == before


async def test_what_cannot_be_planned_any_more_cannot_be_done() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.RESTART
    async with shown(port) as screen:
        await screen.press("r")
        port.answers["MakePlan"] = RuntimeError("hook-receiver: it is not on the board any more")
        await other_target(screen, PROBLEM)
        await screen.pass_time(0.6)
        assert "it cannot be planned any more: hook-receiver: it is not on the board" in screen.text()
        await screen.press("tab", "enter")
        assert sent(port, Perform) == []


async def test_other_events_leave_the_dialog_as_it_is() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.RESTART
    async with shown(port) as screen:
        await screen.press("r", "tab")
        before = screen.text().splitlines()[2:]
        services = screen.port.frame().snapshot.services
        await screen.push(snapshot=scene.snapshot(services=services[::-1]), timeline=scene.TIMELINE[:2])
        assert screen.text().splitlines()[2:] == before


async def test_a_dry_run_plans_again_and_does_nothing() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.RESTART
    async with shown(port) as screen:
        await screen.press("r", "tab", "tab", "enter")
        told = " ".join(screen.text().split())
        assert "planned again, 2 steps could begin (Do it confirms; nothing to type); nothing was changed" in told
        assert (len(sent(port, MakePlan)), len(sent(port, DryRun)), len(sent(port, Perform))) == (2, 1, 0)
        port.answers["DryRun"] = Rehearsal(steps=(Checked(SafeText("restart hook-receiver-1"), PROBLEM),))
        await screen.press("enter")
        assert "it would not be done; nothing was changed" in screen.text()
        assert PROBLEM in screen.text()


async def test_the_command_is_copied_through_the_terminal() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.RESTART
    async with shown(port) as screen:
        await screen.press("r", "tab", "tab", "tab")
        with screen.cost() as counted:
            await screen.press("enter")
            copied = base64.b64encode(b"docker restart hook-receiver-1\ndocker restart hook-receiver-2").decode()
            assert f"\x1b]52;c;{copied}" in "".join(counted.raw)
        assert "[ Copy command ]" in screen.text()


async def test_after_the_verdict_what_may_help_is_planned_and_shown() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.RESTART
    verdict = Verdict(result="did not work", evidence=(SafeText("exit 1 again after 9 s"),), seconds=14.2)
    done = OperationStatus(plan=plans.RESTART, steps=(), started_at=AT, phase="ended", verdict=verdict)
    async with shown(port) as screen:
        await screen.press("r", "tab", "enter")
        await screen.push(operations=(done,))
        port.answers["MakePlan"] = plans.RECREATE
        await screen.press("tab")
        assert "[ Recreate ]" in screen.text()
        await screen.press("enter")
        assert "Recreate hook-receiver" in screen.line(2)
        assert [command.verb for command in sent(port, MakePlan)] == ["restart", "recreate"]  # type: ignore[attr-defined]


async def test_what_was_done_is_taken_back_from_its_verdict() -> None:
    port = scene.port()
    port.answers["MakePlan"] = plans.SCALE
    verdict = Verdict(result="worked", evidence=(), seconds=3.0)
    done = OperationStatus(plan=plans.SCALE, steps=(), started_at=AT, phase="ended", verdict=verdict)
    async with shown(port) as screen:
        await screen.press("s", "4", "enter", "tab", "enter")
        await screen.push(operations=(done,))
        await screen.press("tab", "enter")
        (_, back) = sent(port, MakePlan)
        assert (back.verb, back.arguments) == ("scale", (("replicas", "2"),))  # type: ignore[attr-defined]


async def test_a_refusal_can_be_planned_again() -> None:
    port = scene.port()
    port.answers |= {"MakePlan": plans.RESTART, "Perform": RuntimeError("another cockpit restarts it")}
    async with shown(port) as screen:
        await screen.press("r", "tab", "enter", "tab", "enter")
        assert len(sent(port, MakePlan)) == 2
        await screen.pass_time(0.6)
        assert "[ No ]" in screen.text()


def preview(plan: Plan, width: int = 80) -> list[str]:
    """A plan's lines."""
    return [
        line.text.rstrip()
        for line in plan_lines(LOOK, Preview(plan=plan), width, AT)
    ]  # fmt: skip


def test_an_image_that_is_known_by_its_id_is_shown_by_its_name_and_12_digits() -> None:
    image = "sha256:9f21c0aa41d2" + "0e" * 26
    back = plans.step("rollback", inverse=("rollback", (("to", image), ("instance", "hook-receiver-1"))))
    named = replace(back, before=plans.facts(image=f"{plans.IMAGE}:v2.3.1 9f21c0aa41d2"))
    (undo,) = [line for line in preview(plans.plan("rollback", back)) if line.startswith(" undo")]
    assert undo == " undo     U takes it back: roll back to 9f21c0aa41d2 instance hook-receiver-1"
    (undo,) = [line for line in preview(plans.plan("rollback", named), 160) if line.startswith(" undo")]
    assert f"roll back to {plans.IMAGE}:v2.3.1 9f21c0aa41d2 instance hook-receiver-1" in undo


def test_a_revision_that_was_is_called_by_its_number_and_not_by_its_object() -> None:
    back = plans.step("rollback", inverse=("rollback", (("to", "checkout-v7x88dmd6h"),)))
    plan = plans.plan("rollback", replace(back, before=plans.facts(revision="2", image=f"{plans.IMAGE}:v2.3.1")))
    assert " undo     U takes it back: roll back to revision 2" in preview(plan)
    assert way_back(LOOK, plan) == "roll back to revision 2"


def test_a_long_fact_of_where_stands_in_a_row_of_its_own() -> None:
    checked = "permitted (patch deployments.apps/scale in shop), dry run accepted"
    where = plans.facts(cluster="prod", namespace="shop", server="https://10.0.0.1:6443", checked=checked)
    lines = preview(plans.plan("scale", where=where))
    assert lines[0] == " where    cluster prod · namespace shop · server https://10.0.0.1:6443"
    assert lines[1] == f" checked  {checked}"
    assert lines[2].startswith((" now", " does"))


def test_policy_says_what_the_reader_does() -> None:
    assert " policy   Do it confirms; nothing to type" in preview(plans.RESTART)


def test_what_holds_for_each_of_several_is_said_once() -> None:
    steps = tuple(replace(plans.RESTART.operations[0], service=key) for key in ("auth", "kafka", "redis"))
    risks = ("auth: it is slow", "kafka: it is slow", "auth: one replica", "kafka: one replica", "redis: one replica",
             "left out: web")  # fmt: skip
    plan = replace(plans.RESTART, operations=steps, risks=tuple(map(SafeText, risks)))
    assert told_once(plan) == ["auth, kafka: it is slow", "each: one replica", "left out: web"]
    assert told_once(plans.RESTART) == list(map(str, plans.RESTART.risks))
