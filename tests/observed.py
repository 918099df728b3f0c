"""A source under supervision and the board that it fills, as in the engine: for tests on real parts."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from cockpit.backends.base import Source
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.update import Heard, Lost, Update
from cockpit.engine.supervise import supervise
from cockpit.profile.schema import Backend, Profile
from tests.patience import PATIENCE

AnySource = TypeVar("AnySource", bound=Source)


class Observed(Generic[AnySource]):
    """`async with Observed(...) as watch`: observed until the block ends. updates: all of them, in order."""

    def __init__(self, source: AnySource, declared: Backend, clock: Clock) -> None:
        self.clock, self.source = clock, source
        profile = Profile(version=1, name="test", discover=True, backends={source.name: declared})
        self.board = Board(profile, clock)
        self.updates: list[Update] = []
        self.lost: list[SafeText] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        run = supervise(lambda: self.source.observe(self._take), self._failed, self.clock)
        self._task = asyncio.get_running_loop().create_task(run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.source.close()

    def _take(self, update: Update) -> None:
        self.updates.append(update)
        self.board.apply(update)

    def _failed(self, why: SafeText) -> None:
        self.lost.append(why)
        self._take(Lost(source=self.source.name, at=self.clock.now(), why=why))

    async def until(
        self, holds: Callable[[], object], within: float = PATIENCE, otherwise: Callable[[], str] = str
    ) -> None:
        """Once `holds()` is true of the board. otherwise: what the real part says itself when it never is."""
        try:
            await self.board.until(lambda _: bool(holds()), within)
        except TimeoutError:
            told = [str(one)[:600] for one in self.updates if not isinstance(one, Heard)][-3:]
            board = [str(one)[:2000] for one in self.board.workloads().values()][:5]
            words = f"not within {within:g} s; lost: {self.lost}; last: {told}; on the board: {board}; {otherwise()}"
            raise AssertionError(words) from None
