"""Samples the running containers: those on the screen often, the others seldom, never more than the daemon bears.

One request for each container and sample (there is none for several), 2.5 ms of the daemon's time; Engine 20.10 answers
it after a second, so up to ten are asked at once.
"""

import asyncio
from collections.abc import Callable, Iterable

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
SHOWN_RATE, OTHER_RATE = 10.0, 4.0
"""Samples a second of those on the screen, and of the others: with more containers each one's turn comes later."""
PAUSE = 0.25
"""Seconds in which answers are gathered into one update."""


class Due:
    """When each container is to be sampled next. Pure but for what it remembers; times are monotonic seconds."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._twice: set[str] = set()
        self._tokens, self._at = OTHER_RATE, 0.0

    def choose(
        self, running: Iterable[Known], shown: frozenset[Identity], now: float, room: int = AT_ONCE
    ) -> list[Known]:
        """At most `room` of those whose turn it is: the longest waiting first, the others getting a fifth of it."""
        known = list(running)
        visible = [one.instance.id.workload in shown for one in known]
        often = max(OFTEN, sum(visible) / SHOWN_RATE)
        seldom = max(SELDOM, (len(known) - sum(visible)) / OTHER_RATE)
        wanted: list[tuple[float, str, Known]] = []
        others: list[tuple[float, str, Known]] = []
        for one, seen in zip(known, visible, strict=True):
            last = self._last.get(one.row.id)
            first = seen and last is not None and one.row.id not in self._twice
            wait = FIRST if first else often if seen else seldom
            late = now - last - wait if last is not None else SELDOM
            if late >= 0:
                (wanted if seen else others).append((-late, one.row.id, one))
        self._tokens = min(OTHER_RATE, self._tokens + (now - self._at) * OTHER_RATE)
        self._at = now
        share = min(len(others), int(self._tokens), max(0, room - len(wanted), room // 5))
        self._tokens -= share
        chosen = [*sorted(wanted)[: max(0, room - share)], *sorted(others)[:share]]
        return [one for _, _, one in chosen]

    def sampled(self, container: str, now: float) -> None:
        """It was asked."""
        if container in self._last:
            self._twice.add(container)
        self._last[container] = now

    def forget(self, present: Iterable[str]) -> None:
        """Keep only what is still there."""
        kept = set(present)
        self._last = {container: at for container, at in self._last.items() if container in kept}
        self._twice &= kept


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
                    self._due.sampled(known.row.id, clock.monotonic())
                    task = asyncio.get_running_loop().create_task(self._one(known, query))
                    asking.add(task)
                    task.add_done_callback(asking.discard)
                self._tell()
                await clock.sleep(PAUSE)
        finally:
            for task in asking:
                task.cancel()

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
