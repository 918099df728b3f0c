"""What stands around the workloads of one cluster, kept as it comes in: nodes, autoscalers, budgets, events. No I/O."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from cockpit.backends.kubernetes import around
from cockpit.backends.kubernetes.around import EventFact, HpaFact, IsolationFact, PdbFact
from cockpit.backends.kubernetes.kinds import EVENTS, HPAS, ISOLATIONS, NODES, PDBS
from cockpit.backends.kubernetes.nodes import NodeFact, Nodes, Where, node
from cockpit.backends.kubernetes.owners import Key, Owner
from cockpit.backends.kubernetes.shelf import Shelf
from cockpit.board.model import Change, Remark

EVENTS_MOST = 5_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Concerned(Protocol):
    """Finds the workloads that something around them concerns."""

    def on_node(self, node: str) -> Iterable[Owner]:
        """Those with a pod on a node."""
        ...

    def in_space(self, space: str) -> Iterable[Owner]:
        """Those of a namespace."""
        ...

    def of_uid(self, uid: str) -> Owner | None:
        """The one whose pod, or which itself, has this uid."""
        ...


class Surroundings:
    """What stands around the workloads of one cluster. nodes: only those that are not ready, or cordoned.

    concerned, touched: whom a change concerns, and who is told of them.
    """

    def __init__(
        self, source: str, where: Where, machines: Nodes,
        concerned: Concerned, touched: Callable[[Iterable[Owner]], None],
    ) -> None:  # fmt: skip
        self.source, self.where = source, where
        self._machines, self._concerned, self._touched = machines, concerned, touched
        self.nodes: dict[str, NodeFact] = {}
        self.hpas: dict[Owner, HpaFact] = {}
        self.pdbs: dict[Key, PdbFact] = {}
        self._scaled: dict[Owner, Change] = {}
        """What autoscalers were last seen to do."""
        self.isolations: dict[Owner, dict[Key, Remark]] = {}
        self.isolations_unseen = False
        self._events: dict[str, dict[str, EventFact]] = {}
        self.shelves: Mapping[str, Shelf[Any, Any]] = {
            NODES.plural: Shelf(node, self._node_changed),
            HPAS.plural: Shelf(around.hpa, self._hpa_changed),
            PDBS.plural: Shelf(around.pdb, self._pdb_changed),
            ISOLATIONS.plural: Shelf(around.isolation, self._isolation_changed),
            EVENTS.plural: Shelf(around.event, self._event_changed, EVENTS_MOST),
        }
        """By the plural of their kind."""

    def event(self, uid: str, reasons: Iterable[str], after: datetime | None) -> EventFact | None:
        """The first of these reasons that was told of an object since a moment."""
        known = self._events.get(uid)
        if not known:
            return None
        found = (known.get(reason) for reason in reasons)
        return next((one for one in found if one and (after is None or (one.at or _LONG_AGO) >= after)), None)

    def scaled(self, owner: Owner) -> Change | None:
        """What its autoscaler did last to a workload."""
        told = hpa.scaled if (hpa := self.hpas.get(owner)) is not None else None
        seen = self._scaled.get(owner)
        return seen if told is not None and seen is not None and seen.at == told.at else told

    def isolated(self, owner: Owner) -> bool | None:
        """Whether a policy of the cockpit's isolates a workload; None: such policies cannot be seen."""
        return None if self.isolations_unseen else owner in self.isolations

    def _node_changed(self, key: Key, _: NodeFact | None, new: NodeFact | None) -> None:
        old = self.nodes.pop(key[1], None)
        if new is not None and not new.well:
            self.nodes[key[1]] = new
        self._machines.change(key[1], new)
        if self.nodes.get(key[1]) != old:
            self._touched(self._concerned.on_node(key[1]))

    def _hpa_changed(self, _: Key, old: HpaFact | None, new: HpaFact | None) -> None:
        self._touched(one.target for one in (old, new) if one is not None)
        if old is not None:
            self.hpas.pop(old.target, None)
        if new is not None and (just := around.scaled_between(old, new)) is not None:
            self._scaled[new.target] = just
        if new is not None:
            self.hpas[new.target] = new

    def _pdb_changed(self, key: Key, _: PdbFact | None, new: PdbFact | None) -> None:
        self.pdbs.pop(key, None)
        if new is not None and new.remark is not None:
            self.pdbs[key] = new
        self._touched(self._concerned.in_space(key[0]))

    def _isolation_changed(self, key: Key, old: IsolationFact | None, new: IsolationFact | None) -> None:
        if old is not None and old.target is not None:
            others = self.isolations.get(old.target, {})
            others.pop(key, None)
            if not others:
                self.isolations.pop(old.target, None)
        if new is not None and new.target is not None:
            self.isolations.setdefault(new.target, {})[key] = new.remark
        self._touched(one.target for one in (old, new) if one is not None and one.target is not None)

    def _event_changed(self, _: Key, old: EventFact | None, new: EventFact | None) -> None:
        if old is not None:
            self._forget(old)
        if new is not None:
            self._remember(new)
        owners = (self._concerned.of_uid(one.uid) for one in (old, new) if one is not None)
        self._touched(owner for owner in owners if owner is not None)

    def _remember(self, event: EventFact) -> None:
        """The last event of its reason about its object. "Error: ImagePullBackOff" only repeats a state, and would
        hide what was told before it for the same reason: why the image could not be pulled."""
        if event.text.startswith("Error: "):
            return
        known = self._events.setdefault(event.uid, {})
        before = known.get(event.reason)
        if before is None or (before.at or _LONG_AGO) <= (event.at or _LONG_AGO):
            known[event.reason] = event

    def _forget(self, event: EventFact) -> None:
        """It expired."""
        known = self._events.get(event.uid)
        if known is not None and known.get(event.reason) == event:
            del known[event.reason]
            if not known:
                del self._events[event.uid]
