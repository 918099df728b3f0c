"""The one window that the screen has on the engine.

`frame()` and `log_window()` may be called from the screen's thread at any time and never wait for the engine's loop.
`submit` hands a command over; the future is of the caller's loop. Tests and replays give the screen a `FakePort`.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

from cockpit.backends.catalogue import (
    Form,
    ObjectChanges,
    ObjectColumn,
    ObjectKind,
    ObjectPage,
    ObjectQuery,
    ObjectRef,
    ObjectRow,
    Since,
)
from cockpit.backends.change import Plan, Verb
from cockpit.backends.shell import Terminal
from cockpit.board.model import Identity
from cockpit.engine.frame import Frame, LogWindow
from cockpit.engine.listing import DescribeObject, ListKinds, ListObjects, WatchObjects
from cockpit.incident.timeline import Row
from cockpit.logs.line import Level
from cockpit.logs.query import LogQuery
from cockpit.logs.shapes import ErrorShape
from cockpit.mitigate.guard import Requirement
from cockpit.mitigate.progress import Step
from cockpit.mitigate.rehearse import Rehearsal

# Commands. Each says in its docstring what its future yields; an error is a `CommandError` with one line.


class CommandError(Exception):
    """A command that could not be carried out; str(error) is one line for the reader."""


class NotRecordedError(CommandError):
    """Nothing was done, for nothing can record it: confirmed again, the same command goes with `unrecorded`."""


class OpenTail(Struct, frozen=True, kw_only=True):
    """Follow logs of services (all instances, merged), of single instances, or of objects that no service need know.

    Yields the tail's id (str).
    """

    services: tuple[str, ...] = ()
    instances: tuple[Identity, ...] = ()
    objects: tuple[ObjectRef, ...] = ()
    since_seconds: float | None = 900.0
    tail: int | None = 500
    since: datetime | None = None
    """An absolute window, instead of since_seconds; with `until` the log is not followed."""
    until: datetime | None = None
    previous: bool = False
    query: LogQuery = LogQuery()


class CloseTail(Struct, frozen=True):
    """Stop following and free the ring. Yields None."""

    tail: str


class SetQuery(Struct, frozen=True):
    """Change what a tail shows; an earlier search of it is cancelled. Yields None."""

    tail: str
    query: LogQuery


class FindLine(Struct, frozen=True, kw_only=True):
    """The next row that matches, from `start` in `direction`. Yields the row (int) or None."""

    tail: str
    pattern: str = ""
    level: Level = Level.UNKNOWN
    start: int
    direction: Literal[1, -1] = 1
    ignore_case: bool = True


class TopErrors(Struct, frozen=True):
    """Group the error lines of a tail. Yields tuple[ErrorShape, ...], most frequent first, at most 50."""

    tail: str


class SaveLog(Struct, frozen=True):
    """Write what a tail shows to a new file of mode 0600. Yields its path (str)."""

    tail: str
    path: str = ""


class Focus(Struct, frozen=True):
    """Which services are on the screen (keys). Yields None."""

    services: frozenset[str]


class Inspect(Struct, frozen=True):
    """Everything known of a workload or instance. Yields SafeText."""

    identity: Identity


class Revisions(Struct, frozen=True):
    """What a workload ran and may be gone back to. Yields tuple[Revision, ...], newest first; CommandError: none."""

    workload: Identity


class Verbs(Struct, frozen=True):
    """What may be done to a workload. Yields tuple[Verb, ...]."""

    workload: Identity


class MakePlan(Struct, frozen=True, kw_only=True):
    """What a verb would do. Yields Plan; CommandError when it cannot be planned."""

    verb: str
    service: str
    workload: Identity
    arguments: tuple[tuple[str, str], ...] = ()


class MakeBulk(Struct, frozen=True, kw_only=True):
    """What a verb would do to several: (service, workload) of each. Yields one Plan; CommandError names who cannot."""

    verb: str
    targets: tuple[tuple[str, Identity], ...]
    arguments: tuple[tuple[str, str], ...] = ()
    on_failure: Literal["stop", "continue"] = "stop"
    """What becomes of the others when one fails: chosen beforehand."""


class Perform(Struct, frozen=True, kw_only=True):
    """Carry out a confirmed plan through the door. Yields Verdict; progress stands in `Frame.operations`."""

    plan: Plan
    typed_name: str = ""
    unrecorded: bool = False
    """The person confirmed, after a NotRecordedError, that it is done though nothing records it."""
    terminal: Terminal | None = None
    """What is attended (a shell) is attended there; an `engine.console.Console`."""


class Halt(Struct, frozen=True):
    """Let a plan under way (its run) come to its next safe point, and begin nothing more of it. Yields None."""

    run: str


class DryRun(Struct, frozen=True):
    """Check permission and preconditions of a plan and change nothing. Yields Rehearsal."""

    plan: Plan


class Approve(Struct, frozen=True):
    """Approve what somebody else asked for, by at least 8 digits of its plan's hash. Yields Entry, once committed."""

    plan_hash: str


