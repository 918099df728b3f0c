"""`cockpit demo`: the cockpit on the demo's shop, which ends with it."""

import argparse
import sys
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from cockpit.demo.faults import BY_NAME
from cockpit.demo.start import start_host

if TYPE_CHECKING:
    from cockpit.engine.engine import Engine


def run(options: argparse.Namespace) -> int:
    """Start the shop and open the cockpit on it; 64 for a drill that is not there or without a terminal."""
    if options.drill and options.drill not in BY_NAME:
        from cockpit.demo.drills import unknown_drill

        return _no(unknown_drill(options.drill), 64)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _no("this needs a terminal; `cockpit check demo` assesses a demo that runs, without one", 64)
    # The host comes up on the other core while what follows is imported: the order is worth 0.1 s to the first paint.
    try:
        process, pipe = start_host()
    except OSError as error:
        return _no(f"the demo host cannot be started: {error}", 70)
    from cockpit.commands.screen import show
    from cockpit.demo.assemble import demo_parts
    from cockpit.demo.launch import DemoHost

    demo = demo_parts(options, DemoHost(process, pipe))
    if isinstance(demo, str):
        return _no(demo, 70)
    parts, close = demo

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
