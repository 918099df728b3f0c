"""exec: a command in a container, with its input, its output and its exit, or a shell on a terminal."""

import asyncio
import re

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.streams import STDERR, STDOUT, Streams, upgrade
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.kubelet.shell import Done, Inside
from cockpit.demo.kubernetes.server.wire import Answer, Call

_STDIN_LIMIT = 1 << 20
_PROMPT = b"/ $ "
HUNG_UP = 129
_PIECE = 32 * 1024
"""Bytes of one message, as a kubelet sends them."""


def execute(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET or POST of pods/NAME/exec. ApiError 400 for what is no upgrade, 500 for a container that does not run."""
    pod, argv = reads.entry(target).obj, list(call.arguments.get("command", ()))
    if not argv:
        raise bad_request("you must specify at least one command for the container")
    container = running_container(pod, call.query("container"))
    return upgrade(call, _Session(cluster, Inside(pod, container), argv, call).run)


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

    async def run(self, streams: Streams) -> None:
        """Until the command ends or the client goes."""
        argv = _meant(self._argv) if self._shell.has(self._argv[0]) else self._argv
        self._shell.hang_up(self._argv)
        try:
            if self._tty and self._stdin and _is_shell(argv) and self._shell.has(argv[0]):
                done = await self._attended(streams)
            else:
                stdin = await self._read_all(streams) if self._stdin and not self._tty else b""
                done = self._shell.run(self._inside, argv, stdin)
                if done.started:
                    await self._say(streams, done)
            await streams.finish(outcome(done.code) if done.started else _not_started(done.err))
        except ConnectionError:
            return

    async def _read_all(self, streams: Streams) -> bytes:
        data = b""
        while len(data) <= _STDIN_LIMIT and (more := await streams.read()) is not None:
            data += more
        return data

    async def _say(self, streams: Streams, done: Done) -> None:
        for channel, text in ((STDOUT, done.out), (STDOUT if self._tty else STDERR, done.err)):
            if text:
                text = text.replace("\n", "\r\n") if self._tty else text
                data = text.encode()
                for start in range(0, len(data), _PIECE):
                    await streams.write(channel, data[start : start + _PIECE])

    async def _attended(self, streams: Streams) -> Done:
        """A shell, until it ends or is hung up."""
        with self._shell.running(self._argv) as ended:
            hung, typing = asyncio.ensure_future(ended.wait()), asyncio.ensure_future(self._interactive(streams))
            try:
                await asyncio.wait({hung, typing}, return_when=asyncio.FIRST_COMPLETED)
                return typing.result() if typing.done() else Done(HUNG_UP)
            finally:
                for task in (hung, typing):
                    task.cancel()
                await asyncio.gather(hung, typing, return_exceptions=True)

    async def _interactive(self, streams: Streams) -> Done:
        """A shell on a terminal: it echoes, and runs a line when Enter is pressed, until exit or ctrl-d."""
        line, last = b"", Done()
        await streams.write(STDOUT, _PROMPT)
        while (typed := await streams.read()) is not None:
            for byte in typed:
                if byte == 4 and not line:
                    return last
                if byte not in b"\r\n":
                    line += bytes([byte])
                    await streams.write(STDOUT, bytes([byte]))
                    continue
                await streams.write(STDOUT, b"\r\n")
                words, line = line.decode("utf-8", "replace"), b""
                size = Done(0, f"{streams.size[1]} {streams.size[0]}\n") if words.split() == ["stty", "size"] else None
                last = size or self._shell.line(self._inside, words) or last
                await self._say(streams, last)
                if words.split()[:1] == ["exit"]:
                    return last
                await streams.write(STDOUT, _PROMPT)
        return last


def _meant(argv: list[str]) -> list[str]:
    """What a shell's script comes to that hands over to another program at its end: `exec "$@"`, `exec sh`."""
    if argv[1:2] != ["-c"] or not argv[2:] or not argv[2].rstrip().endswith(("exec sh", 'exec "$@"')):
        return argv
    shifted = re.search(r"\bshift (\d)", argv[2])
    return argv[4 + (int(shifted[1]) if shifted else 0) :] or argv[:1]


def _is_shell(argv: list[str]) -> bool:
    return len(argv) == 1 and argv[0].rpartition("/")[2] in {"sh", "bash"}


def _not_started(words: str) -> Json:
    """As containerd says it."""
    said = f"error executing command in container: failed to exec in container: failed to start exec: {words}"
    failed = {"metadata": {}, "status": "Failure", "message": f"Internal error occurred: {said}", "code": 500}
    return failed | {"reason": "InternalError", "details": {"causes": [{"message": said}]}}


def outcome(code: int) -> Json:
    """The Status that says how a command ended."""
    if not code:
        return {"metadata": {}, "status": "Success"}
    causes = [{"reason": "ExitCode", "message": str(code)}]
    words = f"command terminated with non-zero exit code: exit status {code}"
    failed = {"metadata": {}, "status": "Failure", "message": words, "reason": "NonZeroExitCode"}
    return failed | {"details": {"causes": causes}}
