"""What is said of a question about the board: yes, no or unknown, and what that rests on."""

from enum import StrEnum

from msgspec import Struct

from cockpit.board.model import SafeText


class Answer(StrEnum):
    """What a predicate says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Finding(Struct, frozen=True, kw_only=True):
    """An answer with what it rests on: `good` of `wanted` instances, and in words why it is not yes."""

    answer: Answer
    good: int = 0
    wanted: int = 0
    detail: SafeText = SafeText("")
