"""port-forward: over WebSocket (v4.channel.k8s.io) two channels for each port, over SPDY two streams for each
connection; bytes on one, errors on the other."""

import struct
from collections.abc import Mapping

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.kubelet.ports import REQUEST_LIMIT, answer, listens
from cockpit.demo.kubernetes.server import spdy
from cockpit.demo.kubernetes.server.websocket import WebSocket, handshake, is_upgrade, protocols
from cockpit.demo.kubernetes.server.wire import Answer, Call, Pipe, Upgrade

_SPOKEN, _OVER_SPDY = "v4.channel.k8s.io", "portforward.k8s.io"
MOST_PORTS = 16


def forward(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET or POST of pods/NAME/portforward. ApiError 400 for what is no upgrade, or no port."""
    pod = reads.entry(target).obj
    if spdy.is_upgrade(call):
        return Upgrade(spdy.handshake(_OVER_SPDY), _Connections(cluster, pod).run)
    offered = protocols(call)
    # A client that names no protocol means this one.
    if not is_upgrade(call) or (offered and _SPOKEN not in offered):
        raise bad_request(f"Upgrade request required: a WebSocket that speaks {_SPOKEN}")
    words = [word for value in call.arguments.get("ports", ()) for word in value.split(",")]
    if not words or len(words) > MOST_PORTS or not all(word.isdigit() and 0 < int(word) < 65536 for word in words):
        raise bad_request("port must be a number from 1 to 65535")
    session = _Forward(cluster, pod, [int(word) for word in words])
    return Upgrade(handshake(call, _SPOKEN if offered else ""), session.run)


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
        if not self._cluster.is_heard(self._pod):
            return
        if not listens(self._pod, port):
            words = _refused(port)
            await socket.send(bytes([2 * number + 1]) + words.encode())
            return
        self._read[number] = (self._read[number] + data)[-REQUEST_LIMIT:]
        if b"\r\n\r\n" in self._read[number]:
            request, self._read[number] = self._read[number], b""
            await socket.send(bytes([2 * number]) + answer(self._cluster, self._pod, request))


class _Connections:
    """The connections that a client forwards over SPDY: each has a data stream and, by the same request id, an error
    stream."""

    def __init__(self, cluster: Cluster, pod: Json) -> None:
        self._cluster, self._pod = cluster, pod
        self._ports: dict[int, tuple[int, str]] = {}
        self._errors: dict[str, int] = {}
        self._read: dict[int, bytes] = {}

    async def run(self, pipe: Pipe) -> None:
        connection = spdy.Spdy(pipe)
        try:
            while (frame := await connection.receive()) is not None:
                if frame.headers is not None:
                    self._opened(frame.stream, frame.headers)
                elif frame.stream in self._ports and frame.data:
                    await self._take(connection, frame.stream, frame.data)
        except ConnectionError:
            return

    def _opened(self, stream: int, headers: Mapping[str, str]) -> None:
        request, port = headers.get("requestid", ""), headers.get("port", "")
        if headers.get("streamtype") == "error":
            self._errors[request] = stream
        elif port.isdigit():
            self._ports[stream] = (int(port), request)

    async def _take(self, connection: spdy.Spdy, stream: int, data: bytes) -> None:
        port, request = self._ports[stream]
        error = self._errors.get(request, 0)
        if not self._cluster.is_heard(self._pod):
            return
        if not listens(self._pod, port):
            await connection.send(error, _refused(port).encode(), last=True)
            await connection.send(stream, b"", last=True)
            return
        self._read[stream] = (self._read.get(stream, b"") + data)[-REQUEST_LIMIT:]
        if b"\r\n\r\n" in self._read[stream]:
            await connection.send(stream, answer(self._cluster, self._pod, self._read.pop(stream)), last=True)
            await connection.send(error, b"", last=True)


def _refused(port: int) -> str:
    return f"failed to connect to localhost:{port} inside namespace: connection refused"
