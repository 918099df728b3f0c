"""Marked services are changed by one plan: what is asked beforehand, what is sent, how marks are seen and cleared."""

from cockpit.backends.change import Verb
from cockpit.engine.port import MakeBulk, MakePlan, Perform
from tests.ui import plans, scene
from tests.ui.drive import shown
from tests.ui.fakeport import VERBS, FakePort

MARK = ("g", "space", "down", "space")
"""The first service and the third."""


def port() -> FakePort:
    """The scene, planning for several as it is told to."""
    made = scene.port()
    made.answers["MakeBulk"] = lambda command: plans.bulk(command.on_failure)
    return made


def asked(port: FakePort) -> list[MakeBulk]:
    """The bulk plans that were asked for."""
    return [command for command in port.sent if isinstance(command, MakeBulk)]


async def test_marks_are_counted_and_esc_takes_them_away() -> None:
    async with shown(port()) as screen:
        await screen.press(*MARK)
        assert "Services  2 marked" in screen.line(2)
        assert [screen.line(row)[:1] for row in (4, 6)] == ["*", "*"]
        await screen.press("escape")
        assert "marked" not in screen.line(2)
        assert "Services" in screen.line(2)


async def test_one_plan_for_all_that_are_marked_and_it_stops_or_goes_on_as_chosen() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press(*MARK, "r")
        assert "Restart 3 services" in screen.line(2)
        assert "> stop: the others are left alone" in screen.text()
        await screen.press("down")
        assert "> go on with the others" in screen.text()
        assert [(one.verb, one.on_failure) for one in asked(made)] == [("restart", "stop"), ("restart", "continue")]
        assert [name for name, _ in asked(made)[0].targets] == ["hook-receiver", "model-metrics"]
        await screen.press("tab", "enter")
        (done,) = [command for command in made.sent if isinstance(command, Perform)]
        assert done.plan.on_failure == "continue"


async def test_a_filter_takes_the_marks_of_what_it_hides() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press(*MARK, "slash", *"model", "enter", "r")
        assert asked(made) == []
        (one,) = [command for command in made.sent if isinstance(command, MakePlan)]
        assert one.service == "model-metrics"


async def test_only_what_all_of_them_offer_can_be_picked() -> None:
    made = port()
    only = (Verb(name="restart", title="restart"),)
    made.answers["Verbs"] = lambda command: only if command.workload.name == "model-metrics" else VERBS
    async with shown(made) as screen:
        await screen.press(*MARK, "a")
        assert "Actions on 2 marked services" in screen.line(2)
        assert "> restart" in screen.text()
        assert "scale" not in screen.text()
        await screen.press("escape", "s")
        assert "scale is not offered by all 2 that are marked" in screen.line(23)
        assert asked(made) == []


async def test_an_argument_is_asked_once_for_all() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press(*MARK, "s")
        assert "Scale 2 services: with what?" in screen.line(2)
        await screen.press("enter")
        assert "count is needed" in screen.line(23)
        await screen.press("3", "enter")
        assert [one.arguments for one in asked(made)] == [(("count", "3"),)]


async def test_the_log_of_several_services_restarts_them_all() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press(*MARK, "l", "r")
        assert len(asked(made)) == 1
