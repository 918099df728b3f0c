"""An engine behind ssh: one OpenSSH connection that all streams share, `docker system dial-stdio` for each stream.

The shared connection (the control master) is itself such a stream, whose input is a pipe that is never written to: when
this process ends, however it ends, the pipe does too, and with it the remote command and the connection. Nothing can
ask for a password: BatchMode, and a session without a terminal. sshd allows ten sessions on one connection
(MaxSessions), the master among them.
"""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpcore

from cockpit.backends.base import SourceError
from cockpit.backends.docker.endpoint import Endpoint
from cockpit.backends.docker.errors import where
from cockpit.backends.docker.longstream import READ_SIZE
from cockpit.backends.docker.transport import PairStream
from cockpit.board.clock import Clock
from cockpit.board.text import safe

CONNECT = 10
REMOTE = "docker system dial-stdio"
_POLL = 0.05
_WORDS = 2000


class SshDialer:
    """Dials one engine over ssh. name: of the backend, for sentences."""

    def __init__(self, name: str, endpoint: Endpoint, clock: Clock, environ: Mapping[str, str]) -> None:
        self.clock = clock
        self._where, self._endpoint, self._environ = where(name, endpoint), endpoint, environ
        self._folder: Path | None = None
        self._master: _Stream | None = None
        self._lock = asyncio.Lock()

    async def dial(self) -> httpcore.AsyncNetworkStream:
        """A new stream to the engine. SourceError with ssh's own words."""
        async with self._lock:
            control = await self._control()
        return await self._start("-o", "ControlMaster=no", "-S", control)

    async def close(self) -> None:
        """End the connection and everything on it."""
        async with self._lock:
            await self._end()

    async def _control(self) -> str:
        """The socket of a master that is connected."""
        if self._master is not None and self._master.ended:
            await self._end()
        if self._folder is None:
            # A socket's path has at most 104 characters: the runtime folder or /tmp, never a deep one.
            runtime = self._environ.get("XDG_RUNTIME_DIR") or "/tmp"
            self._folder = Path(tempfile.mkdtemp(prefix="ckpt-ssh-", dir=runtime))
        control = self._folder / "s"
        if self._master is None:
            self._master = await self._start("-M", "-S", str(control))
        with contextlib.suppress(TimeoutError):
            async with self.clock.timeout(CONNECT + 2):
                while not control.exists():
                    if self._master.ended:
                        raise self.error(await self._master.words())
                    await self.clock.sleep(_POLL)
                return str(control)
        await self._end()
        raise self.error(f"no connection within {CONNECT} s")

    async def _end(self) -> None:
        master, self._master = self._master, None
        folder, self._folder = self._folder, None
        if master is not None:
            await master.aclose()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    async def _start(self, *options: str) -> "_Stream":
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv(*options),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=dict(self._environ),
                start_new_session=True,
                limit=READ_SIZE * 4,
            )
        except FileNotFoundError:
            raise self.error("there is no ssh here: install the OpenSSH client") from None
        return _Stream(process, self)

    def _argv(self, *options: str) -> list[str]:
        argv = ["ssh", "-T", "-o", "BatchMode=yes", "-o", f"ConnectTimeout={CONNECT}"]
        argv += ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "ControlPersist=no", *options]
        if self._endpoint.port:
            argv += ["-p", str(self._endpoint.port)]
        if self._endpoint.user:
            argv += ["-l", self._endpoint.user]
        return [*argv, "--", self._endpoint.host, REMOTE]

    def error(self, words: str) -> SourceError:
        """The sentence for what ssh, or Docker at the other end, said."""
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        said = str(safe(lines[-1], 300)).rstrip(".") if lines else "ssh ended without a word"
        return SourceError(f"{self._where}: {said}{_advice(words)}")


class _Stream(PairStream):
    """One `docker system dial-stdio`, spoken to through its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, dialer: SshDialer) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        super().__init__(process.stdout, process.stdin)
        self._process, self._dialer, self._clock = process, dialer, dialer.clock
        self._heard = False
        self._ending: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether ssh has ended."""
        return self._process.returncode is not None

    async def words(self) -> str:
        """What it said on standard error."""
        assert self._process.stderr is not None
        with contextlib.suppress(TimeoutError):
            async with self._clock.timeout(1):
                return (await self._process.stderr.read(_WORDS)).decode("utf-8", "replace")
        return ""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await super().read(max_bytes, timeout)
        if not data and not self._heard:
            # Nothing ever came: what ssh says is the reason, not the end of the stream.
            raise self._dialer.error(await self.words())
        self._heard = True
        return data

    async def aclose(self) -> None:
        if self._ending is None:
            self._writer.close()
            self._ending = asyncio.get_running_loop().create_task(self._reap())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._ending)

    async def _reap(self) -> None:
        """Its input is closed, so it ends by itself; one that hangs is ended."""
        for signal in (self._process.terminate, self._process.kill, None):
            with contextlib.suppress(TimeoutError):
                async with self._clock.timeout(0.5):
                    await self._process.wait()
                    return
            if signal is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal()


def _advice(words: str) -> str:
    """What to do about it."""
    known = {
        "Permission denied (": ": load your key into the agent (ssh-add), or name it in ~/.ssh/config",
        "Host key verification failed": ": connect once by hand and compare its key, then it is known",
        "Could not resolve hostname": ": check the name and the DNS",
        "command not found": ": the Docker CLI is needed there",
        "docker daemon socket": ": your user there must belong to the group docker",
        "is not a docker command": ": the Docker CLI there is too old, 18.09 is needed",
    }
    lower = words.lower()
    return next((advice for text, advice in known.items() if text.lower() in lower), "")
