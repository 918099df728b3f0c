"""The machines of the clusters: which are not well, which take no new pods, how full each is. Worst first."""

from textual.app import ComposeResult

from cockpit.board.model import Freshness, State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.frame import Frame
from cockpit.ui import inspect
from cockpit.ui.cells import Span
from cockpit.ui.format import UNKNOWN, plural, since
from cockpit.ui.keys import Key
from cockpit.ui.nodewords import NOT_FOR_NODES, facts_of, full, no_log, used, word
from cockpit.ui.panes.arrange import Wanted
from cockpit.ui.panes.services import why
from cockpit.ui.screens.servicetable import ServiceTable
from cockpit.ui.theme import state_style
from cockpit.ui.widgets.table import Cells, Column, Table

COLUMNS = (
    Column("NODE", 18, grow=22, fit=lambda one: one.name),
    Column("STATE", 11),
    Column("SINCE", 6, right=True),
    Column("ROLES", 14, needs=100),
    Column("PODS", 7, right=True),
    Column("CPU", 4, right=True),
    Column("MEM", 4, right=True),
    Column("VERSION", 9, needs=100),
    Column("AGE", 5, right=True, needs=90),
    Column("WHY", 0),
)


def why_none(snapshot: Snapshot) -> tuple[str, ...]:
    """Why there is no node, and what to do about it."""
    clusters = [one for one in snapshot.sources if one.kind == "kubernetes"]
    if not clusters:
        return (
            "no Kubernetes cluster is watched here, and only clusters have nodes",
            "o shows this machine; a profile can name a cluster: backends: {prod: {kind: kubernetes}}",
        )
    told = tuple(f"{one.label}: {one.why}" for one in clusters if one.why)
    return told or ("waiting for the first list of nodes",)


class NodesScreen(ServiceTable):
    """The keys of a service work on the selected node: `a` cordons, opens again and drains it."""

    def body(self) -> ComposeResult:
        """The table."""
        yield Table[ServiceStatus](COLUMNS, lambda node: node.key, self._cells, id="body")

    def _cells(self, node: ServiceStatus, exact: bool) -> Cells:
        now, look, facts = self.cockpit.now, self.cockpit.look, facts_of(node)
        state = State.UNKNOWN if self.cockpit.stale_for is not None and node.state is State.OK else node.state
        style, plain = state_style(state), "text" if node.freshness is Freshness.LIVE else "dim"
        return (
            Span(look.name(node.name), "strong" if state in (State.DOWN, State.DEGRADED) else plain),
            Span(f"{look.glyphs.state(state)} {word(state)}", style),
            Span(since(now, node.since, exact, node.since_exact), "dim"),
            Span(", ".join(facts.roles) or UNKNOWN, "dim"),
            Span(full(facts), plain),
            Span(used(node.cpu, facts.cpu), plain),
            Span(used(node.memory, facts.memory), plain),
            Span(facts.version or UNKNOWN, "dim"),
            Span(since(now, facts.created_at, exact) if facts.created_at else UNKNOWN, "dim"),
            Span(why(look, node, now, exact), "text" if state is not State.OK else "dim"),
        )

    def show_frame(self, frame: Frame) -> None:
        """Every node of the frame."""
        table, nodes = self.table, frame.snapshot.nodes
        table.heading = "Nodes" + (f"  /{self.filter_text}" if self.filter_text else "")
        closed = sum(facts_of(one).cordoned for one in nodes)
        table.hint = "worst first" + (f", {closed} cordoned" if closed else "")
        table.empty = why_none(frame.snapshot)
        if nodes:
            table.empty = (f"/{self.filter_text} leaves none of {plural(len(nodes), 'node')}; Esc shows all",)
        table.show(Wanted(self.filter_text).of(nodes))
        self.tell_shown()

    def cannot(self, key: Key) -> bool:
        """A node has no log, no runbook, no versions."""
        return key.id in NOT_FOR_NODES or super().cannot(key)

    def action_log(self) -> None:
        """Nodes have none."""
        self.cockpit.say(no_log(self.service.name if self.service else ""))

    def action_explain(self) -> None:
        """Its page says all of it."""
        self.action_describe()

    def action_describe(self) -> None:
        """All that is known of it, with its pods."""
        from cockpit.ui.screens.node import NodeScreen

        if node := self._needs_one():
            self.app.push_screen(NodeScreen(node.key, node.name))

    def action_inspect(self) -> None:
        """What the cluster itself says of it."""
        if (node := self._needs_one()) and node.workloads:
            inspect.show(self, node, node.name, node.workloads[0].id)
