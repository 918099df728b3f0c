"""Samples the running containers: those on the screen often, the others seldom, never more than the daemon bears.

One request for each container and sample (there is none for several), 2.5 ms of the daemon's and containerd's time:
six a second are 1.6 % of a core, and a row of the screen (a service) gets new numbers every 2 to 5 s, one of its
containers after the other. Engine 20.10 answers after a second, so up to ten are asked at once.
"""

import asyncio
from collections.abc import Callable, Iterable
from math import inf

from cockpit.backends.base import Emit, SourceError
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.fleet import Fleet
from cockpit.backends.docker.group import Known
from cockpit.backends.docker.meter import Totals, measure, totals
from cockpit.backends.docker.version import ONE_SHOT
from cockpit.backends.docker.wire import Stats
from cockpit.board.model import Identity, Phase, Sample
from cockpit.board.update import Sampled

AT_ONCE = 10
OFTEN = 2.0
SELDOM = 30.0
FIRST = 1.0
"""Seconds from the first sample of one on the screen to its second: only then its CPU is known."""
ROW = 4.0
"""Seconds after which a row without new numbers comes before containers that wait for longer."""
SHOWN_RATE, OTHER_RATE = 5.0, 1.0
"""Samples a second of those on the screen, and of the others: with more containers each one's turn comes later."""
PAUSE = 0.25
"""Seconds in which answers are gathered into one update."""


class _Rate:
    """So many a second, and at most a second's worth at once."""

    def __init__(self, rate: float) -> None:
        self._rate = self._tokens = rate
        self._at = 0.0

    def upto(self, wanted: int, now: float) -> int:
        """How many of those wanted may go now; they are counted as gone."""
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate)
        self._at = now
        given = max(0, min(wanted, int(self._tokens)))
        self._tokens -= given
        return given


class Due:
    """When each container is to be sampled next. Pure but for what it remembers; times are monotonic seconds."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._rows: dict[Identity, float] = {}
        self._twice: set[str] = set()
        self._shown, self._others = _Rate(SHOWN_RATE), _Rate(OTHER_RATE)

    def choose(
        self, running: Iterable[Known], shown: frozenset[Identity], now: float, room: int = AT_ONCE
    ) -> list[Known]:
        """At most `room` of those whose turn it is.

        First those that came onto the screen, until they have two samples; then the other visible ones, of rows that
        had none for long before those that wait longest; the rest gets a fifth of the room at least.
        """
        fresh: list[tuple[float, int, str, Known]] = []
        visible: list[tuple[bool, float, str, Known]] = []
        others: list[tuple[float, str, Known]] = []
        nth: dict[Identity, int] = {}
        for one in running:
            container, row = one.row.id, one.instance.id.workload
            last = self._last.get(container)
            waited = inf if last is None else now - last
            if row not in shown:
                if waited >= SELDOM:
                    others.append((-waited, container, one))
            elif container not in self._twice:
                nth[row] = nth.get(row, 0) + 1
                if waited >= FIRST:
                    fresh.append((-waited, nth[row], container, one))
            elif waited >= OFTEN:
                visible.append((now - self._rows.get(row, 0.0) < ROW, -waited, container, one))
        share = self._others.upto(min(len(others), max(0, room - len(fresh) - len(visible), room // 5)), now)
        chosen = [one for _, _, _, one in sorted(fresh)[: max(0, room - share)]]
        chosen += [one for _, _, one in sorted(others)[:share]]
        more = self._shown.upto(min(len(visible), max(0, room - len(chosen))), now)
        return chosen + _one_of_each([one for _, _, _, one in sorted(visible)])[:more]

    def sampled(self, one: Known, now: float) -> None:
        """It was asked."""
        container = one.row.id
        if container in self._last:
            self._twice.add(container)
        self._last[container] = self._rows[one.instance.id.workload] = now

    def forget(self, present: Iterable[str]) -> None:
        """Keep only what is still there."""
        kept = set(present)
        self._last = {container: at for container, at in self._last.items() if container in kept}
        self._twice &= kept
        newest = max(self._last.values(), default=0.0)
        self._rows = {row: at for row, at in self._rows.items() if newest - at <= ROW}


def _one_of_each(waiting: list[Known]) -> list[Known]:
    """One of each row before the second of any."""
    seen: dict[Identity, int] = {}
    turns: list[tuple[int, int, Known]] = []
    for place, one in enumerate(waiting):
        row = one.instance.id.workload
        turns.append((seen.get(row, 0), place, one))
        seen[row] = seen.get(row, 0) + 1
    return [one for _, _, one in sorted(turns)]


class Sampler:
    """Emits `Sampled` until cancelled. shown: which workloads are on the screen now."""

    def __init__(
        self, source: str, client: EngineClient, fleet: Fleet, emit: Emit, shown: Callable[[], frozenset[Identity]]
    ) -> None:
        self._source, self._client, self._fleet, self._emit, self._shown = source, client, fleet, emit, shown
        self._due = Due()
        self._totals: dict[str, Totals] = {}
        self._samples: list[Sample] = []

    async def run(self) -> None:
        """Keep up to ten questions in the air."""
        clock = self._client.clock
        query = {"stream": "false"}
        if await self._client.connect() >= ONE_SHOT:
            query["one-shot"] = "true"
        asking: set[asyncio.Task[None]] = set()
        try:
            while True:
                free = min(AT_ONCE, self._client.lanes) - len(asking)
                for known in self._due.choose(self._running(), self._shown(), clock.monotonic(), free):
                    self._due.sampled(known, clock.monotonic())
                    task = asyncio.get_running_loop().create_task(self._one(known, query))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
                self._tell()
                await clock.sleep(PAUSE)
        finally:
            left = tuple(asking)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def _running(self) -> list[Known]:
        return [known for known in self._fleet.known() if known.instance.phase is Phase.RUNNING]

    def _tell(self) -> None:
        if self._samples:
            samples, self._samples = tuple(self._samples), []
            self._emit(Sampled(source=self._source, at=self._client.clock.now(), samples=samples))
            self._tidy()

    async def _one(self, known: Known, query: dict[str, str]) -> None:
        container = known.row.id
        try:
            stats = await self._client.get(f"/containers/{container}/stats", Stats, query)
        except SourceError:
            # It ended, or the daemon hangs: the events or the ping tell which.
            return
        now = totals(stats)
        if now is None:
            self._totals.pop(container, None)
            return
        before, self._totals[container] = self._totals.get(container), now
        self._samples += measure(known.instance.id, before, now, stats.memory_stats)

    def _tidy(self) -> None:
        if len(self._totals) > 2 * len(self._fleet) + 50:
            present = {known.row.id for known in self._fleet.known()}
            self._totals = {container: one for container, one in self._totals.items() if container in present}
            self._due.forget(present)
