"""The cursor of the services table in a real terminal: where it stands, and how a responder moves it."""

import re

from tests.terminal import Terminal

_ROW = re.compile(r"^([> ])[✗▲?●◌◇]. (\S+)", re.MULTILINE)
_MOST_MOVES = 100


def on(terminal: Terminal) -> str:
    """The service under the cursor; empty while none is."""
    return next((name for mark, name in _ROW.findall(terminal.text()) if mark == ">"), "")


def select(terminal: Terminal, service: str) -> None:
    """Move the cursor to a service with j and k.

    Rows may change places meanwhile, so each key waits for the one before to show and goes where the service is then.
    """
    for _ in range(_MOST_MOVES):
        terminal.until(lambda: on(terminal) and service in _names(terminal))
        here, names = on(terminal), _names(terminal)
        if here == service:
            return
        terminal.send("j" if names.index(service) > names.index(here) else "k")
        # Where rows change places just now, the key may lead against the edge: then nothing moves.
        terminal.until(lambda: on(terminal) != here or _names(terminal) != names)  # noqa: B023 called before the next turn
        if on(terminal) == here:
            terminal.quiet()
    raise AssertionError(f"{service} cannot be selected\n{terminal.text()}")


def _names(terminal: Terminal) -> list[str]:
    """Every service on the screen, from the top."""
    return [name for _, name in _ROW.findall(terminal.text())]
