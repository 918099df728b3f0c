"""An engine that tests hold in their hands: frames are pushed, commands are recorded and answered as told."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from cockpit.backends.change import Verb
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.engine.frame import Frame, LogWindow, TailStatus
from cockpit.engine.port import Command, Rehearsal, Requirement
from cockpit.incident.timeline import Timeline, curated, recorded
from cockpit.logs.level import level_of
from cockpit.logs.line import LogLine
from cockpit.mitigate.rehearse import Checked

AT = datetime(2026, 3, 1, 14, 32, 0, tzinfo=UTC)
VERBS = (
    Verb(name="restart", title="restart"),
    Verb(name="scale", title="scale", arguments=(("count", "0 to 20"),)),
    Verb(name="rollback", title="roll back", arguments=(("to", "an image"),)),
    Verb(name="remove", title="remove its containers", danger="high"),
)
EMPTY = Snapshot(version=0, at=AT, profile="shop")


def told(changes: dict[str, Any]) -> dict[str, Any]:
    """With the rows that belong to a timeline."""
    return {**changes, "rows": curated(Timeline(changes["timeline"]).rows())} if "timeline" in changes else changes


class FakePort:
    """An `EnginePort`. Every OpenTail opens the one log that `lines` holds."""

    def __init__(self, snapshot: Snapshot = EMPTY, **more: Any) -> None:
        self.sent: list[Command] = []
        self.answers: dict[str, Any] = {
            "OpenTail": "t1",
            "Verbs": VERBS,
            "Require": Requirement(),
        }
        self.answers["DryRun"] = lambda command: Rehearsal(
            steps=tuple(Checked(one.title) for one in command.plan.operations)
        )
        self.answers["Recorded"] = lambda _: recorded(self.frame().timeline)
        self.lines: list[LogLine] = []
        self._frame = Frame(snapshot=snapshot, beat=1.0, **told(more))
        self._wake: Callable[[], None] | None = None
        self._version = 0

    # What the screen calls

    def frame(self) -> Frame:
        return self._frame

    def wake_by(self, callback: Callable[[], None]) -> None:
        self._wake = callback

    def log_window(self, tail: str, start: int, count: int) -> LogWindow:
        first = max(0, start)
        lines = tuple(self.lines[first : max(0, start + count)])
        return LogWindow(start=first, lines=lines, matched=(True,) * len(lines), rows=len(self.lines), version=1)

    def submit(self, command: Command) -> "asyncio.Future[Any]":
        self.sent.append(command)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer = self.answers.get(type(command).__name__)
        if callable(answer):
            answer = answer(command)
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
        return future

    # What a test calls

    def push(self, **changes: Any) -> Frame:
        """Change fields of the frame and wake the screen; the heart beats once."""
        self._frame = replace(self._frame, beat=self._frame.beat + 1, **told(changes))
        if self._wake is not None:
            self._wake()
        return self._frame

    def write(self, *texts: str, source: str = "auth-1", at: datetime = AT, note: bool = False) -> None:
        """Append lines to the log and push its new state."""
        for text in texts:
            seq = len(self.lines)
            moment = at + timedelta(milliseconds=118 * seq)
            self.lines.append(LogLine(seq, moment, source, "out", level_of(text), SafeText(text), note))
        self._version += 1
        self.push(tails=self.tails("t1"))

    def tails(self, *ids: str) -> Mapping[str, TailStatus]:
        """The state of the log under some ids."""
        sources = tuple(dict.fromkeys(SafeText(line.source) for line in self.lines))
        return {
            tail: TailStatus(
                id=tail,
                title=SafeText(""),
                version=self._version,
                rows=len(self.lines),
                lines=len(self.lines),
                dropped=0,
                first_seq=0,
                last_seq=len(self.lines) - 1,
                sources=sources,
            )
            for tail in ids
        }
