"""The demo as parts of an engine: a host of its own, or one that runs already."""

import argparse
import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cockpit.backends.base import Operator, Source, SourceError
from cockpit.board.clock import Clock, SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.client import DemoError
from cockpit.demo.drills import DemoFaults, unknown_drill
from cockpit.demo.launch import DemoHost
from cockpit.engine import runners
from cockpit.engine.parts import BackendPart, Parts
from cockpit.profile.load import load
from cockpit.profile.schema import Profile
from cockpit.resources import profiles


def demo_parts(options: argparse.Namespace, host: DemoHost | None = None) -> tuple[Parts, Callable[[], None]] | str:
    """The parts of a demo and what ends it, or one line on why there is none. Call it outside of any event loop.

    options: who, read_only, record and drill of the command line, each of which may be missing. host: one that was
    started before; else one is started here.
    """
    if wrong := unknown_drill(getattr(options, "drill", None)):
        return wrong
    try:
        host = host or DemoHost.start()
    except DemoError as error:
        return str(error)
    profile = shipped("demo")  # read while the host comes up
    return opened(host, host.ready, lambda: parts_on(host.socket, profile=profile, **said(options)))


def said(options: argparse.Namespace) -> dict[str, Any]:
    """What of the command line the parts of any demo are made with."""
    record = getattr(options, "record", None)
    return {
        "who": getattr(options, "who", ""),
        "read_only": "started with --read-only" if getattr(options, "read_only", False) else "",
        "record": Path(record) if record else None,
    }


def opened(
    host: DemoHost, ready: Callable[[Clock], Coroutine[Any, Any, object]], make: Callable[[], Parts]
) -> tuple[Parts, Callable[[], None]] | str:
    """The parts that `make` gives once the host is ready, and what ends it; or one line on why there are none."""
    clock = SystemClock()

    def close() -> None:
        """End the platform; a host that is asked twice has ended already."""
        host.let_go()
        asyncio.run(host.close(clock))

    try:
        asyncio.run(ready(clock))
    except DemoError as error:
        return str(error)
    try:
        return make(), close
    except BaseException:
        close()
        raise


def parts_on(
    socket: str,
    *,
    who: str = "",
    read_only: str = "",
    record: Path | None = None,
    speed: float = 1.0,
    machine: bool = True,
    profile: Profile | None = None,
) -> Parts:
    """The shipped profile on the host whose socket this is. speed: of faults; machine: with this machine's facts."""
    profile = profile or shipped("demo")
    parts = Parts(
        profile=profile,
        profile_name=profile.name,
        runners=(runners.probes, *((runners.host,) if machine else ())),
        who=who,
        read_only=read_only,
        record=record,
        environ=dict(os.environ),
    )
    return on_host(parts, socket, speed=speed)


def on_host(parts: Parts, socket: str, *, speed: float = 1.0, journal: bool = True) -> Parts:
    """The same parts, the profile's demo backends being this host. The journal lies in the host's folder and ends with
    it: what is tried in a demo must not stand in anybody's record."""
    folder = os.path.dirname(socket)
    state = Path(folder) / "state" if journal else None
    return replace(
        parts,
        backends=_with_demo(parts, lambda name: backend_part(name, socket, parts.profile, state)),
        state_dir=state,
        faults=DemoFaults(socket, SystemClock(), speed),
        demo=True,
        # What the journal cannot take is set aside in the runtime directory: it must not reach a real one either.
        environ={**parts.environ, "XDG_RUNTIME_DIR": folder},
    )


def attached(parts: Parts) -> Parts:
    """The same parts, the profile's demo backends being the demo that somebody has open here, as soon as there is one.

    With none, or more than one, they are lost and say why.
    """
    try:
        socket = running_socket()
    except SourceError:
        return replace(parts, backends=_with_demo(parts, _late_part), state_dir=None)
    return on_host(parts, socket, journal=parts.state_dir is not None)


def running_socket() -> str:
    """The socket of the one demo that runs here. SourceError when there is none, or a choice."""
    from cockpit.demo.host.folder import living

    return the_one(living(), "no demo runs here: cockpit demo starts one")


def the_one(found: Sequence[tuple[int, str]], none: str) -> str:
    """The door of the only host that lives, of their pids and doors. SourceError when there is none, or a choice."""
    if not found:
        raise SourceError(none)
    if len(found) > 1:
        pids = ", ".join(str(pid) for pid, _ in found)
        raise SourceError(
            f"{len(found)} demos run here (pids {pids}): which one is meant cannot be told, end the others"
        )
    return found[0][1]


def backend_part(name: str, socket: str, profile: Profile, state: Path | None) -> BackendPart:
    """How the demo's source and operator are made. state: where evidence is kept; None: nowhere."""

    def source(clock: Clock, secrets: Secrets) -> Source:
        from cockpit.demo.source import DemoSource

        return DemoSource(name, socket, clock, secrets)

    def operator(clock: Clock, secrets: Secrets) -> Operator:
        from cockpit.backends.evidence import Evidence
        from cockpit.demo.operate import DemoOperator

        evidence = Evidence(state, profile, clock, secrets, os.environ) if state is not None else None
        return DemoOperator(socket, clock, secrets, evidence)

    return BackendPart(name, source, operator)


def _late_part(name: str) -> BackendPart:
    def source(clock: Clock, secrets: Secrets) -> Source:
        from cockpit.demo.source import DemoSource

        return DemoSource(name, running_socket, clock, secrets)

    return BackendPart(name, source)


def _with_demo(parts: Parts, make: Callable[[str], BackendPart]) -> tuple[BackendPart, ...]:
    made = {part.name: part for part in parts.backends}
    for name, backend in parts.profile.backends.items():
        if backend.kind == "demo":
            made[name] = make(name)
    return tuple(made.values())


def shipped(name: str) -> Profile:
    """A demo's own profile."""
    found = load(profiles() / f"{name}.yaml", os.environ)
    if found.profile is None:
        raise RuntimeError(f"the demo's own profile is wrong: {found.errors[0]}")
    return found.profile
