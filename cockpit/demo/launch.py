"""Wait for the demo host that was started as a child of this process, and end it."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from typing import Any

from cockpit.board.clock import Clock
from cockpit.demo.client import DemoClient, DemoError
from cockpit.demo.start import SHOP, start_host

READY_WITHIN, END_WITHIN = 20.0, 4.0
"""Seconds; measured: ready after 0.08, ended after 0.02 (1 more when a service ignores TERM). The rest is room for
machines whose cores are all busy: eight processes start together."""
WORDS_LIMIT = 8 * 1024


class DemoHost:
    """A running demo host. `start` takes 2 ms and may be called from any thread."""

    def __init__(self, process: "subprocess.Popen[bytes]", pipe: int) -> None:
        self._process, self._pipe = process, pipe
        self.pid = process.pid
        self.socket = self.folder = ""
        """Known once `ready` or `started` returned. A cluster has no socket: its folder holds a kubeconfig."""

    @classmethod
    def start(cls, pace: float = 1.0, host: str = SHOP) -> "DemoHost":
        """Begin. pace: seconds of the demo's slow rhythms for one second (0.01 to 10). Raises DemoError."""
        try:
            return cls(*start_host(pace, host))
        except OSError as error:
            raise DemoError("lost", f"the demo host cannot be started: {error}") from error

    async def ready(self, clock: Clock) -> DemoClient:
        """Wait for its socket and its hello, bounded. Raises DemoError with what the host said, after ending it."""
        await self.started(clock)
        client = DemoClient(self.socket, clock)
        try:
            await client.request("hello", deadline=READY_WITHIN)
        except DemoError:
            await self.close(clock)
            raise
        return client

    async def started(self, clock: Clock) -> None:
        """Wait until it says where it is, bounded. Raises DemoError with what the host said, after ending it."""
        words = bytearray()
        try:
            async with clock.timeout(READY_WITHIN):
                told = await self._first_line(words)
            self.socket, self.folder = str(told["socket"]), str(told["folder"])
        except TimeoutError as error:
            await self.close(clock)
            raise DemoError("lost", f"the demo host was not ready within {READY_WITHIN:g} s{_last(words)}") from error
        except (ValueError, KeyError, TypeError) as error:
            await self.close(clock)
            raise DemoError("lost", f"the demo host did not start{_last(words)}") from error

    async def _first_line(self, words: bytearray) -> Any:
        while b"\n" not in words and len(words) < WORDS_LIMIT:
            chunk = await self._read()
            if not chunk:
                break
            words += chunk
        if not words.startswith(b"{"):
            while len(words) < WORDS_LIMIT and (chunk := await self._read()):
                words += chunk
        return json.loads(words.split(b"\n")[0])

    async def _read(self) -> bytes:
        """What the host printed; empty at its end, which is the end of its process (no service holds this pipe)."""
        assert self._process.stdout is not None
        fd, loop = self._process.stdout.fileno(), asyncio.get_running_loop()
        readable = loop.create_future()

        def wake() -> None:
            if not readable.done():
                readable.set_result(None)

        loop.add_reader(fd, wake)
        try:
            await readable
            return os.read(fd, 4096)
        finally:
            loop.remove_reader(fd)

    async def ended(self) -> None:
        """Wait until the host's process is gone."""
        while await self._read():
            pass
        self._process.wait()

    def let_go(self) -> None:
        """End the pipe: the host ends everything by itself. Never blocks; for use at exit and in signal handling."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    async def close(self, clock: Clock) -> None:
        """End the platform and wait until it is gone; a host that hangs is killed and swept. Safe to call again."""
        self.let_go()
        if self._process.stdout is None or self._process.stdout.closed:
            return
        try:
            async with clock.timeout(END_WITHIN):
                await self.ended()
        except TimeoutError:
            self._kill()
        finally:
            self._process.stdout.close()

    def _kill(self) -> None:
        from cockpit.demo.host.folder import sweep, sweep_folder  # seldom needed: not part of any start

        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self.folder:
            sweep_folder(self.folder)
        else:
            sweep()


def _last(words: bytearray) -> str:
    lines = [line for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    return f": {lines[-1][:300]}" if lines else ", it said nothing"
