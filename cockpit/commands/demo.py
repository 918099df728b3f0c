"""`cockpit demo`: the cockpit on the demo's shop, of processes or on an emulated cluster, which ends with it."""

import argparse
import sys
from collections.abc import Callable, Collection
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cockpit.demo.start import CLUSTER, SHOP, start_host

if TYPE_CHECKING:
    from cockpit.demo.launch import DemoHost
    from cockpit.engine.engine import Engine
    from cockpit.engine.parts import Parts

Opened = tuple["Parts", Callable[[], None]] | str
"""The parts of a demo and what ends it, or one line on why there is none."""


class _Demo(NamedTuple):
    """One of the demos. host: what `start_host` starts; check: the profile that assesses it from elsewhere."""

    host: str
    check: str
    drills: Callable[[], Collection[str]]
    open: Callable[[argparse.Namespace, "DemoHost"], Opened]


def _shop_drills() -> Collection[str]:
    from cockpit.demo.faults import BY_NAME

    return BY_NAME


def _open_shop(options: argparse.Namespace, host: "DemoHost") -> Opened:
    from cockpit.demo.assemble import demo_parts

    return demo_parts(options, host)


def _cluster_drills() -> Collection[str]:
    from cockpit.demo.kubernetes.drills import BY_NAME

    return BY_NAME


def _open_cluster(options: argparse.Namespace, host: "DemoHost") -> Opened:
    from cockpit.assemble import assemble
    from cockpit.demo.assemble import opened, said, shipped
    from cockpit.demo.cluster import PROFILE, enter, on_cluster, state_of

    profile = shipped(PROFILE)  # read while the host comes up

    def make() -> "Parts":
        folder = Path(host.folder)
        enter(folder)
        return on_cluster(assemble(profile, profile.name, state_dir=state_of(folder), **said(options)), folder)

    return opened(host, host.started, make)


_DEMOS = {
    False: _Demo(SHOP, "demo", _shop_drills, _open_shop),
    True: _Demo(CLUSTER, "demo-kubernetes", _cluster_drills, _open_cluster),
}
"""By whether it is to be on Kubernetes."""


def run(options: argparse.Namespace) -> int:
    """Start the shop and open the cockpit on it; 64 for a drill that is not there or without a terminal."""
    demo = _DEMOS[options.kubernetes]
    if options.drill:
        from cockpit.demo.drills import unknown_drill

        if wrong := unknown_drill(options.drill, demo.drills()):
            return _no(wrong, 64)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _no(f"this needs a terminal; `cockpit check {demo.check}` assesses a demo that runs, without one", 64)
    # The host comes up on the other core while what follows is imported: the order is worth 0.1 s to the first paint.
    try:
        process, pipe = start_host(host=demo.host)
    except OSError as error:
        return _no(f"the demo host cannot be started: {error}", 70)
    from cockpit.commands.screen import show
    from cockpit.demo.launch import DemoHost

    found = demo.open(options, DemoHost(process, pipe))
    if isinstance(found, str):
        return _no(found, 70)
    parts, close = found

    def begin(engine: "Engine") -> None:
        if options.drill:
            _begin_drill(engine, options.drill)

    try:
        return show(parts, options, started=begin)
    finally:
        close()


def _begin_drill(engine: "Engine", name: str) -> None:
    """Inject the fault; it is recorded as a drill. What went wrong stands in the timeline, for nobody waits for it."""
    from cockpit.engine.port import AddNote, InjectFault

    def ended(future: "Future[Any]") -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            engine.hand(AddNote(text=f"the drill {name} did not begin: {error}"))

    engine.hand(InjectFault(name=name)).add_done_callback(ended)


def _no(why: str, code: int) -> int:
    from cockpit.commands.common import complain

    complain(f"cockpit demo: {why}")
    return code
