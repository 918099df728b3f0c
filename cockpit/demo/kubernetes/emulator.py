"""A running emulator: a cluster behind a socket on loopback."""

import ssl
from types import TracebackType
from typing import Self

from cockpit.board.clock import Clock, SystemClock
from cockpit.demo.kubernetes.api.api import Api
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.controllers.manager import Manager
from cockpit.demo.kubernetes.kubeconfig import kubeconfig
from cockpit.demo.kubernetes.kubelet.kubelet import Kubelet
from cockpit.demo.kubernetes.kubelet.nodes import Nodes
from cockpit.demo.kubernetes.server.http import HttpServer


class Emulator:
    """`async with Emulator() as emulator:` serves `emulator.cluster` at `emulator.url` until the block ends.

    moving: whether controllers and kubelet run; without them only requests change objects."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        pace: float = 1.0,
        moving: bool = True,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.cluster = Cluster(clock or SystemClock(), pace)
        self.kubelet = Kubelet(self.cluster)
        self.nodes = Nodes(self.cluster)
        self.manager = Manager(self.cluster, {"pods": self.kubelet.reconcile, "nodes": self.nodes.reconcile})
        self.nodes.loop = self.manager.loop
        self.api = Api(self.cluster)
        self.server = HttpServer(self.api.handle, port, tls)
        self._moving = moving
        self._scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.server.port}"

    def kubeconfig(self, *, token: str = "", ca: str = "") -> str:
        """The text of a kubeconfig for it."""
        return kubeconfig(self.url, token=token, ca=ca)

    async def __aenter__(self) -> Self:
        await self.server.start()
        if self._moving:
            self.manager.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.close()
        await self.manager.stop()
