"""What still stands: temporary changes, the last mitigation that `U` takes back, what a workload offers at all."""

from msgspec.structs import replace

from cockpit.backends.change import Plan, Verb
from cockpit.board.model import SafeText
from cockpit.engine.port import MakePlan
from cockpit.incident.entry import Entry
from cockpit.mitigate import record
from cockpit.mitigate.sight import Baseline
from tests.ui import plans, scene
from tests.ui.drive import shown
from tests.ui.fakeport import AT, FakePort


def planned(port: FakePort) -> list[MakePlan]:
    """The plans that were asked for."""
    return [command for command in port.sent if isinstance(command, MakePlan)]


def done(plan: Plan, run: str, first: int, seconds: float, answer: str = "accepted") -> tuple[Entry, ...]:
    """What a mitigation leaves in the journal."""
    intent = record.intent(run, plan, Baseline(at=AT), who="alice", profile="omninode-bridge")
    made = scene.entry(first, seconds, "intent", "alice", intent.text, f"intent:{run}")
    result = scene.entry(first + 1, seconds, "result", "alice", "step 1", f"result:{run}:1", answer=answer, step="1")
    verdict = scene.entry(first + 2, seconds, "verdict", "alice", "done", f"verdict:{run}",
                          service=plan.service, verb=plan.verb, result="worked")  # fmt: skip
    return (replace(made, facts=intent.facts), result, verdict)


async def test_temporary_changes_are_counted_listed_and_taken_back() -> None:
    port = scene.port(temporary=(scene.scaled(),))
    async with shown(port) as screen:
        assert "1 temporary" in screen.line(0)
        await screen.press("colon", *"tmp", "enter")
        assert "hook-receiver scaled                2h00 oncall   scale replicas 4" in screen.text()
        await screen.press("enter")
        (command,) = planned(port)
        assert (command.verb, command.arguments) == ("scale", (("replicas", "4"),))
        assert command.workload == scene.scaled().workload
        assert "[ No ]" in screen.text()
        await screen.press("escape")
        await screen.push(temporary=())
        assert "nothing that was changed for the time being still stands" in screen.text()
        assert "temporary" not in screen.line(0)


async def test_undo_finds_what_anybody_did_last_in_the_timeline() -> None:
    port = scene.port()
    entries = (*scene.TIMELINE, *done(plans.SET, "s1", 10, 12), *done(plans.SCALE, "s2", 20, 10))
    async with shown(port) as screen:
        await screen.push(timeline=entries)
        await screen.press("U")
        assert [(one.verb, one.arguments) for one in planned(port)] == [("scale", (("replicas", "2"),))]


async def test_undo_passes_over_what_was_refused() -> None:
    port = scene.port()
    entries = (*scene.TIMELINE, *done(plans.SET, "s1", 10, 12), *done(plans.SCALE, "s2", 20, 10, "refused"))
    async with shown(port) as screen:
        await screen.push(timeline=entries)
        await screen.press("U")
        assert [one.arguments for one in planned(port)] == [(("memory", "512M"),)]


async def test_undo_of_one_of_many_takes_back_its_own_part() -> None:
    port = scene.port()
    steps = tuple(
        replace(one, inverse=("stop", (("instance", one.target.instance),))) for one in plans.bulk().operations
    )
    async with shown(port) as screen:
        await screen.push(timeline=(*scene.TIMELINE, *done(plans.plan("start", *steps), "b1", 10, 5)))
        await screen.press("slash", *"kafka", "enter", "U")
        (command,) = planned(port)
        assert (command.service, command.workload.name, command.verb) == ("kafka", "kafka", "stop")


async def test_what_cannot_be_taken_back_says_what_it_was() -> None:
    port = scene.port()
    async with shown(port) as screen:
        await screen.push(timeline=(*scene.TIMELINE, *done(plans.RESTART, "s1", 10, 12)))
        await screen.press("U")
        assert "the restart of hook-receiver at 14:31:48 cannot be taken back by itself" in screen.line(23)


async def test_the_footer_offers_only_what_the_workload_can_do() -> None:
    port = scene.port()
    port.answers["Verbs"] = lambda command: (
        (Verb(name="restart", title="Restart"),) if command.workload.name == "postgres" else ()
    )
    port.answers["MakePlan"] = RuntimeError("hook-receiver: no scale, for main changes nothing by itself")
    async with shown(port) as screen:
        assert "restart" not in screen.line(23)
        assert "l log" in screen.line(23)
        await screen.press("s")
        assert "no scale, for main changes nothing by itself" in screen.line(23)
        await screen.press("j")
        assert "r restart" in screen.line(23)
        assert "scale" not in screen.line(23)


async def test_what_it_offers_is_asked_again_when_it_does_something_else() -> None:
    port = scene.port()
    port.answers["Verbs"] = ()
    async with shown(port) as screen:
        assert "r restart" not in screen.line(23)
        port.answers["Verbs"] = (Verb(name="restart", title="Restart"),)
        first, *others = port.frame().snapshot.services
        running = replace(first, workloads=(scene.workload("hook-receiver", 2),), why=SafeText("starting"))
        await screen.push(snapshot=scene.snapshot(services=(running, *others)))
        assert "r restart" in screen.line(23)
