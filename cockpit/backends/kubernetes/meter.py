"""CPU and memory of pods from metrics.k8s.io, where the cluster has it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.quantity import quantity
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.kubernetes.wire import Page
from cockpit.backends.kubernetes.wire_apps import PodMetrics
from cockpit.board.model import Identity, Sample
from cockpit.board.update import Sampled

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.observe import Observation

PATH = "/apis/metrics.k8s.io/v1beta1"
EVERY = 15.0
"""The cluster measures every 15 s: asking more often tells the same again."""
AGAIN = 300.0
OLD = timedelta(seconds=90)
"""Numbers that are older are not shown: they would pass for today's."""
_WHY = {
    403: "needs list on pods.metrics.k8s.io",
    404: "the cluster has no metrics.k8s.io",
    503: "metrics.k8s.io does not answer",
}
TIMEOUT = 30.0


class Meter:
    """Emits `Sampled` until cancelled. missing: what to say of numbers that cannot be had; changed: told of it."""

    def __init__(self, observation: "Observation", changed: Callable[[], None]) -> None:
        self._observation, self._changed = observation, changed
        self._last: dict[tuple[str, str], str] = {}
        self.missing: tuple[str, ...] = ()

    async def run(self, shown: Callable[[], frozenset[Identity]]) -> None:
        """Ask for the namespaces that are on the screen; without one on the screen for all."""
        client = self._observation.client
        while True:
            wait = EVERY
            try:
                for space in self._spaces(shown()):
                    await self._ask(space)
                self.missing = ()
            except ApiAnswer as error:
                if error.status not in (403, 404, 429) and error.status < 500:
                    raise
                wait = AGAIN if error.status in (403, 404) else EVERY
                self.missing = (f"CPU and memory are not known: {_WHY.get(error.status) or error.message}",)
            self._changed()
            await client.clock.sleep(wait)

    def _spaces(self, shown: frozenset[Identity]) -> Iterable[str]:
        watched = self._observation.watched
        if tuple(watched) != ("",):
            return watched
        spaces = {one.space for one in shown}
        return sorted(spaces) if 0 < len(spaces) <= 3 else ("",)

    async def _ask(self, space: str) -> None:
        client = self._observation.client
        path = f"{PATH}/namespaces/{space}/pods" if space else f"{PATH}/pods"
        page = await client.get(path, Page[PodMetrics], timeout=TIMEOUT)
        samples = tuple(self._samples(page.items or []))
        if samples:
            source = self._observation.source
            self._observation.emit(Sampled(source=source, at=client.clock.now(), samples=samples))

    def _samples(self, items: Iterable[PodMetrics]) -> Iterator[Sample]:
        now, fleet = self._observation.client.clock.now(), self._observation.fleet
        last: dict[tuple[str, str], str] = {}
        for one in items:
            key = (one.metadata.namespace, one.metadata.name)
            pod = fleet.named(*key)
            stamp = one.timestamp or ""
            at = moment(stamp)
            if pod is None or pod.inactive or (at is not None and now - at > OLD):
                continue
            last[key] = stamp
            if stamp and self._last.get(key) == stamp:
                continue
            identity = pod.instance.id
            usages = [usage.usage for usage in one.containers or ()]
            cpu = [value for usage in usages if (value := quantity(usage.cpu)) is not None]
            memory = [value for usage in usages if (value := quantity(usage.memory)) is not None]
            if cpu:
                yield Sample(identity, "cpu", 100.0 * sum(cpu), "%")
            if memory:
                yield Sample(identity, "memory", sum(memory), "B")
        self._last = {**self._last, **last} if len(self._last) < 20_000 else last
