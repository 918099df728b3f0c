"""An operation that a person attends: a shell is opened, bytes go to and fro until one side ends, then it is told how.

Nothing of the bytes is kept; what is recorded is when it began, when it ended, and its exit code.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from cockpit.backends.base import Operator, SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan
from cockpit.backends.shell import Ended, Shell, ShellOpener, Terminal
from cockpit.board.clock import Clock
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.sight import Sight

LONGEST = 8 * 3600.0
"""Seconds after which a shell is ended that somebody forgot: one watch."""
OPENED_WITHIN = 20.0
EXIT_CODE = "exit code"

_HUNG_UP = "the terminal is gone"
_TOO_LONG = f"ended after {LONGEST / 3600:.0f} h, the longest that one may stay open"


class Attendance:
    """Carries out attended operations of one plan at one terminal. ending: set when the cockpit is asked to end."""

    def __init__(self, terminal: Terminal, clock: Clock, ending: asyncio.Event) -> None:
        self._terminal, self._clock, self._ending = terminal, clock, ending

    async def perform(self, operator: Operator, permit: Permit, operation: Operation) -> Outcome:
        """Open the shell and stay until it has ended. accepted False: it could not be opened."""
        terminal, clock = self._terminal, self._clock
        if not isinstance(operator, ShellOpener):
            return Outcome(accepted=False, detail=safe(f"{operation.title}: nothing here can open a shell in it"))
        try:
            async with clock.timeout(OPENED_WITHIN):
                shell = await operator.open_shell(permit, operation, terminal.size, terminal.term)
        except TimeoutError:
            why = f"not opened within {OPENED_WITHIN:.0f} s: it was given up"
            return Outcome(accepted=False, detail=safe(why))
        except SourceError as error:
            return Outcome(accepted=False, detail=safe(str(error), 500))
        began, ended, why = clock.now(), Ended(exit_code=None), ""
        try:
            why = await self._attend(shell)
        finally:
            ended = await shell.end()
            terminal.close()
        spent = (clock.now() - began).total_seconds()
        facts = [("began", f"{began:%Y-%m-%dT%H:%M:%SZ}"), ("ended", f"{clock.now():%Y-%m-%dT%H:%M:%SZ}")]
        if ended.exit_code is not None:
            facts.append((EXIT_CODE, str(ended.exit_code)))
        detail = _words(ended, why, spent)
        return Outcome(
            accepted=True, detail=detail, facts=(*((name, safe(value)) for name, value in facts), ("shell", detail))
        )

    async def _attend(self, shell: Shell) -> str:
        try:
            await self._terminal.attach()
        except OSError:
            return _HUNG_UP
        return await self._stay(shell)

    async def _stay(self, shell: Shell) -> str:
        """Bytes to and fro until one side ends; why it did, empty when the shell ended by itself."""
        ends = {
            _task(self._shown(shell)), _task(self._typed(shell)), _task(self._asked_to_end()), _task(self._too_long()),
        }  # fmt: skip
        resizing = _task(self._resized(shell))
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return next((why for why in (one.result() for one in done) if why), "")
        finally:
            for task in (*ends, resizing):
                task.cancel()
            await asyncio.gather(*ends, resizing, return_exceptions=True)

    async def _shown(self, shell: Shell) -> str:
        try:
            while data := await shell.read():
                await self._terminal.write(data)
        except SourceError as error:
            return f"the connection was lost ({error})"
        except OSError:
            return _HUNG_UP
        return ""

    async def _typed(self, shell: Shell) -> str:
        try:
            while data := await self._terminal.read():
                await shell.write(data)
        except SourceError as error:
            return f"the connection was lost ({error})"
        return _HUNG_UP

    async def _resized(self, shell: Shell) -> str:
        while True:
            size = await self._terminal.resized()
            try:
                await shell.resize(size)
            except SourceError:
                continue  # a picture of the wrong size is no reason to end a shell; a lost connection shows elsewhere

    async def _asked_to_end(self) -> str:
        await self._ending.wait()
        return "the cockpit ends"

    async def _too_long(self) -> str:
        await self._clock.sleep(LONGEST)
        return _TOO_LONG


def attendance(plan: Plan, terminal: Terminal | None, clock: Clock, ending: asyncio.Event) -> Attendance | None:
    """Who attends a plan, None where nobody needs to. Refused: it needs a terminal, and fills it."""
    if plan.attended and terminal is None:
        raise Refused(f"{plan.verb} {plan.service} is attended: it needs a terminal, and nobody is at one here")
    if plan.attended and len(plan.operations) != 1:
        raise Refused(f"{plan.verb} {plan.service} is attended: nothing else may stand in its plan")
    return None if terminal is None else Attendance(terminal, clock, ending)


def ended(sight: Sight) -> Finding:
    """Its exit code is known. Only who attended it knows that: the board shows nothing of a shell."""
    told = dict(sight.told)
    words = told.get("shell", safe("its end was not seen: it may still run there, or ended with its instance"))
    answer = Answer.YES if EXIT_CODE in told else Answer.UNKNOWN
    return Finding(answer=answer, good=int(answer is Answer.YES), wanted=1, detail=words)


def _task(work: Coroutine[Any, Any, str]) -> asyncio.Task[str]:
    return asyncio.get_running_loop().create_task(work)


def _words(ended: Ended, why: str, seconds: float) -> SafeText:
    """ "ended with exit 3 after 12 s", "ended with exit 129 after 40 s: from here, for the terminal is gone"."""
    code = (
        "ended with an exit code that is not known" if ended.exit_code is None else f"ended with exit {ended.exit_code}"
    )
    if ended.forced:
        why = f"from here, for {why or 'the connection was cut'}"
    reasons = "; ".join(word for word in (why, ended.remark) if word)
    return safe(f"{code} after {seconds:.0f} s" + (f": {reasons}" if reasons else ""), 500)
