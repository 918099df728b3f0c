"""`cockpit [PROFILE]`, `cockpit replay`: an engine, and the screen on it."""

import argparse
import sys
from collections.abc import Callable

from msgspec.structs import replace

from cockpit.board.clock import Clock
from cockpit.commands.common import chosen_parts, complain
from cockpit.engine.engine import Engine
from cockpit.engine.parts import Parts
from cockpit.engine.recorded import RecordingError

ROWS_WITHIN = 1.0
"""Seconds that what nobody sees at first leaves the processor to the first rows; also where there are none."""


def open_profile(options: argparse.Namespace) -> int:
    """The cockpit on a profile, or on what runs here."""
    parts = chosen_parts(options)
    if isinstance(parts, int):
        return parts
    return show(parts, options) if has_terminal() else 64


def open_replay(options: argparse.Namespace) -> int:
    """The cockpit on a recording."""
    from cockpit.commands.replaying import replay_parts

    if not has_terminal():
        return 64
    try:
        parts, clock = replay_parts(options)
    except (OSError, RecordingError) as error:
        complain(f"cockpit replay: {error}")
        return 64
    return show(parts, options, clock)


def show(
    parts: Parts,
    options: argparse.Namespace,
    clock: Clock | None = None,
    started: Callable[[Engine], None] = lambda _: None,
) -> int:
    """An engine on these parts and the screen on it, until the reader quits; `started` is called in between."""
    from cockpit.signals import Ending

    if clock is None:
        parts = replace(parts, rows_within=ROWS_WITHIN)
    engine = Engine(parts, clock)
    try:
        engine.start()
    except RecordingError as error:
        complain(f"cockpit: {error}")
        return 64
    started(engine)
    # The screen's libraries load here, while the engine's thread already asks its sources.
    from cockpit.ui.environment import prepare

    settings = prepare(options)
    from cockpit.ui.app import CockpitApp

    app = CockpitApp(engine, settings)
    ending = Ending(engine, _exit_of(app.ask_exit))
    code = app.run_on_terminal()
    engine.stop()
    return 128 + ending.received if ending.received else code


def _exit_of(ask: Callable[[], None]) -> Callable[[], None]:
    def exit_screen() -> None:
        try:
            ask()
        except RuntimeError:
            return  # the screen's loop has ended already

    return exit_screen


def has_terminal() -> bool:
    """Whether there is one to draw on; said on stderr when not."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return True
    complain("cockpit: this needs a terminal; `cockpit check` prints one assessment without one")
    return False
