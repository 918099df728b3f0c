"""The objects of any kind, as the cluster lists them; the keys of a service work on rows that the board knows."""

from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult

from cockpit.board.model import SafeText, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.frame import Frame
from cockpit.engine.port import DescribeObject, Form, ObjectQuery, ObjectRow
from cockpit.ui import objectlog
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.dialogs.pick import Choice, PickDialog
from cockpit.ui.format import moment
from cockpit.ui.keys import Key, bindings
from cockpit.ui.kindwords import Listing, clusters
from cockpit.ui.objectlist import ObjectList
from cockpit.ui.objectrows import on_board
from cockpit.ui.panes.objects import ObjectsPane
from cockpit.ui.screens.pager import PagerScreen, plain_text
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.screens.servicepager import ServicePager
from cockpit.ui.widgets.table import Table

OF_SERVICES = frozenset({"actions", "undo", "explain", "runbook", "revisions"})
"""Ids of keys that need a service, besides those of verbs."""
INTO = {"namespaces": "pods"}
"""Kinds whose objects are entered as a place: what is then listed in them."""


class ObjectsScreen(SelectedService):
    """A list that is watched, or read again, while it is on the screen.

    asked: what is listed; of the first cluster when it names none.
    """

    BINDINGS = bindings("object")
    scopes = ("object", "service")

    def __init__(self, cockpit: Cockpit, asked: Listing) -> None:
        super().__init__()
        known = clusters(cockpit.frame.snapshot)
        self.source = asked.source or (known[0] if known else "")
        self._list = ObjectList(cockpit.port, cockpit.clock, self.source, asked.query)
        self._select = asked.select
        self._looked_in: Snapshot | None = None
        self._known_rows: dict[tuple[str, str, str], tuple[ServiceStatus, Workload] | None] = {}
        self.filter_text = asked.filter
        self.faults_only = False

    def body(self) -> ComposeResult:
        """The table."""
        yield ObjectsPane(self._list, self._select, id="body")

    @property
    def table(self) -> ObjectsPane:
        """The objects."""
        return cast(ObjectsPane, self.one(ObjectsPane))

    def on_mount(self) -> None:
        """Begin."""
        self._read()

    def tick(self) -> None:
        """A second has passed: ages go on, and what is due is read."""
        self._read()
        self.table.tick()
        self.table.say_state()

    def read_again(self) -> None:
        """The reader wants the whole truth anew."""
        self._read(at_once=True)

    def _read(self, at_once: bool = False) -> None:
        if self._list.due or (at_once and self._list.waiting is None):
            self.run_worker(self._list.read(self._heard), group="read", exclusive=True)
        elif self._list.watchable:
            self.run_worker(self._list.watch(self._heard), group="read", exclusive=True)

    def on_screen_suspend(self) -> None:
        """Under another one: what happens is not told any more. It goes on from here when this is seen again."""
        if self._list.asked:
            self.workers.cancel_group(self, "read")

    def _heard(self, rows: Sequence[ObjectRow]) -> None:
        if self.is_mounted:
            self.table.heard(rows)

    def show_frame(self, frame: Frame) -> None:
        """What has been read does not follow the frame; what the reader asks for may be something else."""
        table = self.table
        table.filter_text, table.faults_only = self.filter_text, bool(self.faults_only)
        table.update_rows()

    # What a row is

    def _row(self) -> ObjectRow | None:
        row = self.table.current
        if row is None:
            self.cockpit.say("nothing is selected")
        return row

    def _found(self, row: ObjectRow | None) -> tuple[ServiceStatus, Workload] | None:
        kind, snapshot = self._list.kind, self.cockpit.frame.snapshot
        if row is None or kind is None:
            return None
        if self._looked_in is not snapshot:
            # The footer asks for each of its keys; a look among 5,000 pods takes 0.5 ms.
            self._looked_in, self._known_rows = snapshot, {}
        if row.key not in self._known_rows:
            self._known_rows[row.key] = on_board(snapshot, self.source, kind, row)
        return self._known_rows[row.key]

    @property
    def service(self) -> ServiceStatus | None:
        """The service that the selected object runs."""
        found = self._found(self.table.current)
        return found[0] if found else None

    def chosen_services(self) -> list[ServiceStatus]:
        """The services of the marked objects, or of the selected one; of each only the workload that is meant."""
        found = [self._found(row) for row in self._chosen()]
        meant = {(one[0].key, one[1].id): replace(one[0], workloads=(one[1],)) for one in found if one}
        return list(meant.values())

    def _chosen(self) -> list[ObjectRow]:
        """The marked objects, or the selected one."""
        table, current = self.table, self.table.current
        return [row for row in table.items if row.key in table.marks] or ([current] if current else [])

    def clear_filter(self) -> bool:
        """Marks go first, then what narrows the list."""
        if self.table.marks:
            self.table.unmark()
            return True
        return super().clear_filter()

    # Keys

    def cannot(self, key: Key) -> bool:
        """What only a service has is not offered where none runs on the object."""
        if key.id == "owner":
            row = self.table.current
            return row is None or row.owner is None
        if key.id == "log":
            kind = self._list.kind
            return not self.chosen_services() and (kind is None or kind.qualified not in objectlog.OF_PODS)
        return (key.id in OF_SERVICES and not self.chosen_services()) or super().cannot(key)

    def _known(self) -> bool:
        """Whether the board knows what is selected; says so when it does not."""
        if self.chosen_services():
            return True
        if (row := self._row()) is not None:
            self.cockpit.say(f"{row.name}: no service of the profile runs on it; it is only looked at here")
        return False

    def action_verb(self, verb: str) -> None:
        """Plan a change of the service that it runs."""
        if self._known():
            super().action_verb(verb)

    def action_actions(self) -> None:
        """Every other action on the service that it runs."""
        if self._known():
            super().action_actions()

    def action_undo(self) -> None:
        """Take back what was done last to the service that it runs."""
        if self._known():
            super().action_undo()

    def action_explain(self) -> None:
        """Why the service that it runs is in its state."""
        if self._known():
            super().action_explain()

    def action_log(self) -> None:
        """The log of pods, of what has pods, or of all that the service runs."""
        kind, rows = self._list.kind, [(row, self._found(row)) for row in self._chosen()]
        known = all(found is not None for _, found in rows)
        if kind is None or not rows or (known and kind.qualified != objectlog.PODS):
            super().action_log()
        elif kind.qualified in objectlog.OF_PODS:
            objectlog.begin(self, self.source, kind, rows)
        else:
            self.cockpit.say(f"{kind.singular} {rows[0][0].name} has no log: pods have, and what runs or selects them")

    def action_sort(self) -> None:
        """Pick the column that they are ordered by; the same again turns it round."""
        choices = [Choice(str(index), title) for index, title in enumerate(self.table.titles)]

        def picked(index: str | None) -> None:
            if index is not None:
                self.table.order_by(int(index))

        self.app.push_screen(PickDialog("Order by which column? The same again: last first", choices), picked)

    @on(Table.Entered)
    def entered(self) -> None:
        """Into it: a namespace's pods, everything else described."""
        row, kind = self._row(), self._list.kind
        if row is not None and kind is not None and (inner := INTO.get(kind.qualified)):
            self._open(Listing(ObjectQuery(kind=inner, space=row.name), self.source))
        else:
            self.action_describe()

    def action_describe(self) -> None:
        """What it is, with its events."""
        self._text("describe", "described")

    def action_inspect(self) -> None:
        """All of it as YAML."""
        self._text("yaml", "YAML")

    def _text(self, form: Form, word: str) -> None:
        row, kind = self._row(), self._list.kind
        if row is None or kind is None:
            return
        name = f"{kind.singular} {row.name}"
        service = self.service
        asked = DescribeObject(source=self.source, kind=kind.qualified, space=row.space, name=row.name, form=form)

        def show(text: SafeText) -> None:
            at = moment(self.cockpit.now, self.cockpit.look.utc)
            heading, source = f"{name}: {word} at {at}", plain_text(self.cockpit.look.text(text))
            pager = ServicePager(heading, source, service.key) if service else PagerScreen(heading, source)
            self.app.push_screen(pager)

        self.cockpit.ask(asked, name, show)

    def action_owner(self) -> None:
        """To what keeps it as it is, in the list of its kind."""
        row = self._row()
        if row is None:
            return
        if row.owner is None:
            self.cockpit.say(f"{row.name} belongs to no other object")
            return
        query = ObjectQuery(kind=row.owner.kind, space=row.space or None)
        self._open(Listing(query, self.source, select=row.owner.name))

    def _open(self, asked: Listing) -> None:
        self.app.push_screen(ObjectsScreen(self.cockpit, asked))
