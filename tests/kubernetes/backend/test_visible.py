"""How long the cockpit itself holds back what it was told: a rollout that goes bad is a reason on the board at once.

Time is the cockpit's own: it follows the real one in small steps, and stands while the machine stalls. What is counted
from the moment at which the API has told of the first pod that fails is what the cockpit waits by itself.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.kinds import DEPLOYMENTS, PODS, REPLICASETS, Kind
from cockpit.board.clock import ManualClock, SystemClock
from cockpit.board.model import State
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.demo.kubernetes.cluster.standing import Standing
from tests.kubernetes.backend.watch import WITHIN, Watch
from tests.kubernetes.conftest import Kubernetes

STORAGE = "deployments.apps"
PODS_MANY = 24
GOOD, BAD = "registry.example.com/shop/big:1.0.0", "registry.example.com/shop/big:1.1.0"
STEP, MOST = 0.01, 2.0


async def follow(clock: ManualClock, holds: Callable[[], object]) -> None:
    """Let the clock follow the real one until something holds."""
    loop = asyncio.get_running_loop()
    last = loop.time()
    async with asyncio.timeout(WITHIN):
        while not holds():
            now = loop.time()
            # A machine that stalls lets this clock stand, not jump.
            await clock.advance(min(now - last, STEP))
            last = now


async def test_a_rollout_of_24_pods_that_goes_bad_is_a_reason_within_two_seconds(
    kubernetes: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = kubernetes.cluster
    cluster.behaviours.images[BAD] = "missing"
    Standing(cluster).deployment(build.deployment("big", "shop", build.template("big", "shop", GOOD), PODS_MANY))
    clock = ManualClock(SystemClock().now())
    seen: set[str] = set()
    told: list[float] = []
    original = Fleet.put

    def put(self: Fleet, kind: Kind, space: str, objects: Iterable[Any]) -> None:
        objects = list(objects)
        original(self, kind, space, objects)
        failed = kind is PODS and any(one.instance.error for one in self.pods() if one.owner.name == "big")
        # Each kind comes on a connection of its own: the event is told once all that makes it one is in.
        rolled = kind in (DEPLOYMENTS, REPLICASETS) and any(_rolls_out(one) for one in objects)
        seen.update([kind.plural] if failed or rolled else [])
        if seen >= {"pods", "replicasets", "deployments"}:
            told.append(clock.monotonic())

    monkeypatch.setattr(Fleet, "put", put)
    async with Watch(kubernetes.kubeconfig, clock=clock) as watch:
        await follow(clock, lambda: (one := watch.service("big")) and (one.state, one.ready) == (State.OK, PODS_MANY))
        old = cluster.store.get(STORAGE, "shop", "big")
        assert old is not None
        template = build.template("big", "shop", BAD)
        cluster.objects.change(BY_SHELF[STORAGE], old, {**old, "spec": {**old["spec"], "template": template}})
        await follow(clock, lambda: told)
        while "big:1.1.0" not in shown(watch) and clock.monotonic() - told[0] < MOST:
            await clock.advance(STEP)
        waited = clock.monotonic() - told[0]
        print(f"a {PODS_MANY}-pod rollout that goes bad: shown after {waited:.2f} s of the cockpit's own waiting")
        assert shown(watch).startswith("image ")
        one = watch.service("big")
        assert one is not None
        assert one.state is State.DEGRADED
        assert "rollout big:1.0.0 -> 1.1.0" in [str(change.text) for change in one.changes]


def _rolls_out(one: Any) -> bool:
    """Whether a Deployment or ReplicaSet is of the bad template, and its controller has begun with it."""
    return bool(one.spec.template.spec.containers[0].image == BAD and one.status.replicas)


def shown(watch: Watch) -> str:
    one = watch.service("big")
    return one.why if one is not None else ""
