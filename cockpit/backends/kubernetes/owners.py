"""Which workload a pod belongs to: its owner's owner, by what is known of ReplicaSets and Jobs, else by their names."""

import re
from collections.abc import Mapping

from msgspec import Struct

from cockpit.backends.kubernetes.wire import Meta, OwnerRef
from cockpit.board.model import Identity

_RUN = re.compile(r"(.+)-\d{8,10}")
_NAME, _KIND = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"), re.compile(r"[A-Za-z0-9]{1,63}")
Key = tuple[str, str]
"""Namespace and name."""


class Owner(Struct, frozen=True):
    """A workload: kind ("deployment"), namespace and name, as its identity has them."""

    kind: str
    space: str
    name: str

    def identity(self, scope: str, instance: str = "") -> Identity:
        """As an identity in one cluster."""
        return Identity("kubernetes", scope, self.space, self.kind, self.name, instance)


class Reference(Struct, frozen=True):
    """What keeps a pod, as the API writes it. template: the hash of the pod template, empty where there is none."""

    kind: str
    name: str
    template: str = ""


def can_own(kind: str, name: str) -> bool:
    """Whether an object can have this kind and name.

    The API checks names of objects, and of owners nothing: who may make a pod could write to the terminal with one, or
    lead a request elsewhere.
    """
    return bool(_NAME.fullmatch(name) and _KIND.fullmatch(kind))


def controller_of(meta: Meta) -> OwnerRef | None:
    """The one that keeps an object as it is."""
    found = next((one for one in meta.owner_references or () if one.controller), None)
    return found if found is not None and can_own(found.kind, found.name) else None


def owner_of(reference: Reference | None, space: str, pod: str, between: Mapping[tuple[str, str, str], Owner]) -> Owner:
    """The workload of a pod. between: of (kind, namespace, name) of ReplicaSets and Jobs that are known, whose it is.

    A ReplicaSet or Job that was not told of yet is taken for a Deployment's or CronJob's when its name looks like it:
    rows appear with the first page of pods.
    """
    if reference is None or reference.kind == "Node":
        return Owner("pod", space, pod)
    known = between.get((reference.kind, space, reference.name))
    if known is not None:
        return known
    if reference.kind == "ReplicaSet" and reference.template:
        ending = f"-{reference.template}"
        if reference.name.endswith(ending):
            return Owner("deployment", space, reference.name[: -len(ending)])
    if reference.kind == "Job" and (found := _RUN.fullmatch(reference.name)):
        return Owner("cronjob", space, found[1])
    return Owner(reference.kind.lower(), space, reference.name)


def middle_owner(kind: str, meta: Meta) -> Owner:
    """Whose a ReplicaSet or Job is: its controller's, else its own."""
    above = controller_of(meta)
    if above is None:
        return Owner(kind.lower(), meta.namespace, meta.name)
    return Owner(above.kind.lower(), meta.namespace, above.name)
