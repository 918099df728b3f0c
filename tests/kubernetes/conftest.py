"""The Kubernetes emulator as a fixture: on the test's own loop, the sample shop standing, a kubeconfig beside it."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write
from tests.kubernetes import elsewhere


@dataclass(frozen=True)
class Kubernetes:
    """A running emulator. kubeconfig: a file with one context, namespace `shop`."""

    emulator: Emulator
    kubeconfig: Path

    @property
    def cluster(self) -> Cluster:
        """The objects, policy, faults and behaviours: a test may change all of it at any time."""
        return self.emulator.cluster

    @property
    def url(self) -> str:
        return self.emulator.url


@pytest.fixture
def pace() -> float:
    """Seconds for each second that pods, probes, back-offs and deadlines take in life. A module may have its own."""
    return 0.1


@pytest.fixture
async def kubernetes(request: pytest.FixtureRequest, tmp_path: Path, pace: float) -> AsyncIterator[Kubernetes]:
    """The sample shop (`sample.SHOP`) in namespace `shop` on three nodes. The test must not block its loop: what asks
    the emulator from a program of its own is awaited (asyncio.create_subprocess_exec). COCKPIT_TEST_KUBECONFIG names
    another cluster for it (see elsewhere.py)."""
    async with contextlib.AsyncExitStack() as stack:
        if named := elsewhere.named():
            if marked := request.node.get_closest_marker("emulated"):
                elsewhere.left_out(marked.args[0])
            yield Kubernetes(*await stack.enter_async_context(elsewhere.borrowed(named, tmp_path)))
            return
        emulator = Emulator(pace=pace)
        sample.ground(emulator.cluster)
        sample.shop(emulator.cluster)
        await stack.enter_async_context(emulator)
        file = tmp_path / "kubeconfig"
        write(file, emulator.kubeconfig())
        yield Kubernetes(emulator, file)
