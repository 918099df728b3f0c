"""A log of services: opened, narrowed, searched, with lines marked in it."""

from datetime import UTC
from typing import Any

from cockpit.board.model import Identity
from cockpit.engine.port import CloseTail, FindLine, ObjectRef, OpenTail, SetQuery
from cockpit.logs.line import Level, LogLine
from cockpit.logs.pattern import Pattern, PatternError
from cockpit.ui.format import plural
from cockpit.ui.logfilter import FIRST_OPENED, FilterError, LogFilter, Opened, log_filter
from cockpit.ui.widgets.loglines import LogLines

PRESETS: dict[str, tuple[str, float | None, int | None]] = {
    "0": ("all", None, 10_000),
    "1": ("1 min", 60.0, None),
    "2": ("5 min", 300.0, None),
    "3": ("15 min", 900.0, None),
    "4": ("1 h", 3600.0, None),
    "5": ("6 h", 21_600.0, None),
    "6": ("24 h", 86_400.0, None),
}
"""Key -> (as shown, seconds back, lines at most; None: the ring's own bound)."""
FIRST = ("", 900.0, 500)
"""What a log opens with: 15 minutes, 500 lines at most, so that a chatty service is there at once."""


class OpenLog(LogLines):
    """The log of one or several services."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services: tuple[str, ...] = ()
        self._instances: tuple[Identity, ...] = ()
        self._objects: tuple[ObjectRef, ...] = ()
        self._label = ""
        self._window: tuple[str, float | None, int | None] = FIRST
        self._previous = False
        self._filter = LogFilter()
        self.filter_text = ""
        self._opening = 0
        self._marked: dict[int, LogLine] = {}
        self.heading, self.empty = "Log", ("no service is selected",)

    # What it is the log of, and what is marked in it

    @property
    def services(self) -> tuple[str, ...]:
        """The keys of the services."""
        return self._services

    @property
    def label(self) -> str:
        """Their names."""
        return self._label

    @property
    def marked_lines(self) -> list[LogLine]:
        """The marked lines, in their order, whatever the filter shows by now."""
        return [self._marked[seq] for seq in sorted(self.marks) if seq in self._marked]

    def action_mark_line(self) -> None:
        """Mark the line under the cursor, or take its mark away."""
        start, found = self.lines_at(self.row, 1)
        super().action_mark_line()
        self._marked = {seq: line for seq, line in self._marked.items() if seq in self.marks}
        if found and start == self.row and found[0].seq in self.marks:
            self._marked[found[0].seq] = found[0]
        self.heading = self._heading()
        self.redraw()

    def unmark(self) -> bool:
        """Take every mark away; False when there was none."""
        had, self.marks = bool(self.marks), set()
        self.heading = self._heading()
        self.redraw()
        return had

    # Opening

    def open_services(
        self, services: tuple[str, ...], name: str, instances: tuple[Identity, ...] = (),
        opened: Opened = FIRST_OPENED, objects: tuple[ObjectRef, ...] = (),
    ) -> None:  # fmt: skip
        """Open the merged log of some services, or of these instances and objects; filter and window begin anew."""
        self._services, self._label, self._instances, self._objects = services, name, instances, objects
        self._window, self._previous = FIRST, opened.previous
        self._filter = log_filter(opened.filter, self.cockpit.now)
        self.filter_text = opened.filter
        self.highlight = None
        self._open_again()

    def close(self) -> None:
        """Stop following and free the ring."""
        self._opening += 1
        if self.tail:
            self.cockpit.port.submit(CloseTail(self.tail))
            self.tail = ""

    def on_unmount(self) -> None:
        """Free the ring."""
        self.close()

    def nothing(self, why: str) -> None:
        """There is no log to open, and this is why."""
        self.close()
        self._services, self._objects = (), ()
        self.open("", "log", (why,))

    @property
    def _is_of(self) -> bool:
        """Whether it is the log of something."""
        return bool(self._services or self._objects)

    def _open_again(self) -> None:
        self.close()
        turn = self._opening
        _, seconds, lines = self._window
        query = self._filter.query
        self.open("", self._heading(), ("opening the log",))
        command = OpenTail(
            services=() if self._instances or self._objects else self._services,
            instances=self._instances,
            objects=self._objects,
            since_seconds=None if query.since else seconds,
            tail=None if query.since else lines,
            since=query.since,
            until=query.until,
            previous=self._previous,
            query=query,
        )

        def opened(tail: str) -> None:
            if turn != self._opening:
                self.cockpit.port.submit(CloseTail(tail))
                return
            self.open(tail, self._heading())

        self.cockpit.ask(command, f"the log of {self._label}", opened)

    def _heading(self) -> str:
        found = [one for one in self.cockpit.frame.snapshot.services if one.key in self._services]
        all_of_them = sum(len(workload.instances) for service in found for workload in service.workloads)
        instances = len(self._instances) or all_of_them
        # How many pods an object has is seen in its log.
        parts = [f"{self._label}: log", "" if self._objects else plural(instances, "instance")]
        parts += ["the run before" if self._previous else "", self._window[0] and f"since {self._window[0]}"]
        parts.append(f"/{self.filter_text}" if self.filter_text else "")
        parts.append(f"{len(self.marks)} marked" if self.marks else "")
        return ", ".join(part for part in parts if part)

    # Narrowing

    def apply_filter(self, text: str) -> None:
        """Leave what the filter line asks for. What cannot be used is said, and nothing changes."""
        cockpit = self.cockpit
        try:
            made = log_filter(text, cockpit.now, UTC if self.look.utc else None)
            self.highlight = Pattern(made.highlight) if made.highlight else None
        except (FilterError, PatternError) as error:
            cockpit.say(str(error))
            return
        window_changed = (made.query.since, made.query.until) != (self._filter.query.since, self._filter.query.until)
        found_before = self._filter.find
        self._filter, self.filter_text = made, text
        self.heading = self._heading()
        if window_changed and self._is_of:
            self._open_again()
        elif self.tail:
            cockpit.ask(SetQuery(self.tail, made.query), "the search")
        self.redraw()
        if made.find and made.find != found_before:
            self.action_match(-1)

    def action_since(self, preset: str) -> None:
        """Open the log again from further back, or less far."""
        if not self._is_of:
            self.cockpit.say("no log is open")
            return
        self._window = PRESETS[preset]
        self._open_again()

    def action_previous(self) -> None:
        """The run before the last restart, and back to this one."""
        if not self._is_of:
            self.cockpit.say("no log is open")
            return
        self._previous = not self._previous
        self._open_again()

    # Finding

    def action_match(self, step: int) -> None:
        """The next line that matches; without a pattern, the next error."""
        direction: Any = 1 if step > 0 else -1
        pattern = self._filter.find or self._filter.query.pattern
        level = Level.UNKNOWN if pattern else Level.ERROR
        what = f"/{pattern}/" if pattern else "an error"
        self._find(
            pattern, level, self.row + step, direction, f"no {'later' if step > 0 else 'earlier'} line has {what}"
        )

    def action_first_error(self) -> None:
        """The first error of what is shown."""
        first = self.status.first_row if self.status else 0
        self._find("", Level.ERROR, first, 1, "no error in this window; 0 shows the whole log")

    def _find(self, pattern: str, level: Level, start: int, direction: Any, none: str) -> None:
        if not self.tail:
            self.cockpit.say("no log is open")
            return

        def found(row: int | None) -> None:
            if row is None:
                self.cockpit.say(none)
            else:
                self.go(row)

        command = FindLine(tail=self.tail, pattern=pattern, level=level, start=start, direction=direction)
        self.cockpit.ask(command, "the search", found)
