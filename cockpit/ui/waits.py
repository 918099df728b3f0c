"""Commands under way: what is waited for, for how long, and how to stop waiting, from 0.3 s on."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from textual.app import App
from textual.worker import Worker, get_current_worker

from cockpit.engine.port import Command
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.format import age

PATIENCE = 0.3
Then = Callable[[Any], object]


class Waits:
    """The app's waits. One that is stopped only is not waited for any more: the engine may still carry it out."""

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._cockpit = cast(Cockpit, app)
        self._shown: dict[Worker[None], tuple[str, float]] = {}

    def begin(self, command: Command, waiting: str, then: Then | None) -> None:
        """Submit a command and wait for it beside everything else."""
        self._app.run_worker(self._wait(command, waiting, then), group="ask", exit_on_error=False, description=waiting)

    def stop(self) -> bool:
        """Stop what is waited for on the screen; False when nothing is."""
        if not self._shown:
            return False
        for worker, (waiting, _) in list(self._shown.items()):
            worker.cancel()
            self._cockpit.say(f"not waiting for {waiting} any more")
        self._shown.clear()
        return True

    def tick(self) -> None:
        """Say how long it takes by now."""
        for waiting, since in self._shown.values():
            spent = self._cockpit.clock.monotonic() - since
            self._cockpit.say(f"waiting for {waiting}, {age(spent)}; Esc stops waiting", "dim")

    async def _wait(self, command: Command, waiting: str, then: Then | None) -> None:
        worker: Worker[None] = get_current_worker()
        future = self._cockpit.port.submit(command)
        try:
            done, _ = await asyncio.wait([future], timeout=PATIENCE)
            if not done:
                self._shown[worker] = (waiting, self._cockpit.clock.monotonic())
                self._cockpit.say(f"waiting for {waiting}; Esc stops waiting", "dim")
                await asyncio.wait([future])
                self._cockpit.say("")
            result = future.result()
        except Exception as error:  # whatever a command raises is a line for the reader
            self._cockpit.say(str(error) or type(error).__name__, "down")
            return
        finally:
            self._shown.pop(worker, None)
        if then is not None:
            # In the app's own queue: a fault of the screen ends it with a traceback, a worker would swallow it.
            self._app.call_later(then, result)
