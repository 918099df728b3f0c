"""The overview: what is broken, since when, why; the log of the selected service; what was done."""

from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer

from cockpit.engine.frame import Frame
from cockpit.ui.logfilter import HINT as LOG_HINT
from cockpit.ui.panes.arrange import ORDERS, Wanted, why_empty
from cockpit.ui.panes.band import Band
from cockpit.ui.panes.card import Card
from cockpit.ui.panes.health import HealthPane
from cockpit.ui.panes.host import HostPane
from cockpit.ui.panes.logpane import LogPane
from cockpit.ui.panes.services import Services
from cockpit.ui.panes.timeline import TimelinePane
from cockpit.ui.rooms import Rooms, overview
from cockpit.ui.screens.base import Asking
from cockpit.ui.screens.servicetable import ServiceTable
from cockpit.ui.widgets.table import Table

SETTLE = 0.15
"""Seconds that the cursor rests on a service before its log is opened: holding `j` opens none on the way."""


class Overview(ServiceTable):
    """The first screen."""

    def __init__(self) -> None:
        super().__init__()
        self._settling: Timer | None = None
        self.faults_only = False
        self._order = 0
        self._rows = 0
        self._drawn_from: tuple[Frame, object, bool] | None = None
        self._wanted = self._logged = ""
        self._logless = ""

    def body(self) -> ComposeResult:
        """Table, log, timeline; what only a larger terminal shows is there too, without a room."""
        yield Services(id="services")
        yield LogPane(id="log")
        yield TimelinePane(id="timeline")
        yield Card(id="card")
        yield HealthPane(id="health")
        yield HostPane(id="host")
        yield Band(id="band")

    def rooms(self, width: int, height: int) -> Rooms:
        """Side by side when there is room."""
        return overview(width, height, self._rows, self.cockpit.look.sharing)

    def _fit_rooms(self, rows: int) -> None:
        """A short list leaves its room to the log; in steps of two, so that nothing jumps at each change."""
        wanted = max(4, -(-rows // 2) * 2)
        if wanted != self._rows:
            self._rows = wanted
            self.relayout()

    @property
    def table(self) -> Services:
        """The services."""
        return cast(Services, self.one(Services))

    @property
    def wanted(self) -> Wanted:
        """What the reader wants listed."""
        return Wanted(self.filter_text, bool(self.faults_only), self._order)

    # Frames

    def show_frame(self, frame: Frame) -> None:
        """Services, log, timeline."""
        self.log_pane.show(frame)
        if self._is_new(frame):
            self._show_services(frame)
        if self._settling is None and self._logged != self._wanted:
            self._open_log()

    def _show_services(self, frame: Frame) -> None:
        table = self.table
        wanted = self.wanted
        services = wanted.of(frame.snapshot.services)
        table.empty = why_empty(frame.snapshot, wanted)
        table.heading, table.hint = f"Services{wanted.chips}", wanted.order_shown
        table.show(services)
        # Of all there are: a filter's letters and Esc move no pane, so nothing but the rows is drawn anew.
        self._fit_rooms(len(frame.snapshot.services))
        self._log_appeared()
        self.one(TimelinePane).redraw()
        self._catch_up_side()
        self.tell_shown()

    def _is_new(self, frame: Frame) -> bool:
        """Whether anything but heartbeats, also those of sources, and logs differs from what is drawn."""
        asked = self.wanted
        stale = self.cockpit.stale_for is not None
        old, self._drawn_from = self._drawn_from, (frame, asked, stale)
        if old is not None and old[2] != stale:
            self.table.forget()
        if old is None or old[1:] != (asked, stale):
            return True
        return any(one is not other for one, other in zip(_drawn_of(old[0]), _drawn_of(frame), strict=True))

    def tick(self) -> None:
        """Ages go on."""
        super().tick()
        self._redraw_side()

    def _catch_up_side(self) -> None:
        card = self.one(Card)
        card.choose(self.table.current.key if self.table.current else None)
        card.catch_up()
        for pane in (self.one(HealthPane), self.one(HostPane), self.one(Band)):
            pane.redraw()

    def _redraw_side(self) -> None:
        self.one(Card).redraw()
        self._catch_up_side()

    # The log of the selected service

    @property
    def log_pane(self) -> LogPane:
        """The log of the selected service."""
        return cast(LogPane, self.one(LogPane))

    @on(Table.Moved)
    def moved(self, event: Table.Moved) -> None:
        """Open its log once the cursor rests."""
        key = "" if event.key is None else str(event.key)
        if type(event) is not Table.Moved or key == self._wanted:
            return
        first = not self._wanted
        self._wanted = key
        self.one(Card).choose(key)
        self.tell_shown()
        if self._settling is not None:
            self._settling.stop()
            self._settling = None
        if first:
            self._open_log()
        else:
            self._settling = self.set_timer(SETTLE, self._settled)

    def _log_appeared(self) -> None:
        """A service that had no instance when it was selected has one now: its log opens by itself."""
        service = self.service
        if service is not None and service.key == self._logless and any(one.instances for one in service.workloads):
            self._logged = ""
            self._open_log()

    def _settled(self) -> None:
        self._settling = None
        self._open_log()

    def _open_log(self) -> None:
        service = self.service
        if not self.is_current or self._logged == self._wanted:
            return
        self._logged = self._wanted
        self._logless = ""
        if service is None or service.key != self._wanted:
            self.log_pane.nothing("no service is selected")
        elif not any(workload.instances for workload in service.workloads):
            self._logless = service.key
            self.log_pane.nothing(f"{service.name} has no instance, so there is no log")
        else:
            self.log_pane.open_services((service.key,), service.name)

    def action_sort(self) -> None:
        """The next order."""
        self._order = (self._order + 1) % len(ORDERS)
        self.filter_changed()

    def forget(self) -> None:
        """Another look; sharing mode has a large state line."""
        super().forget()
        self.relayout()

    # What is listed

    def filter_changed(self) -> None:
        """Another filter, order or chip: the list is shown anew, at once."""
        self.table.reorder()
        self._drawn_from = None
        self.refresh_all(self.cockpit.frame)

    def ask_filter(self) -> None:
        """`/` filters the log when that has the focus, else the services."""
        if self.focused is self.log_pane:
            log = self.log_pane
            self.ask_line("/", Asking(done=log.apply_filter), log.filter_text, LOG_HINT)
        else:
            super().ask_filter()

    def clear_filter(self) -> bool:
        """Esc takes filters away, one after the other."""
        if self.focused is self.log_pane and self.log_pane.unmark():
            return True
        if self.focused is self.log_pane and self.log_pane.filter_text:
            self.log_pane.apply_filter("")
            return True
        return super().clear_filter()


def _drawn_of(frame: Frame) -> tuple[object, ...]:
    """What the panes are drawn from; without any service they say what the sources do."""
    snapshot = frame.snapshot
    return snapshot.services, snapshot.host, frame.rows, () if snapshot.services else snapshot.sources
