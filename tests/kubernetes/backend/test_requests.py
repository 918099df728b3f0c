"""What a cluster is asked while nothing happens: counted by the emulator, on a clock that the test moves."""

import asyncio
from collections import Counter
from collections.abc import Callable

from cockpit.backends.kubernetes.kinds import EVENTS, OBSERVED
from cockpit.backends.kubernetes.observe import PING_EVERY
from cockpit.board.clock import ManualClock
from tests.kubernetes.backend.test_observe import SHOP, live
from tests.kubernetes.backend.watch import WITHIN, Watch
from tests.kubernetes.conftest import Kubernetes

PING, METRICS = "GET /version", "GET /apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"
FEW = 5
"""Times that a namespace on the screen is asked for its numbers in a minute, at most."""


async def test_at_rest_a_namespace_is_pinged_and_measured_and_nothing_else_is_asked(still: Kubernetes) -> None:
    clock, seen = ManualClock(), still.cluster.faults.seen
    async with Watch(still.kubeconfig, clock=clock) as watch:

        async def go_on(until: Callable[[], object]) -> None:
            """Let time pass, slowly enough that every answer comes within it, until this is so."""
            async with asyncio.timeout(WITHIN):
                while not until():
                    await clock.advance(0.1)
                    await asyncio.sleep(0.005)

        await go_on(lambda: live(watch) and len(watch.board.workloads()) >= len(SHOP))
        watch.source.focus(frozenset(one for one in watch.board.workloads() if one.kind != "node"))
        paths = {kind.path("shop") for kind in OBSERVED if kind.namespaced}
        # Each kind is listed and then watched, past scalings are asked for once; numbers come once all is there.
        asks = dict.fromkeys(paths, 2) | {EVENTS.path("shop"): 4}
        await go_on(lambda: METRICS in seen and all(seen.count(f"GET {path}") >= some for path, some in asks.items()))
        seen.clear()
        begun = clock.monotonic()
        await go_on(lambda: clock.monotonic() - begun >= 6 * PING_EVERY)
        asked = Counter(seen)
    assert set(asked) == {PING, METRICS}
    assert 5 <= asked[PING] <= 7
    assert 1 <= asked[METRICS] <= FEW
