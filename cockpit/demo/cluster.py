"""The demo's emulated cluster as parts of an engine: how a profile means it, its journal, its drills."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.board.clock import Clock, SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.assemble import the_one
from cockpit.demo.drills import unknown_drill
from cockpit.demo.kubernetes.kubeconfig import CONTEXT, FILE
from cockpit.engine.parts import Parts
from cockpit.engine.port import CommandError
from cockpit.profile.schema import Backend

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.client import KubeClient

PROFILE = "demo-kubernetes"
"""The shipped profile of the shop on it."""
_PROXIES_NOT_FOR = ("no_proxy", "NO_PROXY")


def running_folder() -> Path:
    """The folder of the one emulated cluster that runs here. SourceError when there is none, or a choice."""
    from cockpit.demo.host.folder import living

    return Path(the_one(living(FILE), "no demo on Kubernetes runs here: cockpit demo --kubernetes starts one")).parent


def state_of(folder: Path) -> Path:
    """Where its journal is: it ends with the demo."""
    return folder / "state"


def enter(folder: Path) -> None:
    """Let this process speak of the demo's cluster alone: backends, their login commands and kubectl in a shell of the
    cockpit all find it by the environment, and no proxy stands before this machine's own address."""
    os.environ["KUBECONFIG"] = str(folder / FILE)
    for name in _PROXIES_NOT_FOR:
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1")))


def on_cluster(parts: Parts, folder: Path) -> Parts:
    """The same parts on the emulated cluster of this folder, with its drills."""
    name, backend = next((name, one) for name, one in parts.profile.backends.items() if one.context == CONTEXT)
    return replace(
        parts,
        faults=ClusterFaults(name, backend, SystemClock()),
        demo=True,
        # What the journal cannot take is set aside in the runtime directory: it must not reach a real one.
        environ={**parts.environ, **os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )


class _Drill(Struct, frozen=True):
    name: str
    line: str
    active: bool


class _Drills(Struct, frozen=True):
    drills: tuple[_Drill, ...]


class ClusterFaults:
    """The drills of the emulated cluster, which are switched beside its API. Nothing is kept open between two."""

    def __init__(self, name: str, backend: Backend, clock: Clock) -> None:
        self._name, self._backend, self._clock = name, backend, clock

    async def faults(self) -> tuple[tuple[str, str, bool], ...]:
        """(name, description, active) of each. CommandError when the host does not answer."""
        async with self._client() as client:
            found = await client.get("/demo/drills", _Drills)
        return tuple((one.name, one.line, one.active) for one in found.drills)

    async def inject(self, name: str, on: bool) -> None:
        """Start or end one. CommandError when there is no such drill, or the host does not answer."""
        if wrong := unknown_drill(name, [known for known, _, _ in await self.faults()]):
            raise CommandError(wrong)
        async with self._client() as client:
            await client.send("POST", f"/demo/drills/{name}", {}, {"on": str(on).lower()})

    @asynccontextmanager
    async def _client(self) -> AsyncIterator["KubeClient"]:
        from cockpit.backends.kubernetes.client import KubeClient

        client = KubeClient(self._name, self._backend, self._clock, Secrets(), read_only=False)
        try:
            yield client
        except SourceError as error:
            raise CommandError(str(error)) from None
        finally:
            await client.reset()
