"""exec over WebSocket: v4 and v5 of the channel protocol (stdin, stdout, stderr, the exit, the terminal's size)."""

import json

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.kubelet.shell import Done, Inside
from cockpit.demo.kubernetes.server.websocket import WebSocket, handshake, is_upgrade, protocols
from cockpit.demo.kubernetes.server.wire import Answer, Call, Pipe, Upgrade

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
_SPOKEN = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_STDIN_LIMIT = 1 << 20
_PROMPT = b"/ $ "


def execute(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET or POST of pods/NAME/exec. ApiError 400 for what is no WebSocket, or a container that does not run."""
    pod, argv = reads.entry(target).obj, list(call.arguments.get("command", ()))
    if not argv:
        raise bad_request("you must specify at least one command for the container")
    container = running_container(pod, call.query("container"))
    if not is_upgrade(call):
        raise bad_request("Upgrade request required")
    protocol = next((one for one in protocols(call) if one in _SPOKEN), "")
    if not protocol:
        raise bad_request(f"unable to upgrade: unable to negotiate protocol: client supports {protocols(call)}")
    session = _Session(cluster, Inside(pod, container), argv, call)
    return Upgrade(handshake(call, protocol), session.run)


def running_container(pod: Json, name: str) -> Json:
    """The container that is meant. ApiError 400 for none of the pod, 500 for one that does not run."""
    title = pod["metadata"]["name"]
    for one in pod["spec"]["containers"]:
        if not name or one["name"] == name:
            known = [status for status in pod["status"].get("containerStatuses", ()) if status["name"] == one["name"]]
            if not known or "running" not in known[0]["state"]:
                raise ApiError(500, f'unable to upgrade connection: container not found ("{one["name"]}")')
            return dict(one)
    raise bad_request(f"container {name} is not valid for pod {title}")


class _Session:
    """One command with its streams."""

    def __init__(self, cluster: Cluster, inside: Inside, argv: list[str], call: Call) -> None:
        self._shell, self._inside, self._argv = cluster.shell, inside, argv
        self._stdin, self._tty = call.flag("stdin"), call.flag("tty")

    async def run(self, pipe: Pipe) -> None:
        socket = WebSocket(pipe)
        try:
            if self._tty and self._stdin and len(self._argv) == 1:
                done = await self._interactive(socket)
            else:
                stdin = await self._read_all(socket) if self._stdin else b""
                done = self._shell.run(self._inside, self._argv, stdin)
                await self._say(socket, done)
            await socket.send(bytes([ERROR]) + json.dumps(outcome(done.code)).encode())
            await socket.close()
        except ConnectionError:
            return

    async def _read_all(self, socket: WebSocket) -> bytes:
        """Everything that is sent to it, until the client closes the channel (v5) or sends an empty message (v4)."""
        data = b""
        while (message := await socket.receive()) is not None and len(data) <= _STDIN_LIMIT:
            if message[:1] == bytes([CLOSE]) or message == bytes([STDIN]):
                break
            if message[:1] == bytes([STDIN]):
                data += message[1:]
        return data

    async def _say(self, socket: WebSocket, done: Done) -> None:
        for channel, text in ((STDOUT, done.out), (STDOUT if self._tty else STDERR, done.err)):
            if text:
                text = text.replace("\n", "\r\n") if self._tty else text
                await socket.send(bytes([channel]) + text.encode())

    async def _interactive(self, socket: WebSocket) -> Done:
        """A shell on a terminal: it echoes, and runs a line when Enter is pressed, until exit or ctrl-d."""
        line, last = b"", Done()
        await socket.send(bytes([STDOUT]) + _PROMPT)
        while (message := await socket.receive()) is not None:
            if message[:1] != bytes([STDIN]):
                continue
            for byte in message[1:]:
                if byte == 4 and not line:
                    return last
                if byte not in b"\r\n":
                    line += bytes([byte])
                    await socket.send(bytes([STDOUT, byte]))
                    continue
                await socket.send(bytes([STDOUT]) + b"\r\n")
                words, line = line.decode("utf-8", "replace"), b""
                last = self._shell.line(self._inside, words) or last
                await self._say(socket, last)
                if words.split()[:1] == ["exit"]:
                    return last
                await socket.send(bytes([STDOUT]) + _PROMPT)
        return last


def outcome(code: int) -> Json:
    """The Status that says how a command ended."""
    if not code:
        return {"metadata": {}, "status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    words = f"command terminated with non-zero exit code: exit status {code}"
    failed = {"metadata": {}, "status": "Failure", "message": words, "reason": "NonZeroExitCode"}
    return failed | {"details": {"causes": causes}}
