"""Why a change was not begun. str(error) is one line: what, why, what to do."""

from cockpit.board.model import SafeText
from cockpit.board.text import safe


class Refused(Exception):
    """The plan is not carried out: policy, permission, another change, or a source that is gone. Nothing was done."""


class TargetChanged(Refused):
    """What the plan was made for is no longer so. Nothing was done; the difference is in the text: plan again."""


class SecondPersonMissing(Refused):
    """Another login has to approve it first. Nothing was done."""


def words_of(error: Exception) -> SafeText:
    """An error of any kind in one line; its type's name when it says nothing."""
    return safe(str(error), 300) or SafeText(type(error).__name__)
