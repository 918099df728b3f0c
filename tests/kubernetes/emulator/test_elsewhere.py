"""The tests on a cluster that is named to them: an emulator in a process of its own, known by its kubeconfig alone."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kubernetes.elsewhere import VARIABLE, named
from tests.kubernetes.emulator.asking import client
from tests.program import CHECKOUT, clean_env

WITHIN = 300.0
"""Seconds: a bound on hanging."""
CHANGED = "tests/kubernetes/operate/test_settings.py::test_rollouts_are_paused_and_go_on"
WATCHED = "tests/kubernetes/emulator/test_kubectl.py::test_get_watch_follows_a_change"
LEFT_OUT = "tests/kubernetes/backend/test_observe.py::test_a_pod_that_crashes_is_seen_with_its_reason"


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """(address, kubeconfig) of a cluster without a shop."""
    if named():
        pytest.skip(f"{VARIABLE} names a cluster already")
    config = tmp_path / "far"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit.demo.kubernetes", "--attended", "--bare", "--pace", "0.01"),
        *("--kubeconfig", str(config)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=CHECKOUT,
        env=clean_env(tmp_path),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield (await process.stdout.readline()).decode().strip(), config
    process.stdin.close()
    async with asyncio.timeout(WITHIN):
        await process.wait()


async def outcome(config: Path, home: Path, *tests: str) -> tuple[int, str]:
    """(exit status, output) of a test run that is pointed at a cluster."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *tests),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=CHECKOUT,
        env=clean_env(home) | {VARIABLE: str(config), "COLUMNS": "300"},
    )
    async with asyncio.timeout(WITHIN):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_same_tests_run_against_a_cluster_that_is_named(far: tuple[str, Path], tmp_path: Path) -> None:
    url, config = far
    code, told = await outcome(config, tmp_path, CHANGED, WATCHED, LEFT_OUT)
    assert code == 0, told
    assert re.search(r"2 passed, 1 skipped", told), told
    assert "only the emulator can: hold all controllers still" in told
    async with client(url) as asker:
        spaces = (await asker.get("/api/v1/namespaces")).json()["items"]
    assert "shop" not in {one["metadata"]["name"] for one in spaces}


async def test_a_namespace_of_others_is_left_alone(far: tuple[str, Path], tmp_path: Path) -> None:
    url, config = far
    async with client(url) as asker:
        await asker.post("/api/v1/namespaces", json={"metadata": {"name": "shop"}})
        code, told = await outcome(config, tmp_path, WATCHED)
        found = await asker.get("/api/v1/namespaces/shop")
    assert code == 1
    assert "a namespace shop already, which the tests did not make" in told
    assert found.status_code == 200
