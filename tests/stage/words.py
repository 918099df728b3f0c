"""What a test says to the program on the stage: one JSON object a line, each answered with one `Done`."""

from msgspec import Struct

from cockpit.board.update import Update


class Play(Struct, frozen=True, tag="play"):
    """Let `seconds` pass in steps of `step`; what each brings is painted before the next.

    calm: before the next step everything under way must have ended, the journal's writes too (20 ms a step).
    """

    seconds: float
    step: float = 0.1
    calm: bool = False


class Give(Struct, frozen=True, tag="give"):
    """Tell the board something beside the recording, and let a fifth of a second pass."""

    updates: list[Update]


class Say(Struct, frozen=True, tag="say"):
    """Add a line to the timeline as the reader typed it."""

    text: str


Word = Play | Give | Say


class Done(Struct, frozen=True):
    """It is done and painted. error: what went wrong, else empty."""

    error: str = ""
