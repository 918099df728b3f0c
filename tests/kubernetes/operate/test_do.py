"""The whole cockpit on the emulated cluster: a call through a port-forward, what is kept, a shell that is hung up."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.whole import engine_on
from tests.program import CHECKOUT, cockpit_argv
from tests.terminal import Terminal

WITHIN = 120.0
"""Seconds: a bound on hanging."""
PROFILE = """\
version: 1
name: shop
backends:
  main: {kind: kubernetes, context: demo, namespace: shop}
services:
  web:
    tier: 2
    workloads: [{deployment: web}]
    probes:
      health: {kind: http, port: 8080, path: /health, every: 3s}
    captures:
      ids: {argv: [id]}
    calls:
      warm: {port: 8080, path: /warm, method: POST, body: "{}", matches: ^web-.* /warm}
"""


@pytest.mark.emulated("answer on the ports of its pods")
async def test_a_call_to_a_port_goes_through_the_port_forward(
    kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig))
    async with engine_on(PROFILE, tmp_path) as cockpit:
        verdict = await cockpit.works(await cockpit.planned("warm", "web"))
    assert any("(forwarded to web-" in one for one in verdict.evidence), verdict.evidence
    assert any("/portforward" in one for one in kubernetes.cluster.faults.seen)


async def test_what_is_kept_lies_in_the_state_directory(
    kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig))
    async with engine_on(PROFILE, tmp_path) as cockpit:
        name = str((await cockpit.sees("web")).instances[0].name)
        await cockpit.works(await cockpit.planned("capture", "web", instance=name))
    (folder,) = [one for one in (tmp_path / "state" / "evidence").iterdir() if one.name.endswith(f"-{name}")]
    assert {"ids.txt", "inspect.txt", "log.txt"} <= {file.name for file in folder.iterdir()}


async def test_a_terminal_that_hangs_up_leaves_no_process_and_no_shell(kubernetes: Kubernetes, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(PROFILE, "utf-8")
    argv = cockpit_argv("--profile", str(file), "do", "web", "shell", "--yes", "--within", str(WITHIN))
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig)}
    terminal = await asyncio.to_thread(Terminal, argv, cols=80, rows=24, cwd=CHECKOUT, home=tmp_path, env=environ)
    try:
        await asyncio.to_thread(terminal.until, r"^/ \$", WITHIN)
        shell = kubernetes.cluster.shell
        assert not shell.idle.is_set()
        family = terminal.family()
        await asyncio.to_thread(terminal.hang_up)
        _, alive = await asyncio.to_thread(psutil.wait_procs, family, WITHIN)
        assert not alive, f"left behind: {alive}"
        async with asyncio.timeout(WITHIN):
            await shell.idle.wait()
    finally:
        await asyncio.to_thread(terminal.close)
