"""Whether a number is bad."""

from cockpit.board.model import ReadingState
from cockpit.profile.probes import Threshold

NONE = Threshold()


def crossed(threshold: Threshold, value: float) -> ReadingState | None:
    """DOWN beyond a bad limit, DEGRADED beyond a warn limit, OK within, None when there is no limit.

    A number that is not one (NaN) crosses nothing and is not within either: None.
    """
    if threshold == NONE or value != value:
        return None
    above, below = threshold.bad_above, threshold.bad_below
    if (above is not None and value > above) or (below is not None and value < below):
        return ReadingState.DOWN
    above, below = threshold.warn_above, threshold.warn_below
    if (above is not None and value > above) or (below is not None and value < below):
        return ReadingState.DEGRADED
    return ReadingState.OK


def limit(threshold: Threshold, value: float) -> str:
    """The limit that `value` is beyond, as shown: "> 85"; empty within."""
    for bound in (threshold.bad_above, threshold.warn_above):
        if bound is not None and value > bound:
            return f"> {bound:g}"
    for bound in (threshold.bad_below, threshold.warn_below):
        if bound is not None and value < bound:
            return f"< {bound:g}"
    return ""