class Require(Struct, frozen=True):
    """What the policy asks for before a plan is allowed. Yields Requirement (typed name, second person, denied)."""

    plan: Plan


class AddNote(Struct, frozen=True, kw_only=True):
    """Record what a person says, as typed ("14:27 ...", "-5m ...", "! decision"). Yields Entry, once committed."""

    text: str
    service: str = ""


class EditEntry(Struct, frozen=True, kw_only=True):
    """Change what stands in the timeline, by an entry of its own. Yields Entry, once committed.

    text: new words (a time may lead them), a remark, or why it is redacted. happened: when, if no time leads the words.
    """

    entry: int
    how: Literal["edit", "pin", "unpin", "hide", "unhide", "annotate", "evidence", "redact"]
    text: str = ""
    happened: datetime | None = None
    facts: tuple[tuple[str, str], ...] = ()


class ExportTimeline(Struct, frozen=True, kw_only=True):
    """Write rows to a new file of mode 0600: JSON when its name ends in .json, else Markdown. Yields its path (str)."""

    rows: tuple[Row, ...]
    path: str = ""
    filtered: str = ""
    utc: bool = True


class Recorded(Struct, frozen=True):
    """The newest 10,000 entries as each was recorded, in that order. Yields tuple[Row, ...]; hidden: since then."""


class Relist(Struct, frozen=True):
    """Ask every source for its whole truth again (ctrl-l). Yields None."""


class InjectFault(Struct, frozen=True, kw_only=True):
    """Demo only: start or end a fault by name. Yields None."""

    name: str
    on: bool = True


class ListFaults(Struct, frozen=True):
    """Demo only. Yields tuple[tuple[name, description, active: bool], ...]."""


Command = (
    OpenTail
    | CloseTail
    | SetQuery
    | FindLine
    | TopErrors
    | SaveLog
    | Focus
    | Inspect
    | Revisions
    | Verbs
    | MakePlan
    | MakeBulk
    | Perform
    | Halt
    | DryRun
    | Approve
    | Require
    | AddNote
    | EditEntry
    | ExportTimeline
    | Recorded
    | Relist
    | InjectFault
    | ListFaults
    | ListKinds
    | ListObjects
    | WatchObjects
    | DescribeObject
)


class EnginePort(Protocol):
    """What the screen may ask of the engine."""

    def frame(self) -> Frame:
        """The newest frame."""
        ...

    def wake_by(self, callback: Callable[[], None]) -> None:
        """Call `callback` from the engine's thread when a frame is new; at most once until `frame()` is called."""
        ...

    def log_window(self, tail: str, start: int, count: int) -> LogWindow:
        """Rows of an open log (count <= 1,000). An unknown tail gives an empty window."""
        ...

    def submit(self, command: Command) -> "asyncio.Future[Any]":
        """Hand a command to the engine."""
        ...


__all__ = [
    "Command", "CommandError", "DescribeObject", "EnginePort", "ErrorShape", "Form", "ListKinds", "ListObjects",
    "LogQuery", "ObjectChanges", "ObjectColumn", "ObjectKind", "ObjectPage", "ObjectQuery", "ObjectRef", "ObjectRow",
    "Rehearsal", "Requirement", "Since", "Step", "Verb", "WatchObjects",
]  # fmt: skip
