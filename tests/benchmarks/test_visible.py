"""From a pod's failure in the API to its reason on the board: a rollout of 24 pods whose image is not there."""

from pathlib import Path
from time import perf_counter

import pytest

from cockpit.demo.kubernetes.cluster import build, sample
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.standing import Standing
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write
from tests.benchmarks.table import Table
from tests.kubernetes.backend.watch import Watch

STORAGE = "deployments.apps"
PODS = 24
GOOD, BAD = "registry.example.com/shop/big:1.0.0", "registry.example.com/shop/big:1.1.0"


async def test_a_rollout_that_goes_bad_is_a_reason(
    tmp_path: Path, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock starts when the API has it that the first pod cannot pull its image."""
    emulator = Emulator(pace=0.5)
    cluster = emulator.cluster
    sample.ground(cluster)
    sample.shop(cluster)
    Standing(cluster).deployment(build.deployment("big", "shop", build.template("big", "shop", GOOD), PODS))
    cluster.behaviours.images[BAD] = "missing"
    failed: list[float] = []
    put = cluster.store.put

    def noted(storage: str, obj: Json) -> Json:
        if storage == "pods" and "ErrImagePull" in str(obj.get("status")):
            failed.append(perf_counter())
        return put(storage, obj)

    monkeypatch.setattr(cluster.store, "put", noted)
    async with emulator:
        write(tmp_path / "kubeconfig", emulator.kubeconfig())
        async with Watch(tmp_path / "kubeconfig") as watch:
            await watch.assessed("big", lambda one: one.ready == PODS)
            old = cluster.store.get(STORAGE, "shop", "big")
            assert old is not None
            template = build.template("big", "shop", BAD)
            cluster.objects.change(BY_SHELF[STORAGE], old, {**old, "spec": {**old["spec"], "template": template}})
            await watch.assessed("big", lambda one: "big:1.1.0" in one.why)
            seen = perf_counter()
    table.most(f"a {PODS}-pod rollout goes bad -> its reason on the board", seen - failed[0], 2.0, "s")
