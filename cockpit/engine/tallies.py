"""The error lines that one reader of logs counts, for each service that it reads, as updates of the board."""

from collections.abc import Iterator
from datetime import timedelta

from cockpit.board.model import Identity
from cockpit.board.text import safe
from cockpit.board.update import Counted
from cockpit.engine.port import OpenTail
from cockpit.engine.requests import MOST_OLD, follows
from cockpit.engine.streams import Around, Streams
from cockpit.logs.tally import LOOKED_AT, Listener, Tally


class Tallies:
    """By service. Of a log that is not followed, or of single instances, nothing is counted."""

    def __init__(self, spec: OpenTail, around: Around) -> None:
        self._around = around
        opened, self._tail = around.clock.now(), spec.tail
        since = spec.since
        if since is None and spec.since_seconds is not None:
            since = opened - timedelta(seconds=spec.since_seconds)
        if since is None and spec.tail is None:
            self._tail = MOST_OLD
        counts = follows(spec) and not spec.instances
        self._of = {service: Tally(opened, since) for service in spec.services} if counts else {}

    def listener(self, identity: Identity) -> Listener:
        """What counts the lines of an instance, or of a file."""
        named = (identity.name,) if identity.backend == "file" else self._around.board.services_of(identity)
        return Listener([self._of[one] for one in named if one in self._of], self._tail)

    def news(self, streams: Streams) -> Iterator[Counted]:
        """What is not told yet."""
        if not streams.read:
            return
        now = self._around.clock.now()
        for service, tally in self._of.items():
            if minutes := tally.news(now):
                yield Counted(at=now, service=service, minutes=minutes, partly=safe(_partly(tally, streams), 120))


def _partly(tally: Tally, streams: Streams) -> str:
    words = []
    if streams.read < streams.total:
        words.append(f"in {streams.read} of {streams.total} logs")
    if tally.limited:
        words.append(f"at least: {LOOKED_AT:,} lines a minute are looked at")
    if tally.untimed:
        words.append("lines without a time are not counted")
    return ", ".join(words)
