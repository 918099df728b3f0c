"""A board, a source that a test speaks through and the open logs on it, all on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

from msgspec.structs import replace

from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.model import Instance, Phase, Workload
from cockpit.board.update import Update
from cockpit.engine.follow import Read
from cockpit.engine.frame import TailStatus
from cockpit.engine.port import OpenTail
from cockpit.engine.streams import Around
from cockpit.engine.tails import Tails
from cockpit.logs.line import LogLine, RawLine
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.engine.fakes import START, FakeSource, workload

PROFILE = Profile(
    version=1,
    name="shop",
    backends={"fake": Backend(kind="docker")},
    services={name: Service(workloads=(Selector(compose=name),)) for name in ("web", "db", "api")},
)


def no_mask(text: str) -> str:
    return text


class Stage:
    """Every update goes to the board and then to the logs, as the engine's core does it."""

    def __init__(
        self, mask: Callable[[str], str] = no_mask, files: Read | None = None, background: int = 0, **file_logs: str
    ) -> None:
        self.clock = ManualClock()
        self.board = Board(PROFILE, self.clock)
        self.source = FakeSource(self.clock, "fake")
        self.changes = 0
        around = Around(
            sources={"fake": self.source},
            board=self.board,
            clock=self.clock,
            mask=mask,
            files=files,
            background=background,
            file_logs={service: (("app", path),) for service, path in file_logs.items()},
        )
        self.tails = Tails(around, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def emit(self, update: Update) -> None:
        self.board.apply(update)
        self.tails.sync(self.board.snapshot())

    def put(self, name: str, *instances: Instance) -> None:
        """A service's instances as they are now."""
        self.source.change(workload(name, *instances))

    async def open(self, *services: str, **more: object) -> str:
        spec: OpenTail = replace(OpenTail(services=services or ("web",)), **more)
        tail = self.tails.open(spec)
        await self.clock.advance(0)
        return tail

    async def write(self, stream: str, *lines: RawLine | Exception | None, wait: float = 0.5) -> None:
        """Lines of an instance ("web-1"), or the end (None) or break of its stream; then time for them to arrive."""
        for line in lines:
            self.feed(stream, line)
        await self.clock.advance(wait)

    def feed(self, stream: str, line: RawLine | Exception | None) -> None:
        queue = self.source.stream(f"{stream}-id")
        queue.put_nowait([line] if isinstance(line, RawLine) else line)

    def lines(self, tail: str) -> tuple[LogLine, ...]:
        return self.tails.window(tail, -(10**6), 1000).lines

    def texts(self, tail: str) -> list[str]:
        return [line.text for line in self.lines(tail)]

    def status(self, tail: str) -> TailStatus:
        return self.tails.statuses()[tail]


@asynccontextmanager
async def stage(
    *workloads: Workload,
    mask: Callable[[str], str] = no_mask,
    files: Read | None = None,
    background: int = 0,
    **file_logs: str,
) -> AsyncIterator[Stage]:
    """A stage on which these workloads run."""
    made = Stage(mask, files, background, **file_logs)
    made.source.workloads = list(workloads)
    observing = asyncio.create_task(made.source.observe(made.emit))
    await made.clock.advance(0)
    try:
        yield made
    finally:
        observing.cancel()
        await made.tails.close()


def exited(one: Instance, code: int, finished: float, **more: object) -> Instance:
    """The same instance, ended `finished` seconds after the clock's start."""
    changes: Mapping[str, object] = {
        "phase": Phase.EXITED,
        "exit_code": code,
        "finished_at": START + timedelta(seconds=finished),
        **more,
    }
    return replace(one, **changes)
