"""port-forward over WebSocket (v4.channel.k8s.io): two channels for each port, bytes and errors."""

import struct

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.kubelet.ports import REQUEST_LIMIT, answer, listens
from cockpit.demo.kubernetes.server.websocket import WebSocket, handshake, is_upgrade, protocols
from cockpit.demo.kubernetes.server.wire import Answer, Call, Pipe, Upgrade

_SPOKEN = "v4.channel.k8s.io"
MOST_PORTS = 16


def forward(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET of pods/NAME/portforward?ports=... ApiError 400 for what is no WebSocket, or no port."""
    pod = reads.entry(target).obj
    if not is_upgrade(call) or _SPOKEN not in protocols(call):
        raise bad_request(f"Upgrade request required: a WebSocket that speaks {_SPOKEN}")
    words = [word for value in call.arguments.get("ports", ()) for word in value.split(",")]
    if not words or len(words) > MOST_PORTS or not all(word.isdigit() and 0 < int(word) < 65536 for word in words):
        raise bad_request("port must be a number from 1 to 65535")
    session = _Forward(cluster, pod, [int(word) for word in words])
    return Upgrade(handshake(call, _SPOKEN), session.run)


class _Forward:
    """The forwarded ports of one connection."""

    def __init__(self, cluster: Cluster, pod: Json, ports: list[int]) -> None:
        self._cluster, self._pod, self._ports = cluster, pod, ports
        self._read = [b""] * len(ports)

    async def run(self, pipe: Pipe) -> None:
        socket = WebSocket(pipe)
        try:
            for number, port in enumerate(self._ports):
                # Both channels of a port begin with its number.
                for channel in (2 * number, 2 * number + 1):
                    await socket.send(bytes([channel]) + struct.pack("<H", port))
            while (message := await socket.receive()) is not None:
                if message and message[0] % 2 == 0 and message[0] // 2 < len(self._ports):
                    await self._take(socket, message[0] // 2, message[1:])
        except ConnectionError:
            return

    async def _take(self, socket: WebSocket, number: int, data: bytes) -> None:
        port = self._ports[number]
        if not listens(self._pod, port):
            words = f"failed to connect to localhost:{port} inside namespace: connection refused"
            await socket.send(bytes([2 * number + 1]) + words.encode())
            return
        self._read[number] = (self._read[number] + data)[-REQUEST_LIMIT:]
        if b"\r\n\r\n" in self._read[number]:
            request, self._read[number] = self._read[number], b""
            await socket.send(bytes([2 * number]) + answer(self._cluster, self._pod, request))
