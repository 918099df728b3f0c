"""The buttons under a mitigation: before it is confirmed, while it runs, and what may be planned after its verdict."""

from cockpit.engine.frame import OperationStatus
from cockpit.ui.dialogs import plantext
from cockpit.ui.dialogs.base import Button
from cockpit.ui.look import Look

DRY = Button("dry", "Dry run")
COPY = Button("copy", "Copy command")
DO = Button("do", "Do it")
ANYWAY = Button("do", "Do it unrecorded")
LEAVE = Button("leave", "Leave it running")
STOP = Button("stop", "Stop at the next safe point")
CLOSE = Button("close", "Close")
AGAIN = Button("again", "Plan again")


def while_done(look: Look, status: OperationStatus | None, failed: str) -> tuple[Button, ...]:
    """Once it was confirmed. failed: why it could not be handed over."""
    if status is not None and status.phase == "ended":
        return (CLOSE, *_what_next(look, status))
    if failed:
        return (CLOSE, AGAIN)
    return (LEAVE, STOP) if status and status.stoppable else (LEAVE,)


def _what_next(look: Look, status: OperationStatus) -> tuple[Button, ...]:
    """What may be planned after the verdict."""
    verdict, plan = status.verdict, status.plan
    if verdict is None or len(plan.services) > 1:
        return ()
    buttons = []
    if verdict.result == "did not work" and plan.otherwise:
        buttons.append(Button("otherwise", plantext.verb_words(plan.otherwise[0]).capitalize()))
    if words := plantext.way_back(look, plan):
        buttons.append(Button("undo", f"Undo: {words}"))
    return tuple(buttons)
