"""Each drill of the emulated cluster as the board tells it: which service, why, after what; ended, all is well."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from cockpit.assemble import assemble
from cockpit.board.clock import SystemClock
from cockpit.board.model import State
from cockpit.board.snapshot import Snapshot
from cockpit.demo.assemble import shipped
from cockpit.demo.cluster import PROFILE, enter, on_cluster, state_of
from cockpit.demo.kubernetes.drills import BY_NAME
from cockpit.demo.launch import DemoHost
from cockpit.demo.start import CLUSTER
from cockpit.engine.engine import Engine
from cockpit.engine.port import CommandError, InjectFault, ListFaults
from tests.demo.platform import exists
from tests.patience import PATIENCE

PACE = 0.1
BAD = {State.DOWN, State.DEGRADED}
DRILLS: tuple[tuple[str, str, set[State], str], ...] = (
    ("bad-release", "checkout", BAD, r"readiness probe 503 \(new pod\), .* after rollout checkout:3\.8\.1 -> 3\.9\.0"),
    ("crash-loop", "payments", BAD, r"exit 1: FATAL.*, .* after rollout: PROVIDER_TIMEOUT_MS set"),
    ("out-of-memory", "catalog", BAD, r"OOM.*, .* after rollout: memory limit 512Mi -> 64Mi"),
    ("image-pull", "web", BAD, r"image not found: web:2\.5\.0.*, .* after rollout web:2\.4\.1 -> 2\.5\.0"),
    ("node-lost", "web", BAD | {State.UNKNOWN}, r"node-001"),
)


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """One on a cluster of its own, all ok."""
    for name in ("KUBECONFIG", "no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    clock = SystemClock()
    host = DemoHost.start(PACE, CLUSTER)
    try:
        await host.started(clock)
        folder = Path(host.folder)
        enter(folder)
        parts = assemble(shipped(PROFILE), PROFILE, state_dir=state_of(folder), who="tester", host=False)
        engine = Engine(on_cluster(parts, folder))
        try:
            engine.start()
            await until(engine, all_ok)
            yield engine
        finally:
            await asyncio.to_thread(engine.stop)
    finally:
        await host.close(clock)
    assert not exists(host.folder)


async def until(engine: Engine, holds: Callable[[Snapshot], bool]) -> None:
    try:
        await engine.board_until(holds, PATIENCE)
    except TimeoutError:
        shown = [f"{one.key} {one.state}: {one.why}" for one in engine.frame().snapshot.services]
        raise AssertionError("; ".join(shown)) from None


def all_ok(now: Snapshot) -> bool:
    return len(now.services) == 4 and all(one.state is State.OK for one in now.services)


async def test_each_drill_says_what_is_wrong_and_ends(engine: Engine) -> None:
    assert {name for name, *_ in DRILLS} == set(BY_NAME)
    for name, service, states, why in DRILLS:
        await engine.submit(InjectFault(name=name))
        assert {found for found, _, active in await engine.submit(ListFaults()) if active} == {name}
        await until(
            engine,
            lambda now, service=service, states=states, why=why: any(  # type: ignore[misc]
                one.key == service and one.state in states and re.search(why, one.why) for one in now.services
            ),
        )
        await engine.submit(InjectFault(name=name, on=False))
        await until(engine, all_ok)
    with pytest.raises(CommandError, match="is no drill; there are bad-release"):
        await engine.submit(InjectFault(name="../flood?x"))
