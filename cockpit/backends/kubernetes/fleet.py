"""What is known of one cluster's workloads, and what of it is new. No I/O: lists and watches come in."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from sys import intern
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.kubernetes import assemble
from cockpit.backends.kubernetes.assemble import PodFact
from cockpit.backends.kubernetes.controllers import MAKE, Control
from cockpit.backends.kubernetes.kinds import JOBS, PODS, REPLICASETS, Kind
from cockpit.backends.kubernetes.lately import Kept, Lately, kept
from cockpit.backends.kubernetes.nodes import Nodes
from cockpit.backends.kubernetes.owners import Key, Owner, Reference, controller_of, middle_owner, owner_of
from cockpit.backends.kubernetes.pods import instance_of, last_end
from cockpit.backends.kubernetes.shelf import Shelf
from cockpit.backends.kubernetes.surroundings import Surroundings
from cockpit.backends.kubernetes.wire import Meta
from cockpit.backends.kubernetes.wire_apps import Controller, Event, Job
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.board.clock import SystemClock
from cockpit.board.model import Identity, Instance, Phase, SafeText, Workload
from cockpit.board.text import safe

_NOW = SystemClock().now
_NAMED_AGAIN = frozenset({"statefulset", "pod"})
"""Of these a pod that was replaced has its name from the one before."""
_JOBS = frozenset({"job", "cronjob"})


class Middle(Struct, frozen=True):
    """A ReplicaSet or Job that stands between pods and their workload. control: of one that stands by itself.

    revision: of its workload; None of a job, which is none.
    """

    owner: Owner
    control: Control | None
    uid: str = ""
    revision: Kept | None = None


class Fleet:
    """The pods of one cluster, grouped into workloads. source: the backend's name; where: its names for display.

    wanted: only these namespaces are kept; empty: all.
    """

    def __init__(
        self, source: str, scope: str, where: tuple[tuple[str, SafeText], ...] = (),
        wanted: frozenset[str] = frozenset(), mask: Callable[[str], SafeText] = SafeText,
        now: Callable[[], datetime] = _NOW,
    ) -> None:  # fmt: skip
        self.scope = scope
        self._wanted, self._mask = wanted, mask
        self._pods: dict[str, PodFact] = {}
        self._members: dict[Owner, set[str]] = {}
        self._controls: dict[Owner, Control] = {}
        self._between: dict[tuple[str, str, str], Owner] = {}
        self._uids: dict[str, Owner] = {}
        self._told: dict[Identity, Workload] = {}
        self._dirty: set[Owner] = set()
        self.blind: Mapping[str, SafeText] = {}
        """Why pods cannot be seen; empty while they can."""
        self._nodes = Nodes(source, where, scope)
        self._surroundings = Surroundings(source, where, self._nodes, self, self._dirty.update)
        self._lately = Lately(self._dirty.update, now)
        self._shelves: Mapping[str, Shelf[Any, Any]] = {
            PODS.plural: Shelf(self._pod_fact, self._pod_changed),
            **self._surroundings.shelves,
            **self._lately.shelves,
            REPLICASETS.plural: Shelf(_replicaset, self._middle("ReplicaSet")),
            JOBS.plural: Shelf(_job, self._middle("Job")),
            **{
                plural: Shelf(make, self._control_changed)
                for plural, make in MAKE.items()
                if plural not in (REPLICASETS.plural, JOBS.plural)
            },
        }

    # What comes in.

    def begin(self, kind: Kind, space: str) -> None:
        """A list of a kind begins."""
        self._shelves[kind.plural].begin(space)

    def put(self, kind: Kind, space: str, objects: Iterable[Any]) -> None:
        """Objects as they are now."""
        shelf = self._shelves[kind.plural]
        for one in objects:
            if not self._wanted or not kind.namespaced or one.metadata.namespace in self._wanted:
                shelf.put(space, one.metadata, one)

    def drop(self, kind: Kind, meta: Meta) -> None:
        """An object exists no more."""
        self._shelves[kind.plural].drop((meta.namespace, meta.name))

    def end(self, kind: Kind, space: str) -> None:
        """The list is whole."""
        self._shelves[kind.plural].end(space)

    def set_blind(self, why: Mapping[str, str]) -> None:
        """In these namespaces (empty: in all) pods cannot be seen: what was known of them is not shown any more."""
        blind = {space: safe(words, 300) for space, words in why.items()}
        if self.blind != blind:
            self.blind = blind
            self._dirty.update(self._controls)

    def scaled(self, events: Iterable[Event]) -> None:
        """What controllers told of scalings before anybody looked."""
        self._lately.scaled(one for one in events if not self._wanted or one.metadata.namespace in self._wanted)
        self._dirty.update(self._controls)

    def set_unseen(self, unseen: bool) -> None:
        """Whether isolations cannot be seen."""
        if self._surroundings.isolations_unseen != unseen:
            self._surroundings.isolations_unseen = unseen
            self._dirty.update(self._controls)

    # What is asked.

    def pod(self, uid: str) -> PodFact | None:
        """A pod by its uid."""
        return self._pods.get(uid)

    def pods(self) -> Iterable[PodFact]:
        """Every pod."""
        return self._pods.values()

    def named(self, space: str, name: str) -> PodFact | None:
        """A pod by its name."""
        found: PodFact | None = self._shelves[PODS.plural].facts.get((space, name))
        return found

    def on_node(self, node: str) -> Iterable[Owner]:
        """The workloads that have a pod on a node."""
        return (self._pods[uid].owner for uid in self._nodes.on(node))

    def in_space(self, space: str) -> Iterable[Owner]:
        """The workloads of a namespace."""
        return (owner for owner in self._controls if owner.space == space)

    def of_uid(self, uid: str) -> Owner | None:
        """The workload whose pod, or which itself, has this uid."""
        pod = self._pods.get(uid)
        return pod.owner if pod else self._uids.get(uid)

    def news(self) -> Iterator[Workload | Identity]:
        """Workloads that are other than last told, and identities of those that are gone."""
        dirty = tuple(self._dirty)
        self._dirty.clear()
        for owner in dirty:
            yield from self._other(owner.identity(self.scope), self._workload(owner))
        # Each page of pods would change every node: they are told once the pods of a namespace are all there.
        if self._shelves[PODS.plural].whole or self.blind:
            for identity, node in self._nodes.news():
                yield from self._other(identity, node)

    def _other(self, identity: Identity, now: Workload | None) -> Iterator[Workload | Identity]:
        if now is None:
            if self._told.pop(identity, None) is not None:
                yield identity
        elif self._told.get(identity) != now:
            self._told[identity] = now
            yield now

    def everything(self) -> tuple[Workload, ...]:
        """Every workload; nothing of it is news any more."""
        for _ in self.news():
            pass
        return tuple(self._told.values())

    def _workload(self, owner: Owner) -> Workload | None:
        control = self._controls.get(owner)
        pods = [self._pods[uid] for uid in self._members.get(owner, ())]
        if control is None and not pods:
            return None
        rolled = self._lately.changed_at(control) if control is not None else None
        if control is not None and rolled is not None:
            # Not the Progressing condition's time: that moves whenever a pod comes or goes, so a grace would never end.
            control = replace(control, changed_at=rolled)
        blind = self.blind.get(owner.space) or self.blind.get("") or SafeText("")
        hpa = self._surroundings.hpas.get(owner)
        changes = tuple(self._lately.changes(control, hpa.scaler.name if hpa else "")) if control is not None else ()
        return assemble.workload(owner, control, pods, self._surroundings, self.scope, blind, changes)

    # What each kind does when it changes.

    def _pod_fact(self, pod: Pod) -> PodFact:
        meta, status = pod.metadata, pod.status
        above = controller_of(meta)
        template = meta.labels.template if meta.labels else ""
        reference = Reference(intern(above.kind), intern(above.name), intern(template)) if above else None
        space = intern(meta.namespace)
        owner = owner_of(reference, space, meta.name, self._between)
        instance = instance_of(pod, owner.identity(self.scope, meta.uid), job=owner.kind in _JOBS)
        if instance.error:
            instance = replace(instance, error=self._mask(instance.error))
        ended = last_end(pod)
        return PodFact(
            instance=instance, owner=owner, reference=reference, node=intern(pod.spec.node_name),
            container=intern(pod.spec.containers[0].name if pod.spec.containers else ""),
            inactive=status.phase in ("Succeeded", "Failed"), leaving=meta.deletion_timestamp is not None,
            ended=self._mask(ended) if ended else ended, only=_only(pod, instance, owner),
        )  # fmt: skip

    def _pod_changed(self, _: Key, old: PodFact | None, new: PodFact | None) -> None:
        if old is not None:
            uid = old.instance.id.instance
            if new is None or new.instance.id.instance != uid or new.owner != old.owner:
                self._pods.pop(uid, None)
                self._leave(self._members, old.owner, uid)
                self._dirty.add(old.owner)
            if new is None or new.inactive or new.node != old.node or new.instance.id.instance != uid:
                self._nodes.leave(old.node, uid)
        if new is not None:
            uid = new.instance.id.instance
            self._pods[uid] = new
            self._members.setdefault(new.owner, set()).add(uid)
            if new.node and not new.inactive:
                self._nodes.come(new.node, uid)
            self._dirty.add(new.owner)

    @staticmethod
    def _leave(groups: dict[Any, set[str]], key: Any, uid: str) -> None:
        group = groups.get(key)
        if group is not None:
            group.discard(uid)
            if not group:
                del groups[key]

    def _control_changed(self, _: Key, old: Control | None, new: Control | None) -> None:
        self._lately.used(old, new)
        if old is not None and (new is None or new.uid != old.uid):
            self._uids.pop(old.uid, None)
        if new is not None:
            self._controls[new.owner] = new
            self._uids[new.uid] = new.owner
            self._dirty.add(new.owner)
        elif old is not None:
            self._controls.pop(old.owner, None)
            self._dirty.add(old.owner)

    def _middle(self, kind: str) -> Callable[[Key, Middle | None, Middle | None], None]:
        def changed(key: Key, old: Middle | None, new: Middle | None) -> None:
            place = (kind, *key)
            if new is None:
                self._between.pop(place, None)
            else:
                self._between[place] = new.owner
                self._uids[new.uid] = new.owner
            if old is not None and (new is None or new.uid != old.uid):
                self._uids.pop(old.uid, None)
            self._lately.revised(key, old.revision if old else None, new.revision if new else None)
            self._control_changed(key, old.control if old else None, new.control if new else None)
            if new is not None and (old is None or old.owner != new.owner):
                self._move(kind, key, new.owner)

        return changed

    def _move(self, kind: str, key: Key, owner: Owner) -> None:
        """Pods that were told of before what keeps them, and were taken for another workload's."""
        shelf = self._shelves[PODS.plural]
        template = key[1].rpartition("-")[2]
        guesses = {owner_of(Reference(kind, key[1], one), key[0], "", {}) for one in ("", template)}
        for guess in guesses - {owner}:
            for uid in list(self._members.get(guess, ())):
                fact = self._pods[uid]
                if fact.reference is not None and (fact.reference.kind, fact.reference.name) == (kind, key[1]):
                    moved = replace(
                        fact, owner=owner, instance=replace(fact.instance, id=owner.identity(self.scope, uid))
                    )
                    shelf.replace((key[0], fact.instance.name), moved)


def _only(pod: Pod, instance: Instance, owner: Owner) -> str:
    containers = pod.spec.containers or ()
    if len(containers) != 1 or pod.spec.init_containers or owner.kind in _NAMED_AGAIN:
        return ""
    return intern(containers[0].name) if instance.phase is Phase.RUNNING else ""


def _replicaset(one: Controller) -> Middle:
    middle = _between("ReplicaSet", one, MAKE[REPLICASETS.plural])
    return replace(middle, revision=kept(one, middle.owner))


def _job(one: Job) -> Middle:
    return _between("Job", one, MAKE[JOBS.plural])


def _between(kind: str, one: Any, make: Callable[[Any], Control]) -> Middle:
    owner = middle_owner(kind, one.metadata)
    alone = controller_of(one.metadata) is None
    return Middle(owner, make(one) if alone else None, one.metadata.uid)
