"""One node, whole: what is wrong with it, what it is, how full it is, and every pod on it with its service."""

from collections.abc import Iterable

from cockpit.board.model import Instance
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.frame import Frame
from cockpit.ui import inspect
from cockpit.ui.cells import Line, Span, pad, wrap_words
from cockpit.ui.cockpit import Cockpit
from cockpit.ui.format import UNKNOWN, plural, since, size, stamp
from cockpit.ui.keys import Key
from cockpit.ui.nodewords import NOT_FOR_NODES, facts_of, no_log, used, word
from cockpit.ui.panes.card import phase_text
from cockpit.ui.panes.services import name_of, why
from cockpit.ui.screens.servicepager import ServicePager
from cockpit.ui.theme import state_style
from cockpit.ui.widgets.pager import Pager

LABEL = 10


def node_lines(cockpit: Cockpit, node: ServiceStatus, snapshot: Snapshot, width: int) -> list[Line]:
    """Its state and why, its facts, its pods."""
    look, now, facts = cockpit.look, cockpit.now, facts_of(node)
    style = state_style(node.state)
    head = f" {look.glyphs.state(node.state)} {word(node.state)}"
    lines = [Line((Span(head, style), Span(f"  for {since(now, node.since, True, node.since_exact)}", "dim")))]
    # Its name stands above, and that it is one of one says nothing.
    reasons = (str(one).removeprefix(f"{node.name}: ") for one in node.evidence)
    said = [one for one in reasons if not one.endswith(" ready")] or [why(look, node, now)]
    lines += [
        line for number, text in enumerate(said) for line in _field("" if number else "why", look.text(text), width)
    ]
    made = facts.created_at
    pairs = (
        ("where", look.text(" ".join(str(value) for one in node.workloads for _, value in one.where))),
        ("roles", ", ".join(facts.roles) or "none"),
        ("kubelet", facts.version or UNKNOWN),
        ("made", f"{stamp(made, now, look.utc)} ({since(now, made)} ago)" if made else UNKNOWN),
        ("taints", look.text(", ".join(facts.taints)) or "none"),
        ("pods", f"{len(facts.pods)} of at most {UNKNOWN if facts.pods_most is None else facts.pods_most}"),
        ("cpu", f"{used(node.cpu, facts.cpu)} of {f'{facts.cpu / 100:g}' if facts.cpu else UNKNOWN} cores for pods"),
        ("memory", f"{used(node.memory, facts.memory)} of {size(facts.memory)} for pods"),
    )
    lines += [line for label, value in pairs for line in _field(label, value, width)]
    return [*lines, Line(), *_pods(cockpit, facts.pods, snapshot.services)]


def _pods(cockpit: Cockpit, pods: frozenset[str], services: Iterable[ServiceStatus]) -> list[Line]:
    """One line for each pod that a service here shows; the others are counted."""
    look = cockpit.look
    found: dict[str, tuple[str, Instance]] = {}
    for service in services:
        for work in service.workloads:
            for one in work.instances:
                if one.id.instance in pods:
                    found.setdefault(one.id.instance, (name_of(service), one))
    rows = sorted(found.values(), key=lambda row: (row[0], row[1].name))
    lines = [Line((Span(f" {plural(len(pods), 'pod')} on it", "strong"),))]
    lines += [
        Line(
            (
                Span(f"   {pad(look.text(name), 24)} "),
                Span(f"{pad(look.text(one.name), 40)} "),
                Span(phase_text(one), "dim"),
            )
        )
        for name, one in rows
    ]
    if others := len(pods) - len(rows):
        lines.append(Line((Span(f"   {others} more that no service here shows", "dim"),)))
    return lines


def _field(label: str, value: str, width: int) -> list[Line]:
    return [
        Line((Span(f"   {pad('' if number else label, LABEL)}", "dim"), Span(piece)))
        for number, piece in enumerate(wrap_words(value, max(20, width - LABEL - 4)))
        if value
    ]


class NodeScreen(ServicePager):
    """Follows the node while it is open; its actions stand under `a`."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__(name, self._text, key)
        self._label = name

    def _text(self, width: int) -> list[Line]:
        node = self.service
        if node is None:
            return [Line((Span(f" {self._label} is not on the board any more", "warning"),))]
        return node_lines(self.cockpit, node, self.cockpit.frame.snapshot, width)

    def show_frame(self, frame: Frame) -> None:
        """What is new of it."""
        self._heading = f"Node {self.cockpit.look.name(self._label)}"
        super().show_frame(frame)

    def tick(self) -> None:
        """Ages go on."""
        self.one(Pager).redraw()

    def cannot(self, key: Key) -> bool:
        """A node has no log, no runbook, no versions."""
        return key.id in NOT_FOR_NODES or super().cannot(key)

    def action_log(self) -> None:
        """Nodes have none."""
        self.cockpit.say(no_log(self._label))

    def action_describe(self) -> None:
        """That is what is shown."""

    def action_explain(self) -> None:
        """That too."""

    def action_inspect(self) -> None:
        """What the cluster itself says of it."""
        if (node := self.service) and node.workloads:
            inspect.show(self, node, node.name, node.workloads[0].id)
