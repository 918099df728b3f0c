"""The real kubectl: run against a kubeconfig, awaited, with its files under the test's own folder."""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.program import clean_env

WITHIN = 120.0
"""Seconds: a bound on hanging, far above what a busy machine needs."""


def why_not() -> str | None:
    """Why there is no kubectl here, or None when there is."""
    return None if shutil.which("kubectl") else "no kubectl here (Debian: kubernetes-client)"


@dataclass(frozen=True)
class Ran:
    """What a kubectl left behind."""

    code: int
    out: str
    err: str


class Kubectl:
    """kubectl on one cluster. home: a folder of the test, where its caches go.

    kubeconfig: None leaves it to what `environ` says besides.
    """

    def __init__(self, kubeconfig: Path | None, home: Path, **environ: str) -> None:
        found = shutil.which("kubectl")
        assert found is not None
        named = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
        self._argv = [found, *named, f"--cache-dir={home / 'kubectl-cache'}"]
        self._env = clean_env(home) | environ

    async def run(self, *args: str, stdin: str = "") -> Ran:
        """Run one to its end."""
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._env,
        )
        try:
            async with asyncio.timeout(WITHIN):
                out, err = await process.communicate(stdin.encode())
        finally:
            await _end(process)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def ask(self, *args: str, stdin: str = "") -> str:
        """What it prints; it has to succeed."""
        ran = await self.run(*args, stdin=stdin)
        assert ran.code == 0, f"kubectl {' '.join(args)}: exit {ran.code}: {ran.err}"
        return ran.out

    @asynccontextmanager
    async def following(self, *args: str) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of one that goes on; it is ended with the block."""
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            *args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._env,
        )
        try:
            async with asyncio.timeout(WITHIN):
                yield _lines(process)
        finally:
            await _end(process)


async def _lines(process: asyncio.subprocess.Process) -> AsyncIterator[str]:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        yield line.decode().rstrip("\n")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()
