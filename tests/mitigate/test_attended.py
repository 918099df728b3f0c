"""What a person attends: a shell through the door, however it ends, and what is recorded of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.change import ATTENDED, Operation, Permit, Plan, PlanRefused, Verdict
from cockpit.backends.shell import Ended, Size
from cockpit.board.model import SafeText
from cockpit.mitigate.attended import LONGEST
from cockpit.mitigate.bulk import join
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.recover import recover
from cockpit.mitigate.run import Door
from tests.mitigate.world import FakeOperator, InlineJournal, Stage, operation, plan

SECRET, EXIT = b"hunter2", b"exit\r"


class FakeShell:
    """Prints what is typed, and what is put into `prints`: an exception is raised, b"" is its end."""

    def __init__(self, ended: Ended) -> None:
        self.prints: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.typed = b""
        self.sizes: list[Size] = []
        self.ends = 0
        self._ended = ended

    async def read(self) -> bytes:
        one = await self.prints.get()
        if isinstance(one, Exception):
            raise one
        return one

    async def write(self, data: bytes) -> None:
        self.typed += data
        self.prints.put_nowait(b"" if data == EXIT else data)

    async def resize(self, size: Size) -> None:
        self.sizes.append(size)
        raise SourceError("it does not know sizes")

    async def end(self) -> Ended:
        self.ends += 1
        return self._ended


class Opener(FakeOperator):
    """An operator that can open one shell, or says why not."""

    def __init__(self, ended: Ended | None = None, refused: str = "") -> None:
        super().__init__()
        self.shell, self.refused = FakeShell(ended or Ended(exit_code=3)), refused

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> FakeShell:
        self.permits.append(permit)
        self.asked.append(f"{operation.title} {size.columns}x{size.rows} {term}")
        if self.refused:
            raise SourceError(self.refused)
        return self.shell


class FakeTerminal:
    """A person who types what is put into `types`; b"" is a terminal that is gone."""

    def __init__(self) -> None:
        self.size, self.term = Size(100, 30), "xterm"
        self.types: asyncio.Queue[bytes] = asyncio.Queue()
        self.other: asyncio.Queue[Size] = asyncio.Queue()
        self.shown = b""
        self.attached = asyncio.Event()
        self.closed = False

    async def attach(self) -> None:
        self.attached.set()

    async def read(self) -> bytes:
        return await self.types.get()

    async def write(self, data: bytes) -> None:
        self.shown += data

    async def resized(self) -> Size:
        return await self.other.get()

    def close(self) -> None:
        self.closed = True


def shell_plan(stage: Stage, **fields: object) -> Plan:
    return plan(
        operation(1, "shell", done_when=ATTENDED, deadline=1.0), made_at=stage.clock.now(), hold=0.0, deadline=5.0,
        **fields,
    )  # fmt: skip


class Night:
    """A stage with one shell and one person."""

    def __init__(self, directory: Path, opener: Opener | None = None, guard: Guard | None = None) -> None:
        self.stage = Stage(directory, guard=guard)
        self.opener = opener or Opener()
        self.terminal = FakeTerminal()
        self.door = Door(
            self.stage.journal, self.stage.world, {"main": self.opener}, self.stage.clock, guard or Guard()
        )

    async def play(self, then: Callable[[], object], *, seconds: float = 10.0) -> Verdict:
        """Open it, do something once it is open, let time pass until the verdict."""
        task = asyncio.create_task(self.door.perform(shell_plan(self.stage), terminal=self.terminal))
        opened = asyncio.create_task(self.terminal.attached.wait())
        await asyncio.wait((task, opened), return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        then()
        passed = 0.0
        while not task.done() and passed <= seconds:
            step = max(0.5, seconds / 100)
            await self.stage.clock.advance(step)
            passed += step
        assert task.done(), "no verdict"
        return task.result()


async def test_its_exit_code_is_the_verdict_and_nothing_of_its_bytes_is_kept(tmp_path: Path) -> None:
    night = Night(tmp_path / "state")

    def at_the_terminal() -> None:
        night.terminal.types.put_nowait(SECRET)
        night.terminal.types.put_nowait(EXIT)
        night.terminal.other.put_nowait(Size(80, 24))

    verdict = await night.play(at_the_terminal)
    assert (verdict.result, len(verdict.evidence)) == ("worked", 1)
    assert verdict.evidence[0].startswith("ended with exit 3 after ")
    assert night.opener.asked == ["shell hook-receiver-1 100x30 xterm"]
    assert night.opener.permits[0].who == ""
    assert (night.opener.shell.typed, night.terminal.shown) == (SECRET + EXIT, SECRET)
    assert night.opener.shell.sizes == [Size(80, 24)]
    assert (night.opener.shell.ends, night.terminal.closed) == (1, True)
    intent, result, told = night.stage.journal.entries
    assert [one.kind for one in (intent, result, told)] == ["intent", "result", "verdict"]
    facts = dict(result.facts)
    assert facts["exit code"] == "3"
    assert facts["began"] <= facts["ended"]
    assert all(SECRET.decode() not in f"{one.text} {one.facts}" for one in night.stage.journal.entries)


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (lambda night: night.terminal.types.put_nowait(b""), "from here, for the terminal is gone"),
        (lambda night: night.door.stop("it was asked to end"), "from here, for the cockpit ends"),
        (lambda night: night.opener.shell.prints.put_nowait(b""), "from here, for the connection was cut"),
        (
            lambda night: night.opener.shell.prints.put_nowait(SourceError("no route")),
            "from here, for the connection was lost (no route)",
        ),
    ],
    ids=["hung up", "the cockpit ends", "cut", "lost"],
)
async def test_whatever_ends_it_is_told(tmp_path: Path, happens: Callable[[Night], object], told: str) -> None:
    night = Night(tmp_path / "state", Opener(Ended(exit_code=129, forced=True)))
    verdict = await night.play(lambda: happens(night))
    assert night.opener.shell.ends == 1
    assert night.terminal.closed
    (result,) = [one for one in night.stage.journal.entries if one.kind == "result"]
    assert told in result.text
    assert verdict.result == "worked"
    assert verdict.evidence[0].startswith("ended with exit 129 after ")


async def test_one_that_is_forgotten_is_ended(tmp_path: Path) -> None:
    night = Night(tmp_path / "state", Opener(Ended(exit_code=129, forced=True)))
    verdict = await night.play(lambda: None, seconds=LONGEST * 1.1)
    assert "the longest that one may stay open" in verdict.evidence[0]


async def test_an_end_that_nobody_saw_is_unknown(tmp_path: Path) -> None:
    ended = Ended(exit_code=None, remark=SafeText("it may still run there: no answer"))
    night = Night(tmp_path / "state", Opener(ended))
    verdict = await night.play(lambda: night.opener.shell.prints.put_nowait(SourceError("gone")))
    assert verdict.result == "unknown"
    assert "it may still run there" in verdict.evidence[0]


async def test_one_that_cannot_be_opened_did_not_work(tmp_path: Path) -> None:
    night = Night(tmp_path / "state", Opener(refused="web is not running"))
    verdict = await night.play(lambda: None)
    assert (verdict.result, verdict.evidence) == ("did not work", ("shell hook-receiver-1: web is not running",))
    assert not night.terminal.attached.is_set()


async def test_without_leave_or_a_terminal_nothing_is_opened(tmp_path: Path) -> None:
    read_only = Night(tmp_path / "one", guard=Guard(read_only="the profile says so"))
    with pytest.raises(Refused, match="read-only"):
        await read_only.play(lambda: None)
    night = Night(tmp_path / "two")
    with pytest.raises(Refused, match="needs a terminal, and nobody is at one here"):
        await night.door.perform(shell_plan(night.stage))
    two = plan(
        operation(1), operation(2, "shell", done_when=ATTENDED), made_at=night.stage.clock.now()
    )  # fmt: skip
    with pytest.raises(Refused, match="nothing else may stand in its plan"):
        await night.door.perform(two, terminal=night.terminal)
    plain = Door(night.stage.journal, night.stage.world, {"main": FakeOperator()}, night.stage.clock, Guard())
    verdict = await plain.perform(shell_plan(night.stage), terminal=night.terminal)
    assert "nothing here can open a shell in it" in verdict.evidence[0]
    assert (read_only.opener.asked, night.opener.asked) == ([], [])
    assert read_only.stage.journal.entries == ()


def test_several_are_not_opened_at_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state")
    with pytest.raises(PlanRefused, match="one at a time"):
        join([shell_plan(stage), shell_plan(stage)], "stop", stage.clock.now())


async def test_an_open_one_keeps_nobody_from_a_restart(tmp_path: Path) -> None:
    night = Night(tmp_path / "state")
    shell = asyncio.create_task(night.door.perform(shell_plan(night.stage), terminal=night.terminal))
    await night.terminal.attached.wait()
    restarted = await night.stage.play(plan(operation(1), made_at=night.stage.clock.now()))
    assert restarted.result == "worked"
    night.terminal.types.put_nowait(b"")
    assert (await shell).result == "worked"


async def test_one_whose_cockpit_died_is_found_unknown(tmp_path: Path) -> None:
    night = Night(tmp_path / "state")
    shell = asyncio.create_task(night.door.perform(shell_plan(night.stage), terminal=night.terminal))
    await night.terminal.attached.wait()
    night.stage.journal.die()
    journal = InlineJournal(tmp_path / "state", night.stage.clock, "backup")
    found = asyncio.create_task(recover(journal, night.stage.world, night.stage.clock))
    while not found.done():
        await night.stage.clock.advance(1.0)
        night.stage.world.seen()
    (entry,) = await found
    assert entry.text.startswith("found at the start: shell hook-receiver: unknown (its end was not seen")
    shell.cancel()
    await asyncio.gather(shell, return_exceptions=True)
