"""The overview at 80x24: what it shows, what its keys do, how the cursor and the rows behave."""

import asyncio

import pytest
from msgspec.structs import replace

from cockpit.board.model import Freshness, SafeText, State
from cockpit.engine.port import AddNote, CloseTail, CommandError, Focus, InjectFault, OpenTail
from cockpit.ui.dialogs.plan import PlanDialog
from cockpit.ui.screens import overview
from tests.patience import PATIENCE
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import FakePort


async def test_the_first_screen() -> None:
    async with shown(scene.port()) as screen:
        golden("overview-80x24", screen.text())


async def test_nothing_found_says_why_and_what_to_do() -> None:
    async with shown(FakePort(scene.snapshot(services=()))) as screen:
        assert "no service found on docker:prod-1/omninode" in screen.text()
        assert "cockpit init" in screen.text()


async def test_the_cursor_stays_on_its_service_when_the_order_changes() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("j", "j")
        assert screen.line(6).startswith(">▲2 model-metrics")
        first, *others = scene.services()
        await screen.clock.advance(3)
        await screen.push(snapshot=scene.snapshot(services=(*others, first)))
        assert screen.line(5).startswith(">▲2 model-metrics")


async def test_before_any_key_the_cursor_is_on_what_is_worst() -> None:
    async with shown(scene.port()) as screen:
        first, *others = scene.services()
        await screen.push(snapshot=scene.snapshot(services=(*others, first)))
        assert screen.line(4).startswith(">✗1 postgres")


async def test_rows_keep_their_places_while_keys_are_pressed() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("j")
        first, *others = scene.services()
        await screen.push(snapshot=scene.snapshot(services=(*others, first)))
        assert "hook-receiver" in screen.line(4)
        await screen.pass_time(2.5)
        assert "hook-receiver" in screen.line(11)


async def test_a_removed_service_gives_the_cursor_to_its_neighbour() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("j")
        rest = tuple(service for service in scene.services() if service.name != "postgres")
        await screen.push(snapshot=scene.snapshot(services=rest))
        assert screen.line(5).startswith(">▲2 model-metrics")


async def test_moving_opens_the_log_of_the_service_and_closes_the_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with shown(scene.port()) as screen:
        opened = [command for command in screen.port.sent if isinstance(command, OpenTail)]
        assert [command.services for command in opened] == [("hook-receiver",)]
        screen.port.answers["OpenTail"] = "t2"
        monkeypatch.setattr(overview, "SETTLE", PATIENCE)  # a busy machine may be slower than a reader who only passes
        await screen.press("j", "j")
        monkeypatch.undo()
        await screen.press("G")
        await screen.until(lambda: CloseTail("t1") in screen.port.sent)
        opened = [command for command in screen.port.sent if isinstance(command, OpenTail)]
        assert [command.services for command in opened] == [("hook-receiver",), ("redis",)]
        assert CloseTail("t1") in screen.port.sent
        assert "redis: log" in screen.text()


async def test_the_engine_is_told_what_is_on_the_screen() -> None:
    async with shown(scene.port()) as screen:
        shown_keys = [command.services for command in screen.port.sent if isinstance(command, Focus)][-1]
        assert "hook-receiver" in shown_keys
        assert len(shown_keys) == 8


async def test_silence_of_the_engine_makes_everything_old() -> None:
    async with shown(scene.port()) as screen:
        await screen.pass_time(3.5)
        assert "all of this is old: the engine has not answered for 3s" in screen.line(1)
        assert "● ok" not in screen.text()
        assert "unknown" in screen.line(8)
        await screen.push()
        assert "live" in screen.line(1)


async def test_a_key_that_cannot_be_used_says_why() -> None:
    bare = replace(scene.well("cron", 3, 1.0, 10), workloads=())
    port = FakePort(scene.snapshot(services=(bare,)))
    port.answers |= {"Verbs": (), "MakePlan": CommandError("cron: no restart, for nothing that runs it is known")}
    async with shown(port) as screen:
        await screen.press("r")
        assert "cron: no restart, for nothing that runs it is known" in screen.line(23)
        await screen.press("j")
        assert "cron:" not in screen.line(23)
        assert not isinstance(screen.app.screen, PlanDialog)


async def test_a_command_that_fails_is_one_line() -> None:
    port = scene.port()
    port.answers["MakePlan"] = RuntimeError("prod-1 does not answer: permission denied on /var/run/docker.sock")
    async with shown(port) as screen:
        await screen.press("r")
        assert "permission denied on /var/run/docker.sock" in screen.line(23)


async def test_quitting_is_asked_and_starts_on_no() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("q")
        assert "[ No ]" in screen.text()
        await screen.press("enter")
        assert "Services" in screen.text()
        await screen.press("escape", "tab")
        assert "[ Quit ]" in screen.text()
        await screen.pilot.press("enter")
    assert screen.app.return_code == 0


async def test_alt_and_a_key_counts_as_escape() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("q")
        await screen.press("alt+j")
        assert "Quit the cockpit?" not in screen.text()


