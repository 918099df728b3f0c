"""A policy that is enforced is seen to be: the probe that came in from outside goes bad, and good again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.board.model import ReadingState
from cockpit.board.snapshot import Snapshot
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.test_isolate import POLICIES
from tests.kubernetes.operate.whole import Whole, engine_on
from tests.patience import PATIENCE

pytestmark = pytest.mark.emulated("enforce a policy where the test looks")
PROFILE = """\
version: 1
name: shop
backends:
  main: {{kind: kubernetes, context: demo, namespace: shop}}
services:
  web:
    tier: 2
    workloads: [{{deployment: web}}]
    probes:
      outside: {{kind: http, url: "http://127.0.0.1:{port}/", every: 2s, timeout: 2s}}
      inside: {{kind: http, port: 8080, path: /health, every: 2s, timeout: 2s, critical: false}}
"""


@asynccontextmanager
async def front(kubernetes: Kubernetes) -> AsyncIterator[int]:
    """The port of what stands before the pods, for as long as a policy lets it through to them."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not list(kubernetes.cluster.store.each(POLICIES, "shop")):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def probed(cockpit: Whole, state: ReadingState) -> None:
    """Until the probe from outside says so."""

    def holds(now: Snapshot) -> bool:
        readings = [probe.reading for one in now.services for probe in one.probes]
        return any(one.probe == "outside" and one.state is state for one in readings)

    await cockpit.engine.board_until(holds, PATIENCE)


async def test_it_has_worked_when_the_probe_from_outside_is_cut_off_and_is_taken_back(
    kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig))
    async with front(kubernetes) as port, engine_on(PROFILE.format(port=port), tmp_path) as cockpit:
        await probed(cockpit, ReadingState.OK)
        made = await cockpit.planned("isolate", "web")
        patient = tuple(replace(one, deadline=PATIENCE) for one in made.operations)
        verdict = await cockpit.works(replace(made, operations=patient))
        (told,) = [one for one in verdict.evidence if "stands" in one]
        assert "isolate-deployment-web stands; outside: " in told
        assert told.endswith("(was good)")
        await cockpit.undone(made)
        await probed(cockpit, ReadingState.OK)
    assert not list(kubernetes.cluster.store.each(POLICIES, "shop"))
