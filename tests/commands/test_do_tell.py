"""What `cockpit do` prints: every fact of the plan for people, one whole object for programs."""

from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.backends.change import Operation, Plan, Verdict
from cockpit.board.model import Identity, SafeText
from cockpit.commands.do_tell import Report, Teller, plan_lines
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import Requirement, Step

WEB = Identity("docker", "e", "shop", "compose", "web")
PLAN = Plan(
    id="1", verb="rollback", service="web", workload=WEB, source="main", where=(("engine", SafeText("prod")),),
    operations=(
        Operation(
            verb="rollback", title=SafeText("roll web back"), target=WEB, before=(("release", SafeText("2")),),
            after=(("release", SafeText("1")),), inverse=("rollback", (("release", "2"),)),
            command=SafeText("docker compose up"),
        ),
    ),
    made_at=datetime(2026, 3, 1, tzinfo=UTC), danger="high", risks=(SafeText("single replica"),),
    choices=(("1", SafeText("1  ran 6 d")), ("0", SafeText("0  ran 2 d"))),
)  # fmt: skip
VERDICT = Verdict(result="worked", evidence=(SafeText("1 of 1 ready"),), seconds=12.34)
REPORT = Report(profile="shop", service="web", verb="rollback", outcome="planned")


def test_a_plan_is_printed_with_all_that_decides() -> None:
    lines = plan_lines(PLAN, Requirement(second="tier 1"), "cockpit --profile shop")
    assert [line.split(None, 1) for line in lines] == [
        ["rollback", "web"], ["where", "engine prod"], ["now", "release 2"], ["to", "release 1"],
        ["does", "1 roll web back"], ["choices", "1  ran 6 d"], ["0", "ran 2 d"], ["risk", "single replica"],
        ["high", "danger: it can lose data or break what works"],
        ["judged", "worked when it stays so for 10 s, within 120 s"], ["same", "as  docker compose up"],
        ["undo", "cockpit --profile shop do web rollback release=2"], ["needs", "a second person: tier 1"],
    ]  # fmt: skip


def test_of_several_services_each_is_named() -> None:
    (one,) = PLAN.operations
    api = replace(one, service="api", title=SafeText("roll api back"), inverse=("rollback", (("release", "7"),)))
    kept = replace(one, service="api", title=SafeText("keep"), before=(), after=(), inverse=None)
    lines = plan_lines(replace(PLAN, operations=(kept, one, api)), Requirement(), "cockpit")
    assert lines[0] == "rollback web (2 services)"
    assert [line.split(None, 1)[1] for line in lines if line.split(None, 1)[0] in ("now", "to")] == [
        "web: release 2", "web: release 1", "api: release 2", "api: release 1",
    ]  # fmt: skip
    assert [line.strip() for line in lines[-2:]] == [
        "undo     cockpit do web rollback release=2",
        "cockpit do api rollback release=7",
    ]
    assert plan_lines(replace(PLAN, operations=(kept,)), Requirement(), "")[-1].endswith(
        "nothing takes it back by itself"
    )


def test_what_is_kept_first_is_told_once_and_aside() -> None:
    (one,) = PLAN.operations
    logs = (("kept", SafeText("the logs")),)
    keep = replace(one, title=SafeText("keep the log"), before=(), after=logs, done_when="captured", inverse=None)
    where = (("cluster", SafeText("prod")), ("order", SafeText("db, then web")))
    lines = plan_lines(replace(PLAN, where=where, operations=(keep, one, keep, one)), Requirement(), "cockpit")
    labelled = [line.split(None, 1) for line in lines]
    assert [text for label, text in labelled if label == "to"] == ["release 1", "release 1"]
    assert [text for label, text in labelled if label == "first"] == ["kept the logs"]
    assert labelled[1:3] == [["where", "cluster prod"], ["order", "db, then web"]]
    alone = plan_lines(replace(PLAN, operations=(keep,)), Requirement(), "cockpit")
    assert ["to", "kept the logs"] in [line.split(None, 1) for line in alone]


def test_steps_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(json=False)
    step = Step(title=SafeText("roll web back"), state="done", seconds=1.0, detail=SafeText("1 of 1"))
    status = OperationStatus(plan=PLAN, steps=(step,), started_at=PLAN.made_at, phase="verifying")
    for _ in range(3):
        teller.progress((status,), PLAN)
    teller.end(REPORT.judged(VERDICT))
    assert capsys.readouterr().out.splitlines() == [
        "  step 1 roll web back: done, 1.0 s: 1 of 1",
        "  watching for 10 s whether it stays so",
        "worked after 12.3 s",
        "  1 of 1 ready",
    ]


def test_json_is_one_object_on_stdout_and_words_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller(json=True)
    teller.plan(PLAN, Requirement())
    teller.end(REPORT.with_plan("shop/web", PLAN, Requirement()).judged(VERDICT))
    told = capsys.readouterr()
    assert "roll web back" in told.err
    report = msgspec.json.decode(told.out, type=Report)
    assert (report.outcome, report.service, report.plan, report.plan_hash) == ("worked", "shop/web", PLAN, PLAN.hash)
    assert report.verdict == VERDICT


def test_a_refusal_says_why_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Teller(json=False).end(REPORT.ended("refused", "read-only\x1b[2J"))
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "cockpit do: refused: read-only\n")
