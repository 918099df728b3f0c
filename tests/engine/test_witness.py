"""What the log said before a change is kept, and what is new in it afterwards is told; nothing of it holds one up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.capture import Keeper
from cockpit.backends.change import Operation, Plan
from cockpit.board.model import SafeText
from cockpit.engine import witness
from cockpit.engine.streams import Around
from cockpit.engine.witness import LogWitness
from cockpit.mitigate.witness import SILENT
from cockpit.mitigate.witness import Testimony as Told
from tests.engine import stage as stages
from tests.engine.fakes import START, instance, raw, workload
from tests.engine.stage import Stage

WEB = workload("web", instance("web", 1, restarts=3), instance("web", 2, restarts=0))
OLD = ("ERROR pool exhausted after 30 ms", "ERROR pool exhausted after 31 ms", "all is well", "FATAL out of memory")


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with stages.stage(WEB) as found:
        yield found


def plan(stage: Stage) -> Plan:
    operation = Operation(verb="restart", title=SafeText("restart web"), target=WEB.id)
    return Plan(
        id="p", verb="restart", service="web", workload=WEB.id, source="fake", where=(), operations=(operation,),
        made_at=stage.clock.now(),
    )  # fmt: skip


def around(stage: Stage) -> Around:
    return Around(
        sources={"fake": stage.source}, board=stage.board, clock=stage.clock, mask=lambda text: text.replace("7", "*")
    )


def say(stage: Stage, name: str, *texts: str) -> None:
    stage.source.stream(f"{name}-id").put_nowait([raw(number, text) for number, text in enumerate(texts)])
    stage.source.stream(f"{name}-id").put_nowait(None)


async def before(stage: Stage, keeper: Keeper | None = None) -> Told:
    return await LogWitness(around(stage), keeper).before(plan(stage))


async def test_what_was_said_before_stands_with_the_intent_and_what_is_new_in_the_verdict(stage: Stage) -> None:
    say(stage, "web-1", *OLD)
    say(stage, "web-2", "ERROR pool exhausted after 99 ms")
    testimony = await before(stage)
    since = f"{stage.clock.now() - witness.WINDOW:%H:%M:%S}Z"
    assert testimony.facts == (
        ("log before", f"5 lines since {since}, 4 errors of 2 kinds"),
        ("error before", "3 x ERROR pool exhausted after … ms"),
        ("error before", "1 x FATAL out of memory"),
        ("restarts before", "web-1 3, web-2 0"),
    )
    asked = stage.source.requests[0]
    assert (asked.since, asked.follow, asked.tail) == (stage.clock.now() - timedelta(minutes=10), False, 10_000)
    say(stage, "web-1", "ERROR pool exhausted after 2 ms", "ERROR no table order", "ERROR no table order")
    say(stage, "web-2", '{"level": "error", "message": "schema is missing", "order": 12}')
    assert await testimony.since() == (
        "new in the log since: 2 x ERROR no table order",
        "new in the log since: 1 x ERROR schema is missing  order=…",
    )
    assert stage.source.requests[-1].since == stage.clock.now()
    say(stage, "web-1", "ERROR pool exhausted after 4 ms")
    say(stage, "web-2")
    assert await testimony.since() == ("no new kind of error in 1 log lines since",)


async def test_the_window_is_kept_masked_and_hashed(stage: Stage, tmp_path: Path) -> None:
    say(stage, "web-1", "ERROR token 7 is wrong")
    say(stage, "web-2")
    testimony = await before(stage, Keeper(tmp_path, stage.clock))
    kept = [value for name, value in testimony.facts if name == "kept"]
    path, size, _, _, digest = kept[0].split()
    text = _text(path)
    assert (len(kept), text) == (1, f"{START.isoformat(timespec='milliseconds')} out ERROR token * is wrong\n")
    assert (int(size), len(digest)) == (len(text), 64)
    assert "web-before-restart" in path


async def test_a_log_that_hangs_or_breaks_is_named_and_holds_nothing_up(stage: Stage) -> None:
    stage.source.stream("web-1-id").put_nowait(SourceError("connection lost"))
    waiting = asyncio.create_task(before(stage))
    await stage.clock.advance(witness.WITHIN + 1)
    testimony = await waiting
    assert testimony.facts[:2] == (
        ("log not read", "web-1: connection lost"),
        ("log not read", "not read to the end within 5 s"),
    )
    say(stage, "web-1", "ERROR no table order")
    say(stage, "web-2")
    assert await testimony.since() == (
        "errors in the log since (what was before is not known): 1 x ERROR no table order",
    )


async def test_of_a_flood_the_newest_is_kept(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witness, "LIMIT", 4000)
    say(stage, "web-1", *(f"line {number}" for number in range(1000)))
    say(stage, "web-2")
    heard = await LogWitness(around(stage), None).hear(plan(stage), START)
    kept = heard.kept["web-1"]
    assert heard.lines == 1000
    assert sum(map(len, kept)) <= 2000
    assert kept[-1].endswith(b"line 999\n")


async def test_what_a_person_attends_is_not_watched(stage: Stage) -> None:
    shell = replace(plan(stage), operations=(replace(plan(stage).operations[0], done_when="ended"),))
    assert await LogWitness(around(stage), None).before(shell) is SILENT
    assert stage.source.requests == []


def _text(path: str) -> str:
    return Path(path).read_text()
