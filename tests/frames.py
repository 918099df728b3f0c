"""Waiting for what an engine's frames show, as the screen gets them."""

import asyncio
from collections.abc import Callable

from cockpit.engine.engine import Engine
from cockpit.engine.frame import Frame
from tests.patience import PATIENCE


async def framed(engine: Engine, holds: Callable[[Frame], bool]) -> Frame:
    """The first frame of which it is true."""
    loop, new = asyncio.get_running_loop(), asyncio.Event()
    engine.wake_by(lambda: _set(loop, new))
    async with asyncio.timeout(PATIENCE):
        while not holds(frame := engine.frame()):
            await new.wait()
            new.clear()
    return frame


def _set(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)