async def test_a_log_opens_when_its_service_gets_an_instance() -> None:
    bare = replace(scene.well("auth", 1, 1.0, 10), workloads=(replace(scene.workload("auth"), instances=()),))
    port = FakePort(scene.snapshot(services=(bare,)))
    async with shown(port) as screen:
        assert "auth has no instance, so there is no log" in screen.text()
        await screen.push(snapshot=scene.snapshot(services=(scene.well("auth", 1, 1.0, 10, 1),)))
        assert [command.services for command in port.sent if isinstance(command, OpenTail)] == [("auth",)]


async def test_one_changed_value_costs_little() -> None:
    async with shown(scene.port(), (120, 40)) as screen:
        changed = tuple(
            replace(service, cpu=43.0) if service.name == "kafka" else service for service in scene.services()
        )
        with screen.cost() as cost:
            await screen.push(snapshot=scene.snapshot(services=changed))
        assert "43%" in screen.text()
        assert 0 < cost.bytes <= 60
        with screen.cost() as cost:
            await screen.push(snapshot=scene.snapshot(services=changed))
        assert cost.bytes == 0


async def test_a_row_that_falls_costs_little() -> None:
    async with shown(scene.port()) as screen:
        fallen = tuple(
            replace(service, state=State.DOWN, ready=0, why=SafeText("exit 137 (SIGKILL)"), since=scene.ago(0))
            if service.name == "kafka"
            else service
            for service in scene.services()
        )
        with screen.cost() as cost:
            await screen.push(snapshot=scene.snapshot(services=fallen))
        assert "exit 137" in screen.line(9)
        assert cost.bytes <= 400


async def test_a_second_that_passes_costs_little() -> None:
    async with shown(scene.port(), (120, 40)) as screen:
        with screen.cost() as cost:
            await screen.pass_time(1)
        assert "4m13" in screen.line(4)
        assert cost.bytes <= 60


async def test_filters_faults_and_orders() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("slash", *"po", "enter")
        assert "Services  /po" in screen.line(2)
        assert "postgres" in screen.line(4)
        assert screen.line(5) == ""
        await screen.press("escape", "ctrl+z")
        assert "faults only" in screen.line(2)
        assert "kafka" not in screen.text()
        await screen.press("escape", "S")
        assert "by name" in screen.line(2)
        assert "auth" in screen.line(4)
        await screen.press("slash", *"nowhere")
        assert "/nowhere leaves none of 8 services; Esc shows all" in screen.text()
        await screen.press("escape")
        assert "auth" in screen.line(4)


async def test_a_wait_says_what_is_waited_for_and_can_be_left() -> None:
    port = scene.port()
    never: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    async with shown(port) as screen:
        port.submit = lambda command: never  # type: ignore[method-assign]
        await screen.press("r")
        await screen.until(lambda: "waiting for" in screen.line(23))
        assert "waiting for what may be done to hook-receiver; Esc stops waiting" in screen.line(23)
        await screen.pass_time(2)
        assert "hook-receiver, 2s; Esc" in screen.line(23)
        await screen.press("escape")
        assert "not waiting for what may be done to hook-receiver any more" in screen.line(23)


async def test_notes_go_to_the_journal() -> None:
    async with shown(scene.port()) as screen:
        await screen.press("i", *"! fail over", "enter")
        assert AddNote(text="! fail over") in screen.port.sent
        assert "written into the timeline" in screen.line(23)


async def test_drills_belong_to_the_demo() -> None:
    port = scene.port()
    port.answers["ListFaults"] = (("leak", "payments leaks memory", False), ("hang", "search hangs", True))
    async with shown(port) as screen:
        await screen.press("X")
        assert "faults exist only in the demo" in screen.line(23)
        await screen.push(demo=True)
        await screen.press("X", "down", "enter")
        assert InjectFault(name="hang", on=False) in port.sent
        assert "hang ended" in screen.line(23)


async def test_what_must_be_known_stands_in_the_header() -> None:
    async with shown(scene.port()) as screen:
        await screen.push(read_only="--read-only", notices=(SafeText("not recorded: disk full"),), demo=True)
        assert "read-only" in screen.line(0)
        assert "demo" in screen.line(0)
        assert "not recorded: disk full" in screen.line(1)


async def test_a_lost_source_is_named_with_its_age() -> None:
    lost = replace(scene.snapshot().sources[0], freshness=Freshness.LOST, since=scene.ago(75), why=SafeText("refused"))
    async with shown(FakePort(scene.snapshot(sources=(lost,)))) as screen:
        assert "docker:prod-1/omninode lost 1m15" in screen.line(1)


async def test_states_have_words_and_glyphs() -> None:
    every = tuple(scene.service(f"s-{state.name.lower()}", 2, state, 60, why=SafeText("why")) for state in State)
    async with shown(FakePort(scene.snapshot(services=every))) as screen:
        golden("states-80x24", screen.text())


async def test_a_prompt_that_is_answered_in_one_burst_gives_the_focus_back() -> None:
    async with shown(scene.port()) as screen:
        overview = screen.app.screen
        for key in ("slash", *"redis", "enter"):
            overview.app.simulate_key(key)
        await screen.settle()
        assert "Services  /redis" in screen.line(2)
        await screen.press("d")
        assert "redis" in screen.line(2)
        assert "Services" not in screen.line(2)
