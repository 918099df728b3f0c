"""Lends the terminal to a shell: the screen steps aside while it is open, the engine goes on, then all is repainted."""

import asyncio

from msgspec.structs import replace
from textual.app import SuspendNotSupported
from textual.dom import DOMNode

from cockpit.engine.console import Console
from cockpit.engine.port import CommandError, Perform
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.terminal import attend, greeting, lent


async def carried_out(node: DOMNode, command: Perform) -> None:
    """Carry out a confirmed plan. One that is attended gets the terminal as soon as its shell is open.

    Returns with the verdict told; raises what the command raises. Cancelled before the shell is open, it is ended.
    """
    cockpit = cockpit_of(node)
    if not command.plan.attended:
        await cockpit.port.submit(command)
        return
    loop, opened = asyncio.get_running_loop(), asyncio.Event()

    def attached() -> None:
        loop.call_soon_threadsafe(opened.set)

    console = lent(attached)
    try:
        work = cockpit.port.submit(replace(command, terminal=console))
        opening = loop.create_task(opened.wait())
        try:
            await asyncio.wait((work, opening), return_when=asyncio.FIRST_COMPLETED)
        finally:
            opening.cancel()
        if opened.is_set():
            _stay(node, console, greeting(cockpit.look.text(command.plan.operations[0].title)))
        await work
    finally:
        console.dispose()


def _stay(node: DOMNode, console: Console, words: str) -> None:
    """Blocks the screen's loop, as it must: nothing may paint over the shell. The engine has its own."""
    try:
        with node.app.suspend():
            attend(console, words)
    except SuspendNotSupported:
        raise CommandError("the screen cannot step aside here, so no shell can be shown") from None
    cockpit_of(node).tick()
