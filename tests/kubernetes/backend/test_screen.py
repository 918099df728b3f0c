"""The screen's list of a kind on the emulated cluster, row by row beside what kubectl prints."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends.kubernetes.catalogue import KubernetesCatalogue
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.engine import listing
from cockpit.engine.port import Command
from cockpit.profile.schema import Backend
from tests.kubernetes.conftest import Kubernetes
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing
from tests.patience import PATIENCE
from tests.ui import cluster
from tests.ui.drive import Shown, shown
from tests.ui.fakeport import FakePort

pytestmark = pytest.mark.emulated("has kinds of the tests' own, whose ages are whole days")

KINDS = (
    "po", "deploy", "rs", "pvc", "pv", "quota", "cm", "secrets", "svc", "ing", "crd", "promo", "ns", "sc",
    "customresourcedefinitions.apiextensions.k8s.io",
)  # fmt: skip


class ClusterPort(FakePort):
    """Answers lists from a real catalogue."""

    def __init__(self, catalogue: KubernetesCatalogue) -> None:
        super().__init__(cluster.snapshot())
        self._catalogue = catalogue

    def submit(self, command: Command) -> "asyncio.Future[Any]":
        answer = listing.ANSWERS.get(type(command))
        if answer is None:
            return super().submit(command)
        return asyncio.ensure_future(answer(self._catalogue, command))


async def listed(screen: Shown, kind: str) -> list[list[str]]:
    """The words of the head and of each row, once the list is there."""
    screen.app.action_objects(kind)
    objects: Any = screen.app.screen
    async with asyncio.timeout(PATIENCE):
        while not objects.is_mounted or not objects.table.items:
            await screen.settle()
    lines = [screen.line(row)[1:].split() for row in range(3, 39)]
    await screen.press("escape")
    return [words for words in lines if words]


async def test_rows_agree_with_kubectl(still: Kubernetes, tmp_path: Path) -> None:
    if reason := why_not():
        missing(reason)
    kubectl = Kubectl(still.kubeconfig, tmp_path)
    environ = {"KUBECONFIG": str(still.kubeconfig), "HOME": str(tmp_path)}
    client = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    try:
        port = ClusterPort(KubernetesCatalogue(client, frozenset({"shop"}), Secrets().mask))
        async with shown(port, (250, 40)) as screen:
            for kind in KINDS:
                printed = (await kubectl.ask("get", kind, "-o", "wide")).splitlines()
                assert await listed(screen, kind) == [line.split() for line in printed], kind
    finally:
        await client.reset()
