"""CPU and memory of pods from metrics.k8s.io, where the cluster has it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Protocol

from cockpit.backends.base import Emit
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.kinds import NODES
from cockpit.backends.kubernetes.quantity import quantity
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import PodMetrics
from cockpit.backends.kubernetes.wire_nodes import NodeMetrics
from cockpit.board.model import Identity, Sample
from cockpit.board.update import Sampled

PATH = "/apis/metrics.k8s.io/v1beta1"
EVERY = 15.0
"""The cluster measures every 15 s: asking more often tells the same again."""
SELDOM = 60.0
"""Of namespaces that are not on the screen."""
SPACES_MOST = 8
"""Namespaces on the screen that are asked for one by one; of more, all are asked for at once, every 30 s."""
SLICE = 250
"""Pods whose numbers are told between two turns of the loop: 5,000 at once would hold it up for 100 ms."""
AGAIN = 300.0
OLD = timedelta(seconds=90)
"""Numbers that are older are not shown: they would pass for today's."""
_WHY = {
    403: "needs list on pods.metrics.k8s.io",
    404: "the cluster has no metrics.k8s.io",
    503: "metrics.k8s.io does not answer",
}
TIMEOUT = 30.0


class Observed(Protocol):
    """As much of an observation as its numbers need. whole: set once its lists are known; watched: its namespaces."""

    source: str
    client: KubeClient
    emit: Emit
    fleet: Fleet
    whole: asyncio.Event

    @property
    def watched(self) -> Sequence[str]:
        """("",) is all at once."""
        ...


class Meter:
    """Emits `Sampled` until cancelled. missing: what to say of numbers that cannot be had; changed: told of it."""

    def __init__(self, observation: Observed, changed: Callable[[], None]) -> None:
        self._observation, self._changed = observation, changed
        self._last: dict[tuple[str, str], str] = {}
        self.missing: tuple[str, ...] = ()
        self._nodes: frozenset[Identity] = frozenset()
        self._nudge = asyncio.Event()

    def look(self, shown: frozenset[Identity]) -> None:
        """Nodes that come onto the screen are measured at once: nobody waits a round for the first numbers."""
        nodes = frozenset(one for one in shown if one.kind == NODES.singular)
        if nodes - self._nodes:
            self._nudge.set()
        self._nodes = nodes

    async def run(self, shown: Callable[[], frozenset[Identity]]) -> None:
        """Ask for the namespaces that are on the screen often, for all seldom."""
        client = self._observation.client
        asked = -SELDOM
        await self._observation.whole.wait()
        while True:
            wait = EVERY
            try:
                spaces = self._spaces(shown())
                if not spaces or client.clock.monotonic() - asked >= SELDOM:
                    asked, wait = client.clock.monotonic(), EVERY if spaces else 2 * EVERY
                    spaces = self._observation.watched
                measured = [at for space in spaces if (at := await self._ask(space)) is not None]
                self.missing = _outdated(measured, client.clock.now())
                if nodes := [one for one in shown() if one.kind == NODES.singular]:
                    await self._ask_nodes(nodes)
            except ApiAnswer as error:
                if error.status not in (403, 404, 429) and error.status < 500:
                    raise
                wait = AGAIN if error.status in (403, 404) else EVERY
                self.missing = (f"CPU and memory are not known: {_WHY.get(error.status) or error.message}",)
            self._changed()
            with suppress(TimeoutError):
                async with client.clock.timeout(wait):
                    await self._nudge.wait()
            self._nudge.clear()

    def _spaces(self, shown: frozenset[Identity]) -> Sequence[str]:
        """The namespaces on the screen; empty when there are none, or so many that all are as well asked for."""
        spaces = {one.space for one in shown if one.backend == "kubernetes" and one.kind != NODES.singular}
        return sorted(spaces) if len(spaces) <= SPACES_MOST else ()

    async def _ask(self, space: str) -> datetime | None:
        """Tell what the pods of a namespace (empty: of all) use; when the newest of it was measured."""
        client = self._observation.client
        path = f"{PATH}/namespaces/{space}/pods" if space else f"{PATH}/pods"
        page = await client.get(path, Page[PodMetrics], timeout=TIMEOUT)
        items = page.items or []
        for start in range(0, len(items), SLICE):
            samples = tuple(self._samples(items[start : start + SLICE]))
            if samples:
                source = self._observation.source
                self._observation.emit(Sampled(source=source, at=client.clock.now(), samples=samples))
            await asyncio.sleep(0)
        self._last = {key: stamp for key, stamp in self._last.items() if self._observation.fleet.named(*key)}
        newest = max((one.timestamp or "" for one in items), default="")
        return moment(newest)

    async def _ask_nodes(self, shown: Iterable[Identity]) -> None:
        """What the machines use that are on the screen; their pods' numbers do without it."""
        client = self._observation.client
        try:
            page = await client.get(f"{PATH}/nodes", Page[NodeMetrics], timeout=TIMEOUT)
        except ApiAnswer as error:
            if error.status not in _WHY:
                raise
            self.missing = (f"CPU and memory of nodes are not known: {error.message}",)
            return
        now, named = client.clock.now(), {one.name: one for one in shown}
        samples = []
        for one in page.items or []:
            at, identity = moment(one.timestamp), named.get(one.metadata.name)
            if identity is None or (at is not None and now - at > OLD):
                continue
            cpu, memory = quantity(one.usage.cpu), quantity(one.usage.memory)
            samples += [Sample(identity, "cpu", 100.0 * cpu, "%")] if cpu is not None else []
            samples += [Sample(identity, "memory", memory, "B")] if memory is not None else []
        if samples:
            self._observation.emit(Sampled(source=self._observation.source, at=now, samples=tuple(samples)))

    def _samples(self, items: Iterable[PodMetrics]) -> Iterator[Sample]:
        now, fleet = self._observation.client.clock.now(), self._observation.fleet
        for one in items:
            key = (one.metadata.namespace, one.metadata.name)
            pod = fleet.named(*key)
            stamp = one.timestamp or ""
            at = moment(stamp)
            if pod is None or pod.inactive or (at is not None and now - at > OLD):
                continue
            if stamp and self._last.get(key) == stamp:
                continue
            self._last[key] = stamp
            identity = pod.instance.id
            usages = [usage.usage for usage in one.containers or ()]
            cpu = [value for usage in usages if (value := quantity(usage.cpu)) is not None]
            memory = [value for usage in usages if (value := quantity(usage.memory)) is not None]
            if cpu:
                yield Sample(identity, "cpu", 100.0 * sum(cpu), "%")
            if memory:
                yield Sample(identity, "memory", sum(memory), "B")


def _outdated(measured: Sequence[datetime], now: datetime) -> tuple[str, ...]:
    """What to say of numbers that are all too old to be shown. measured: when each namespace was last."""
    newest = max(measured, default=None)
    if newest is None or now - newest <= OLD:
        return ()
    when = f"{newest:%Y-%m-%d %H:%M}Z"
    return (f"CPU and memory are not known: metrics.k8s.io measured them last {when}, or a clock is wrong",)
