"""The pods of any object: of one that selects them, or the pod that it is. Asked for, not watched."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectKind
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.pods import instance_of
from cockpit.backends.kubernetes.wire import LabelSelector, Page, Requirement, Wire
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.board.model import Identity, Instance
from cockpit.board.text import safe

MOST = 500
"""Pods of one object that are known at most: ten times what one log follows."""
_OPERATORS: Mapping[str, str] = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}",
                                 "DoesNotExist": "!{key}"}  # fmt: skip

Query = dict[str, str | int]


class _Spec(Wire, frozen=True):
    """What of an object says which pods are its own; a Service's is not a LabelSelector."""

    selector: msgspec.Raw = msgspec.Raw(b"null")


class _Whole(Wire, frozen=True):
    """Any object."""

    spec: _Spec = _Spec()


async def pods_of(client: KubeClient, kind: ObjectKind, path: str, space: str, name: str) -> tuple[Instance, ...]:
    """The pods of what stands at `path`. ApiAnswer as the API gives it; SourceError for what has none."""
    return tuple(
        _instance(client, one) for one in await _READ.get(kind.qualified, _selected)(client, path, space, name)
    )


async def _itself(client: KubeClient, path: str, space: str, name: str) -> list[Pod]:
    return [await client.get(path, Pod)]


async def _selected(client: KubeClient, path: str, space: str, name: str) -> list[Pod]:
    whole = await client.get(path, _Whole)
    labels = selector_of(whole.spec.selector)
    if not space or not labels:
        # An empty selector is that of every pod of its namespace.
        raise SourceError(f"{safe(name, 253)} has no pods of its own, so there is no log of it")
    query: Query = {"labelSelector": labels, "limit": MOST}
    try:
        return (await client.get(PODS.path(space), Page[Pod], query)).items or []
    except ApiAnswer as error:
        if error.status == 403:
            needs = f"needs list on pods in namespace {safe(space, 253)}"
            raise SourceError(f"the pods of {safe(name, 253)} may not be seen: {needs}") from None
        raise


_READ: Mapping[str, Callable[[KubeClient, str, str, str], Awaitable[list[Pod]]]] = {"pods": _itself}


def selector_of(raw: msgspec.Raw) -> str:
    """A selector as a query has it; empty for none, and for what is no selector."""
    try:
        found = msgspec.json.decode(raw, type=LabelSelector | None)
        if found is not None and (found.match_labels or found.match_expressions):
            labels = [f"{key}={value}" for key, value in (found.match_labels or {}).items()]
            return ",".join([*labels, *map(_required, found.match_expressions or ())])
        plain = msgspec.json.decode(raw, type=dict[str, str] | None)
    except (msgspec.DecodeError, KeyError):
        return ""
    return ",".join(f"{key}={value}" for key, value in (plain or {}).items())


def _required(one: Requirement) -> str:
    return _OPERATORS[one.operator].format(key=one.key, values=",".join(one.values or ()))


def _instance(client: KubeClient, pod: Pod) -> Instance:
    meta = pod.metadata
    scope = client.access.server if client.access else ""
    return instance_of(pod, Identity("kubernetes", scope, meta.namespace, "pod", meta.name, meta.uid))
