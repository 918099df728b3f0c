"""Keeps one task going whatever happens: a failure is told, waited out with backoff and jitter, and tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from cockpit.backends.base import SourceError
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe

FIRST_WAIT = 0.5
LONGEST_WAIT = 15.0
HEALTHY_AFTER = 30.0
"""Seconds after which a run counts as good: the next failure starts at the first wait again."""


class Backoff:
    """Waits of 0.5, 1, 2, 4, 8, 15, 15 ... seconds, each ±20 % so that several sources do not knock together."""

    def __init__(self, random: Random | None = None) -> None:
        self._random = random or Random()
        self._wait = FIRST_WAIT

    def next(self) -> float:
        """Seconds to wait now."""
        wait, self._wait = self._wait, min(LONGEST_WAIT, self._wait * 2)
        return wait * self._random.uniform(0.8, 1.2)

    def reset(self) -> None:
        """It went well: begin with the first wait again."""
        self._wait = FIRST_WAIT


async def supervise(
    run: Callable[[], Awaitable[None]],
    failed: Callable[[SafeText], None],
    clock: Clock,
    hurry: asyncio.Event | None = None,
) -> None:
    """Call `run` for ever. `failed` gets one sentence after each failure; setting `hurry` ends a wait early."""
    backoff = Backoff()
    while True:
        started = clock.monotonic()
        try:
            await run()
            why = SafeText("the connection was closed")
        except SourceError as error:
            why = safe(str(error), 500)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # A library's own cancellation that got out: nobody asked this part to end.
            why = SafeText("the connection was given up")
        except Exception as error:
            # A fault of ours in one source must not stop the others: it is told like a lost connection.
            why = safe(f"{type(error).__name__}: {error}", 500)
        if clock.monotonic() - started >= HEALTHY_AFTER:
            backoff.reset()
        failed(why)
        await _wait(backoff.next(), clock, hurry)


async def _wait(seconds: float, clock: Clock, hurry: asyncio.Event | None) -> None:
    if hurry is None:
        await clock.sleep(seconds)
        return
    hurry.clear()
    try:
        async with clock.timeout(seconds):
            await hurry.wait()
    except TimeoutError:
        pass
