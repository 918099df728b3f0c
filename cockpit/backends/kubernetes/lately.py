"""What changed lately around the workloads of one cluster: their revisions, and what configures them. No I/O.

Of ConfigMaps and Secrets only metadata is asked for, never data: that one was written is all that is known.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from cockpit.backends.kubernetes import rollouts, scalings
from cockpit.backends.kubernetes.controllers import Control
from cockpit.backends.kubernetes.kinds import CONFIG_MAPS, REVISIONS, SECRETS, Kind
from cockpit.backends.kubernetes.owners import Key, Owner, middle_owner
from cockpit.backends.kubernetes.rollouts import Revision, shape_of
from cockpit.backends.kubernetes.scalings import Rescale, Step
from cockpit.backends.kubernetes.shelf import Shelf
from cockpit.backends.kubernetes.times import edited_at, moment
from cockpit.backends.kubernetes.wire import Edited
from cockpit.backends.kubernetes.wire_apps import Controller, Event
from cockpit.backends.kubernetes.wire_templates import Revised
from cockpit.board.model import Change, ChangeKind
from cockpit.board.text import safe

_WORDS = {CONFIG_MAPS.plural: "ConfigMap", SECRETS.plural: "Secret"}
_SAME = timedelta(minutes=5)
Configuration = tuple[str, str, str]
"""Plural of the kind, namespace, name."""


class Kept(Struct, frozen=True):
    """A revision and whose it is."""

    owner: Owner
    revision: Revision


class ConfigFact(Struct, frozen=True):
    """A ConfigMap or Secret: its version, and when it was written since it was made; None: that is not known."""

    version: str
    at: datetime | None


class Lately:
    """Revisions by workload, and configuration by name. touched: told whom a change concerns; now: the time."""

    def __init__(self, touched: Callable[[Iterable[Owner]], None], now: Callable[[], datetime]) -> None:
        self._touched, self._now = touched, now
        self._revisions: dict[Owner, dict[Key, Revision]] = {}
        self._again: dict[Owner, tuple[int, datetime]] = {}
        """The number of a revision that was seen to be rolled out again, and when."""
        self._steps: dict[str, tuple[Step, ...]] = {}
        """How ReplicaSets of a Deployment were scaled, by its uid."""
        self._rescales: dict[Key, tuple[Rescale, ...]] = {}
        """What autoscalers asked for, by their namespace and name."""
        self._written: dict[Configuration, datetime] = {}
        self._users: dict[Configuration, set[Owner]] = {}
        self.shelves: Mapping[str, Shelf[Any, Any]] = {
            REVISIONS.plural: Shelf(_kept, self._kept_changed),
            **{kind.plural: Shelf(_config, self._config_of(kind)) for kind in (CONFIG_MAPS, SECRETS)},
        }
        """By the plural of their kind."""

    def revised(self, key: Key, old: Kept | None, new: Kept | None) -> None:
        """A revision came, was numbered anew, or went."""
        if old is not None:
            made = self._revisions[old.owner]
            del made[key]
            if not made:
                del self._revisions[old.owner]
                self._again.pop(old.owner, None)
        if new is not None:
            made = self._revisions.setdefault(new.owner, {})
            made[key] = new.revision
            if old is not None and new.revision.number > old.revision.number and rollouts.is_again(made.values()):
                self._again[new.owner] = (new.revision.number, self._now())
        self._touched(one.owner for one in (old, new) if one is not None)

    def used(self, old: Control | None, new: Control | None) -> None:
        """What configures a workload is other than before."""
        before, after = (_configurations(one) if one else frozenset() for one in (old, new))
        for one in before - after:
            assert old is not None
            self._users[one].discard(old.owner)
            if not self._users[one]:
                del self._users[one]
        for one in after - before:
            assert new is not None
            self._users.setdefault(one, set()).add(new.owner)

    def changed_at(self, control: Control) -> datetime | None:
        """When a workload was rolled out last; None when no revision of it is known."""
        return rollouts.changed_at(self._of(control.owner), self._when_again(control))

    def scaled(self, events: Iterable[Event]) -> None:
        """What was told of scalings before; what follows is seen."""
        by_uid: dict[str, list[Event]] = {}
        by_name: dict[Key, list[Event]] = {}
        for one in events:
            if one.reason == scalings.SETS:
                by_uid.setdefault(one.involved_object.uid, []).append(one)
            elif one.reason == scalings.SCALERS:
                by_name.setdefault((one.metadata.namespace, one.involved_object.name), []).append(one)
        self._steps = {uid: scalings.steps(found) for uid, found in by_uid.items()}
        self._rescales = {key: scalings.rescales(found) for key, found in by_name.items()}

    def changes(self, control: Control, scaler: str = "") -> Iterator[Change]:
        """What its revisions, its controllers and its configuration tell. scaler: its autoscaler's name."""
        revisions = self._of(control.owner)
        yield from rollouts.changes(revisions, self._when_again(control))
        sets, asked = self._steps.get(control.uid, ()), self._rescales.get((control.owner.space, scaler), ())
        yield from scalings.changes(sets, asked, scaler, revisions, control.writers)
        for one in sorted(_configurations(control)):
            if (at := self._written.get(one)) is not None:
                subject = f"{_WORDS[one[0]]} {one[2]}"
                yield Change(at, ChangeKind.CONFIG, safe(f"{subject} changed", 300), subject)

    def _of(self, owner: Owner) -> list[Revision]:
        return list(self._revisions.get(owner, {}).values())

    def _when_again(self, control: Control) -> datetime | None:
        """When an earlier revision was rolled out again: seen, else by who last wrote the workload, if it is one."""
        now = rollouts.wanted(self._of(control.owner))
        seen = self._again.get(control.owner)
        told = control.edited_at
        if seen is None or now is None or seen[0] != now.number:
            return told
        # The cluster's own time where it is of the same deed: its pods are compared with it.
        return told if told is not None and abs(told - seen[1]) < _SAME else seen[1]

    def _kept_changed(self, key: Key, old: Kept | None, new: Kept | None) -> None:
        self.revised(key, old, new)

    def _config_of(self, kind: Kind) -> Callable[[Key, ConfigFact | None, ConfigFact | None], None]:
        def changed(key: Key, old: ConfigFact | None, new: ConfigFact | None) -> None:
            place = (kind.plural, *key)
            if new is None:
                if self._written.pop(place, None) is not None:
                    self._touched(self._users.get(place, ()))
                return
            at = new.at
            if old is not None and (at is None or at == old.at):
                at = self._now()
            if at is not None:
                self._written[place] = at
                self._touched(self._users.get(place, ()))

        return changed


def kept(one: Controller, owner: Owner) -> Kept | None:
    """A ReplicaSet of a Deployment, as a revision."""
    made, annotations = moment(one.metadata.creation_timestamp), one.metadata.annotations
    number = annotations.revision if annotations else ""
    if made is None:
        return None
    known = int(number) if number.isdecimal() and len(number) < 19 else 0
    return Kept(owner, Revision(one.metadata.name, known, made, shape_of(one.spec.template)))


def _kept(one: Revised) -> Kept | None:
    made = moment(one.metadata.creation_timestamp)
    if made is None:
        return None
    shape = shape_of(one.data.spec.template)
    return Kept(
        middle_owner("ControllerRevision", one.metadata), Revision(one.metadata.name, one.revision, made, shape)
    )


def _config(one: Edited) -> ConfigFact:
    made, at = moment(one.metadata.creation_timestamp), edited_at(one.metadata.managed_fields)
    # What was written with the object itself is no change of it.
    later = at is not None and made is not None and at > made
    return ConfigFact(one.metadata.resource_version, at if later else None)


def _configurations(control: Control) -> frozenset[Configuration]:
    return frozenset((plural, control.owner.space, name) for plural, name in control.configured_by)
