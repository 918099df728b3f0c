"""The configuration of a service under git, with real repositories: revisions, diff, putting back, losing nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends import procfs
from cockpit.backends.change import DECLARED, Operation, Outcome, Plan, PlanRefused, of_service
from cockpit.backends.declared import plan, revisions
from cockpit.backends.declared.git import KEPT, GitError, WorkingCopy
from cockpit.backends.declared.revisions import RollBack
from cockpit.board.clock import SystemClock
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.profile.deeds import Call, Repository
from cockpit.profile.schema import Service
from tests.process.rig import Site, cockpit_on

CLOCK = SystemClock()
SERVICE = Workload(id=of_service("worker"), source=DECLARED)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture
def running(site: Site) -> Iterator[Site]:
    site.start()
    yield site
    site.end()


def copy_of(site: Site, *files: str) -> WorkingCopy:
    return WorkingCopy(repository(site, *files), CLOCK, os.environ)


def repository(site: Site, *files: str) -> Repository:
    return Repository(path=str(site.folder), files=files or ("conf/app.toml",))


async def planned(site: Site, wanted: str = "", *files: str) -> RollBack:
    return await revisions.plan_back(
        "rollback", "worker", repository(site, *files), SERVICE, wanted, copy_of(site, *files), Secrets(), CLOCK.now()
    )


async def done(site: Site, operation: Operation) -> Outcome:
    return await revisions.put_back(operation, copy_of(site))


def short(site: Site, revision: str) -> str:
    return site.git("rev-parse", revision)[: revisions.SHORT]


async def test_the_one_before_is_chosen_and_the_others_offered_with_their_age(site: Site) -> None:
    made = await planned(site)
    assert [value for value, _ in made.choices] == [short(site, "HEAD~1"), short(site, "HEAD~2")]
    assert "under 1 min ago" in made.choices[0][1]
    assert made.choices[0][1].endswith(": a larger pool")
    operation = made.operation
    assert operation.title == f"put conf/app.toml back to {short(site, 'HEAD~1')}"
    assert dict(operation.after)["files"].endswith(": a larger pool")
    assert dict(operation.before)["files"].endswith(": no pool at all")
    assert operation.diff == ("@@ -1,2 +1,2 @@", "-pool = 0", "+pool = 20 # good", " password = ***")
    assert (made.risks[:1], operation.inverse) == (
        ("nothing is restarted: the service must read its files by itself",),
        ("rollback", (("revision", short(site, "HEAD")),)),
    )
    assert "hunter" not in repr(made)


async def test_put_back_it_is_read_back_and_the_inverse_brings_the_other_again(site: Site) -> None:
    operation = (await planned(site)).operation
    outcome = await done(site, operation)
    assert (outcome.accepted, dict(outcome.facts)) == (True, {"read back": short(site, "HEAD~1")})
    assert site.config.read_text().startswith("pool = 20")
    assert operation.inverse is not None
    undo = await planned(site, dict(operation.inverse[1])["revision"])
    assert (await done(site, undo.operation)).accepted
    assert site.config.read_text().startswith("pool = 0")
    assert site.git("status", "--porcelain") == "?? ctl"
    older = await planned(site, short(site, "HEAD~2"))
    assert (await done(site, older.operation)).accepted
    assert dict((await planned(site)).operation.after)["files"].endswith(": no pool at all")  # nothing older is left


async def test_what_is_not_committed_is_kept_first_and_comes_back(site: Site) -> None:
    site.config.write_text("pool = 5 # staged\n")
    site.git("add", "conf/app.toml")
    site.config.write_text("pool = 7 # by hand, at night\n")
    made = await planned(site)
    assert dict(made.operation.after)["files"].endswith(": no pool at all")  # the last commit
    assert dict(made.operation.before)["files"] == "not as in any commit"
    assert made.risks[0].startswith("what is not committed of it is kept first: git checkout refs/incident-cockpit/")
    outcome = await done(site, made.operation)
    assert outcome.accepted
    assert site.config.read_text().startswith("pool = 0")
    kept = dict(outcome.facts)["kept"]
    assert site.git("show", f"{kept}:conf/app.toml") == "pool = 7 # by hand, at night"
    assert site.git("show", f"{kept}^2:conf/app.toml") == "pool = 5 # staged"
    assert made.operation.inverse == ("rollback", (("revision", kept),))
    undo = await planned(site, kept)
    assert (await done(site, undo.operation)).accepted
    assert site.config.read_text() == "pool = 7 # by hand, at night\n"


async def test_what_was_edited_after_the_plan_is_not_touched(site: Site) -> None:
    operation = (await planned(site)).operation
    site.config.write_text("pool = 7\n")
    assert await revisions.changed(operation, copy_of(site)) == "conf/app.toml was edited meanwhile"
    outcome = await done(site, operation)
    assert (outcome.accepted, outcome.detail) == (False, "conf/app.toml was edited meanwhile")
    assert site.config.read_text() == "pool = 7\n"


async def test_a_file_that_is_missing_comes_back_and_the_plan_says_that_nothing_takes_that_back(site: Site) -> None:
    site.config.unlink()
    made = await planned(site)
    assert "conf/app.toml is missing now: nothing takes that back" in made.risks
    assert made.operation.inverse is None
    assert (await done(site, made.operation)).accepted
    assert site.config.read_text().startswith("pool = 0")


async def test_what_git_cannot_do_leaves_everything_as_it_was(site: Site) -> None:
    operation = (await planned(site)).operation
    (site.folder / ".git/index.lock").touch()
    outcome = await done(site, operation)
    assert not outcome.accepted
    assert outcome.detail.startswith("nothing was changed: git: fatal: Unable to create")
    assert site.config.read_text().startswith("pool = 0")


async def test_hooks_are_not_run(site: Site) -> None:
    hook = site.folder / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {site.folder}/ran\n")
    hook.chmod(0o755)
    assert (await done(site, (await planned(site)).operation)).accepted
    assert not (site.folder / "ran").exists()


@pytest.mark.parametrize(
    ("wanted", "files", "words"),
    [
        ("--help", (), "'--help' is no revision"),
        ("deadbeefdeadbeef", (), "there is no revision deadbeefdeadbeef"),
        (KEPT + "0123456789abcdef", (), "there is no revision refs/incident-cockpit/0123456789abcdef"),
        ("", ("conf/other.toml",), "conf/other.toml is not followed by git"),
        ("", ("ctl",), "ctl is not followed by git"),
        ("", ("conf/link",), "conf/link is no plain file"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(
    site: Site, wanted: str, files: tuple[str, ...], words: str
) -> None:
    (site.folder / "conf/link").symlink_to("/etc/hostname")
    site.git("add", "conf/link")
    with pytest.raises(PlanRefused, match=words):
        await planned(site, wanted, *files)


async def test_a_folder_without_a_repository_is_said(tmp_path: Path) -> None:
    nowhere = WorkingCopy(Repository(path=str(tmp_path), files=("a",)), CLOCK, os.environ)
    with pytest.raises(GitError, match="not a git repository"):
        await nowhere.check()


async def test_a_long_diff_is_cut_and_secrets_in_it_are_hidden() -> None:
    diff = (
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n-api_key: abcdef\n-password = 'x'\n+  'auth-token' = \"x\"\n+TOKEN=y\n"
        + "+line\n" * 50
    )
    lines = revisions.masked(f"{diff}-{'A' * 64}\n", Secrets())
    assert lines[:4] == ("-api_key: ***", "-password = ***", "+  'auth-token' = ***", "+TOKEN=***")
    assert (len(lines), lines[-1]) == (revisions.DIFF_LINES + 1, "and 15 more lines")
    assert revisions.masked(f"-{'A' * 64}\n", Secrets()) == ("-***",)


async def test_through_the_door_files_then_the_process_and_back(running: Site, tmp_path: Path) -> None:
    if not procfs.available():
        pytest.skip("plain processes are observed through Linux's /proc")
    async with cockpit_on(running.profile(), tmp_path / "state") as cockpit:
        first = await cockpit.runs()
        made = await cockpit.plan("rollback")
        assert [(one.verb, one.done_when) for one in made.operations] == [
            ("rollback", "read back"), ("restart", "replaced"),
        ]  # fmt: skip
        assert made.operations[-1].inverse == made.operations[0].inverse
        verdict = await cockpit.perform(made)
        assert verdict.result == "worked", verdict.evidence
        assert running.config.read_text().startswith("pool = 20 # good")
        assert (await cockpit.runs()).id != first.id
        await cockpit.framed(lambda frame: any(one.kind == "verdict" for one in frame.timeline))
        assert cockpit.engine.frame().temporary == ()
        verdict = await cockpit.perform(replace(await cockpit.undo_plan(made), hold=0.5))
        assert verdict.result == "did not work"  # back at the bad one: its start refuses it, and says so
        assert "exit 3" in verdict.evidence[0]
        assert running.config.read_text().startswith("pool = 0")


async def test_where_the_backend_rolls_releases_back_the_files_have_a_verb_of_their_own(site: Site) -> None:
    service = Service(repository=replace(repository(site), then="restart"))
    web = Workload(id=Identity("docker", "engine", "shop", "service", "web"), source="main")

    async def restart(verb: str, _: Workload, __: dict[str, str]) -> Plan:
        one = Operation(verb=verb, title=SafeText("restart web-1"), target=replace(web.id, instance="c1"))
        return Plan(
            id="p", verb=verb, service="web", workload=web.id, source="main", where=(), operations=(one,),
            made_at=CLOCK.now(),
        )  # fmt: skip

    assert [verb.name for verb in plan.offered(service, web)] == ["rollback-config"]
    scene = plan.Scene(
        key="web", service=service, workload=web, plan_verb=restart, secrets=Secrets(), now=CLOCK.now(),
        copy=lambda _: copy_of(site),
    )  # fmt: skip
    made = await plan.make_plan("rollback-config", scene, {})
    back = ("rollback-config", (("revision", short(site, "HEAD")),))
    assert [(one.verb, one.source, one.service, one.inverse) for one in made.operations] == [
        ("rollback", DECLARED, "web", back), ("restart", "main", "web", back),
    ]  # fmt: skip
    called = replace(service, repository=replace(repository(site), then="reload"), calls={"reload": Call(port=80)})
    made = await plan.make_plan("rollback-config", replace(scene, service=called), {})
    assert [one.verb for one in made.operations] == ["rollback", "call"]
