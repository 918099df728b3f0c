"""What is attended in `cockpit do`: a shell, at the terminal that the command was typed into."""

import signal
import sys
from concurrent.futures import CancelledError
from threading import Event

from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import SafeText
from cockpit.engine.engine import STOP_WITHIN, Engine
from cockpit.engine.port import Perform

_UNSEEN = SafeText("the cockpit ended before it saw how it ended: it may still run there")


def has_terminal() -> bool:
    """Whether there is one to type into and to read from."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def attended(engine: Engine, plan: Plan, name: str) -> Verdict:
    """Stay in it until it has ended; a TERM or HUP ends it from here. CommandError: it was not opened."""
    from cockpit.ui.terminal import attend, greeting, lent

    news = Event()
    console = lent(news.set)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: engine.request_stop())
    try:
        work = engine.hand(Perform(plan=plan, typed_name=name, terminal=console))
        work.add_done_callback(lambda _: news.set())
        news.wait()
        if not work.done():
            attend(console, greeting(plan.operations[0].title))
        verdict: Verdict = work.result(STOP_WITHIN + plan.deadline)
    except (TimeoutError, CancelledError):
        return Verdict(result="unknown", evidence=(_UNSEEN,), seconds=0.0)
    finally:
        console.dispose()
    return verdict
