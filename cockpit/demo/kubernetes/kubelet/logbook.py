"""What containers write: made up on demand from their behaviour and their times, so that nothing has to be kept.

The same container has the same line at the same moment however often it is asked. Tests and drills may add lines.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from cockpit.demo.kubernetes.cluster.behaviour import Behaviour
from cockpit.demo.kubernetes.cluster.store import Change, Store
from cockpit.demo.kubernetes.kubelet.voices import VOICES, Moment, service

KEPT = 5_000
"""Lines of the past that a container still has: its file is rotated."""


class Line(NamedTuple):
    """at: POSIX seconds."""

    at: float
    text: str

    @property
    def stamp(self) -> str:
        """With nanoseconds, as a runtime writes it."""
        whole = int(self.at)
        moment = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{moment}.{int((self.at - whole) * 1e9):09d}Z"


class Instance(NamedTuple):
    """One run of a container. began, ended: POSIX seconds, `ended` None while it runs."""

    container: str
    identity: str
    began: float
    ended: float | None
    how: Behaviour
    last_words: bool

    def between(self, after: float, until: float) -> Iterator[Line]:
        """Its lines with `after` < at <= `until`, in order."""
        until = until if self.ended is None else min(until, self.ended)
        for number, text in enumerate(self.how.first):
            yield from _within(after, until, self.began + 0.05 * number, text)
        yield from self._regular(after, until if self.ended is None else min(until, self.ended - 1e-3))
        if self.ended is not None and self.last_words:
            for text in self.how.last:
                yield from _within(after, until, self.ended, text)

    def _regular(self, after: float, until: float) -> Iterator[Line]:
        # Starts are told in whole seconds; lines of several pods fall between them, each pod's at a time of its own.
        rate, origin = self.how.rate, self.began + 1.0 + zlib.crc32(self.identity.encode()) % 1000 / 1000
        if rate <= 0 or until < origin:
            return
        first = max(0, int((after - origin) * rate) - 1)
        first = max(first, int((until - origin) * rate) - KEPT)
        for number in range(first, int((until - origin) * rate) + 1):
            at = origin + number / rate
            if after < at <= until:
                yield Line(at, self._text(number, at))

    def next_after(self, now: float) -> float:
        """Seconds until its next line at the latest."""
        return 3600.0 if self.how.rate <= 0 else max(0.01, 1.0 / self.how.rate)

    def _text(self, number: int, at: float) -> str:
        mixed = zlib.crc32(f"{self.identity}/{number}".encode())
        return VOICES.get(self.container, service)(Moment(at, number, mixed))


def _within(after: float, until: float, at: float, text: str) -> Iterator[Line]:
    at = min(at, until) if at - until < 1.0 else at
    if after < at <= until:
        yield Line(at, text)


class Logbook:
    """Lines that were added, and who waits for news of which pod."""

    def __init__(self, store: Store) -> None:
        self._said: dict[tuple[str, str], deque[Line]] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}
        store.listen(self._changed)

    def say(self, uid: str, container: str, at: float, text: str) -> None:
        """A container of the pod `uid` writes a line now."""
        self._said.setdefault((uid, container), deque(maxlen=KEPT)).append(Line(at, text))
        self.wake(uid)

    def said(self, uid: str, container: str, after: float) -> list[Line]:
        return [line for line in self._said.get((uid, container), ()) if line.at > after]

    def news(self, uid: str) -> asyncio.Event:
        """Set when something happens to the pod; hand it back with `done`."""
        event = asyncio.Event()
        self._waiting.setdefault(uid, set()).add(event)
        return event

    def done(self, uid: str, event: asyncio.Event) -> None:
        waiting = self._waiting.get(uid, set())
        waiting.discard(event)
        if not waiting:
            self._waiting.pop(uid, None)

    def wake(self, uid: str) -> None:
        for event in self._waiting.get(uid, ()):
            event.set()

    def _changed(self, storage: str, change: Change) -> None:
        if storage == "pods":
            uid = change.entry.obj["metadata"]["uid"]
            self.wake(uid)
            if change.type == "DELETED":
                for key in [key for key in self._said if key[0] == uid]:
                    del self._said[key]
