"""What widgets and screens may ask of the app they live in. `app.CockpitApp` is it; tests may give another."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, cast

from textual.dom import DOMNode

from cockpit.board.clock import Clock
from cockpit.engine.frame import Frame
from cockpit.engine.port import Command, EnginePort
from cockpit.ui.keys import Key
from cockpit.ui.look import Look


class Cockpit(Protocol):
    """The app, as its parts see it."""

    port: EnginePort
    frame: Frame
    look: Look
    clock: Clock
    keys: tuple[Key, ...]

    @property
    def now(self) -> datetime:
        """The moment that ages are counted to."""
        ...

    @property
    def stale_for(self) -> float | None:
        """Seconds since the engine's last heartbeat, once that is too long; None while it beats."""
        ...

    @property
    def calm(self) -> bool:
        """No key for two seconds: rows may change places."""
        ...

    def tick(self) -> None:
        """A second has passed, or more: take what is new, go on with ages."""
        ...

    def say(self, text: str, style: str = "warning") -> None:
        """Show one line at the bottom until the next key."""
        ...

    def ask(self, command: Command, waiting: str, then: Callable[[Any], object] | None = None) -> None:
        """Submit a command; `waiting` is shown once it takes longer than 0.3 s, an error as a line."""
        ...


def cockpit_of(node: DOMNode) -> Cockpit:
    """The cockpit a widget or screen lives in."""
    return cast(Cockpit, node.app)
