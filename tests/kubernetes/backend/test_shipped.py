"""The shipped profiles of the teams on Kubernetes, each on a cluster that runs what it names."""

import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.demo.kubernetes.kubelet.shell import Done
from cockpit.profile.load import load
from cockpit.profile.schema import Profile
from cockpit.resources import profiles
from tests.kubernetes.backend.test_check import TRIES, printed
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import until

NAMESPACES = {"ai-orchestrator": "ai-orchestrator", "somagent": "somagent-production"}


def put(kubernetes: Kubernetes, profile: Profile, namespace: str) -> None:
    """Every workload that the profile selects, with the ports that its probes ask, and the programs that they run."""
    objects = kubernetes.cluster.objects
    objects.create(BY_SHELF["namespaces"], build.namespace(namespace))
    for service in profile.services.values():
        ports = [{"containerPort": port} for probe in service.probes.values() if (port := getattr(probe, "port", 0))]
        for selector in service.workloads:
            app = selector.deployment or selector.statefulset
            pods = build.template(app, namespace, f"registry.example.com/{app}:1.0.0", ports=ports)
            if selector.deployment:
                objects.create(BY_SHELF["deployments.apps"], build.deployment(app, namespace, pods, 2))
            else:
                objects.create(BY_SHELF["statefulsets.apps"], build.stateful_set(app, namespace, pods))
    programs = kubernetes.cluster.shell.programs
    programs["psql"] = lambda *_: Done(0, "1\n")
    programs["redis-cli"] = lambda *_: Done(0, "PONG\n")


def stands(kubernetes: Kubernetes, namespace: str) -> bool:
    workloads: list[Any] = []
    for storage in ("deployments.apps", "statefulsets.apps"):
        workloads += kubernetes.cluster.store.each(storage, namespace)
    return all(one.get("status", {}).get("readyReplicas") == one["spec"]["replicas"] for one in workloads)


@pytest.mark.emulated("be given programs of its own in its pods")
@pytest.mark.parametrize("name", NAMESPACES)
async def test_where_all_of_it_runs_all_of_it_is_well(name: str, kubernetes: Kubernetes, tmp_path: Path) -> None:
    profile = load(profiles() / f"{name}.yaml", {}).profile
    assert profile is not None
    put(kubernetes, profile, NAMESPACES[name])
    await until(kubernetes.cluster, lambda: stands(kubernetes, NAMESPACES[name]))
    expected = {name: "ok" for name, service in profile.services.items() if service.workloads}
    states: dict[str, str] = {}
    for _ in range(TRIES):  # a busy machine is slower than a probe waits
        _, report = await printed(kubernetes, tmp_path, sys.executable, "-m", "cockpit", "check", name, "--json")
        states = {one["name"]: one["state"] for one in report["services"] if one["name"] in expected}
        if states == expected:
            break
    assert states == expected
