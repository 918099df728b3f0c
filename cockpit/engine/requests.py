"""Which lines of an instance are asked for."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from cockpit.board.model import Identity
from cockpit.engine.port import OpenTail
from cockpit.engine.seen import Seen
from cockpit.logs.line import LogRequest

MOST_OLD = 10_000
"""Old lines of one instance asked for at most, where no window of time bounds them."""
RUN_BEFORE = timedelta(hours=1)
"""How far before the present start the run before it is looked for."""


def follows(spec: OpenTail) -> bool:
    """Whether new lines are wanted too."""
    return spec.until is None and not spec.previous


def request_for(spec: OpenTail, opened: datetime, id: Identity, begun: datetime | None, seen: Seen) -> LogRequest:
    """What is asked of a backend; `opened` is when the log was, `begun` when the instance's present run began."""
    if spec.previous:
        # Engines that restart in place keep one log: what stands before the present start is the run before. They
        # count `tail` from the log's end, where the present run is: so the window alone bounds it.
        request = LogRequest(instance=id, until=begun, tail=MOST_OLD, follow=False, previous=True)
        return replace(request, since=begun - RUN_BEFORE, tail=None) if begun else request
    if seen.since is not None:
        return LogRequest(instance=id, since=seen.since, tail=None)
    if spec.since is not None or spec.until is not None:
        request = LogRequest(instance=id, since=spec.since, until=spec.until, tail=spec.tail)
        return replace(request, tail=None, follow=False) if spec.until is not None else request
    since = None if spec.since_seconds is None else opened - timedelta(seconds=spec.since_seconds)
    tail = MOST_OLD if spec.tail is None and since is None else spec.tail
    return LogRequest(instance=id, since=since, tail=tail)
