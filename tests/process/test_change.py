"""A plain process is changed only by what its profile declares, and the processes themselves say whether it worked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.backends import procfs
from cockpit.board.model import Phase
from cockpit.engine.port import CommandError
from tests.process.rig import Site, cockpit_on

if not procfs.available():
    pytest.skip("plain processes are observed through Linux's /proc", allow_module_level=True)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path / "site")
    made.start()
    yield made
    made.end()


async def test_restarted_stopped_and_started_again(site: Site, tmp_path: Path) -> None:
    site.commit("pool = 20 # good\n", "good again")
    async with cockpit_on(site.profile(), tmp_path / "state") as cockpit:
        first = await cockpit.runs()
        assert await cockpit.verbs() == ["restart", "stop", "rollback"]
        plan = await cockpit.plan("restart")
        (operation,) = plan.operations
        assert operation.command == f"{site.folder}/ctl restart"
        assert dict(operation.before)["process"].startswith(f"sleep pid {site.child.pid} since ")
        assert plan.risks == ("nothing of it answers from its end on until the new process is ready",)
        verdict = await cockpit.perform(plan)
        assert verdict.result == "worked", verdict.evidence
        assert verdict.evidence[0].startswith("1 of 1 replaced")
        again = await cockpit.runs()
        assert again.id != first.id

        stop = await cockpit.plan("stop")
        assert (stop.danger, stop.operations[0].inverse) == ("high", ("start", ()))
        assert (await cockpit.perform(stop)).result == "worked"
        await cockpit.until(lambda one: one.phase is Phase.EXITED)
        await cockpit.framed(lambda frame: [one.word for one in frame.temporary] == ["stopped"])
        assert "start" in await cockpit.verbs()
        assert (await cockpit.undo(stop)).result == "worked"
        await cockpit.runs()
        await cockpit.framed(lambda frame: frame.temporary == ())


async def test_a_command_that_replaces_nothing_did_not_work(site: Site, tmp_path: Path) -> None:
    profile = site.profile().replace(f"[{site.folder}/ctl, restart]}}", "['true'], timeout: 12s, deadline: 2s}")
    async with cockpit_on(profile, tmp_path / "state") as cockpit:
        await cockpit.runs()
        verdict = await cockpit.perform(await cockpit.plan("restart"))
        assert verdict.result == "did not work"
        assert f"sleep still is the process from before (pid {site.child.pid})" in verdict.evidence[0]


async def test_a_command_that_fails_is_told_with_its_exit(site: Site, tmp_path: Path) -> None:
    async with cockpit_on(site.profile(), tmp_path / "state") as cockpit:
        await cockpit.runs()
        verdict = await cockpit.perform(await cockpit.plan("restart"))  # its configuration is not good
        assert verdict.result == "did not work"
        assert "exit 3" in verdict.evidence[0]


async def test_another_process_meanwhile_is_another_plan(site: Site, tmp_path: Path) -> None:
    async with cockpit_on(site.profile(), tmp_path / "state") as cockpit:
        first = await cockpit.runs()
        plan = await cockpit.plan("restart")
        site.end()
        site.start()
        await cockpit.until(lambda one: one.phase is Phase.RUNNING and one.id != first.id)
        with pytest.raises(CommandError, match=f"its process changed meanwhile \\(now pid {site.child.pid}\\)"):
            await cockpit.perform(plan)


async def test_without_a_command_nothing_is_offered_and_the_reason_said(site: Site, tmp_path: Path) -> None:
    profile = site.profile(commands="", then="pool-reload").replace(
        "    repository", '    calls: {pool-reload: {url: "http://127.0.0.1:1/reload"}}\n    repository'
    )
    async with cockpit_on(profile, tmp_path / "state") as cockpit:
        await cockpit.runs()
        assert await cockpit.verbs() == ["rollback", "pool-reload"]
        with pytest.raises(CommandError, match=r"no restart, for here changes nothing by itself; a profile can"):
            await cockpit.plan("restart")
