"""Ports of pods that are forwarded: what becomes of connections that are open when all ends."""

import asyncio
from typing import Any

import pytest

from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.forward import Forwards
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.server.wire import Answer, Call
from cockpit.profile.schema import Backend
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import pods_of
from tests.patience import PATIENCE


@pytest.mark.emulated("be held in the middle of a connection")
async def test_a_connection_that_is_cut_short_is_no_fault(kubernetes: Kubernetes) -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig)}
    client = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    forwards = Forwards(client)
    answer, asked = kubernetes.emulator.server.handler, asyncio.Event()

    async def silent(call: Call) -> Answer:
        if call.path.endswith("/portforward"):
            asked.set()
            await asyncio.Event().wait()
        return await answer(call)

    kubernetes.emulator.server.handler = silent
    try:
        pod = pods_of(kubernetes.cluster, "web")[0]["metadata"]
        path = f"/api/v1/namespaces/shop/pods/{pod['name']}"
        address = await forwards.address(pod["uid"], path, 8080)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        async with asyncio.timeout(PATIENCE):
            await asked.wait()
            await forwards.close()
            assert await reader.read() == b""
        writer.close()
    finally:
        await forwards.close()
        await client.reset()
    assert faults == []
