"""The revisions of a workload: what ran, since when, why it was changed.

A Deployment keeps its revisions as ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions. Reads only.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cockpit.backends.base import SourceError
from cockpit.backends.history import Ran
from cockpit.backends.kubernetes.client import KubeClient, Query
from cockpit.backends.kubernetes.describe import shown
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import BY_NAME, REPLICASETS
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.outline import outline
from cockpit.board.model import Identity, SafeText
from cockpit.board.revision import Revision, definition
from cockpit.board.text import safe

REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
PAGE, MOST = 100, 1_000
_REVISED = frozenset({"statefulset", "daemonset"})
_SELECTOR_WORD = re.compile(r"[A-Za-z0-9._/-]*")
Json = dict[str, Any]


async def history(client: KubeClient, workload: Identity) -> tuple[Revision, ...]:
    """The revisions that are kept, newest first. SourceError: this kind has none, or they may not be seen."""
    kind = BY_NAME.get(workload.kind)
    if kind is None or workload.kind not in {"deployment", *_REVISED}:
        raise SourceError(f"{workload.kind} {workload.name} keeps no revisions")
    try:
        whole = await client.get(f"{kind.path(workload.space)}/{workload.name}", dict[str, Any])
        selector = selector_words((whole.get("spec") or {}).get("selector") or {})
        if workload.kind == "deployment":
            made = await _all(client, REPLICASETS.path(workload.space), selector)
            found = [_of_replicaset(one, whole) for one in made if _owned(one, whole)]
        else:
            path = f"/apis/apps/v1/namespaces/{workload.space}/controllerrevisions"
            found = [_of_revision(one, whole) for one in await _all(client, path, selector) if _owned(one, whole)]
    except ApiAnswer as error:
        raise SourceError(f"the revisions of {workload.name} cannot be seen: {error.message}") from None
    return tuple(sorted(found, key=lambda one: one.number, reverse=True))


async def _all(client: KubeClient, path: str, selector: str) -> list[Json]:
    items: list[Json] = []
    query: dict[str, str | int] = {"limit": PAGE} | ({"labelSelector": selector} if selector else {})
    token = ""
    while len(items) < MOST:
        asked: Query = query | ({"continue": token} if token else {})
        page = await client.get(path, dict[str, Any], asked)
        items += page.get("items") or []
        token = (page.get("metadata") or {}).get("continue") or ""
        if not token:
            break
    return items[:MOST]


def selector_words(selector: Mapping[str, Any]) -> str:
    """A label selector as a query has it; what cannot be written so is left out, for owners are checked anyway."""
    labels = selector.get("matchLabels") or {}
    return ",".join(
        f"{key}={value}"
        for key, value in labels.items()
        if _SELECTOR_WORD.fullmatch(str(key)) and _SELECTOR_WORD.fullmatch(str(value))
    )


def healthy(one: Revision, others: Sequence[Revision], past: Sequence[Ran]) -> datetime | None:
    """When a revision was last seen well: what is recorded is its image, which must be that of no other revision."""
    if sum(other.images == one.images for other in others) != 1:
        return None
    return max((ran.healthy for ran in past if ran.healthy and one.images[:1] == (ran.name,)), default=None)


def _owned(one: Json, by: Json) -> bool:
    uid = (by.get("metadata") or {}).get("uid")
    references = (one.get("metadata") or {}).get("ownerReferences") or ()
    return any(reference.get("controller") and reference.get("uid") == uid for reference in references)


def _of_replicaset(one: Json, deployment: Json) -> Revision:
    meta, spec, status = one.get("metadata") or {}, one.get("spec") or {}, one.get("status") or {}
    annotations = meta.get("annotations") or {}
    template = spec.get("template") or {}
    wanted = ((deployment.get("metadata") or {}).get("annotations") or {}).get(REVISION)
    return Revision(
        number=_number(annotations.get(REVISION)),
        name=str(safe(str(meta.get("name", "")), 253)),
        images=_images(template),
        cause=safe(str(annotations.get(CAUSE, "")), 300),
        created_at=moment(meta.get("creationTimestamp")),
        replicas=_number(status.get("replicas")),
        ready=_number(status.get("readyReplicas")),
        current=bool(wanted) and annotations.get(REVISION) == wanted,
        definition=_definition(template),
    )


def _of_revision(one: Json, owner: Json) -> Revision:
    meta = one.get("metadata") or {}
    template = ((one.get("data") or {}).get("spec") or {}).get("template") or {}
    status = owner.get("status") or {}
    name = str(meta.get("name", ""))
    wanted = status.get("updateRevision")
    counts = {status.get("currentRevision"): "currentReplicas", wanted: "updatedReplicas"}
    count = status.get(counts[name], 0) if name in counts else None
    return Revision(
        number=_number(one.get("revision")),
        name=str(safe(name, 253)),
        images=_images(template),
        cause=safe(str((meta.get("annotations") or {}).get(CAUSE, "")), 300),
        created_at=moment(meta.get("creationTimestamp")),
        replicas=count if isinstance(count, int) else None,
        current=name == wanted if wanted else _is_template_of(template, owner),
        definition=_definition(template),
    )


def _is_template_of(template: Json, owner: Json) -> bool:
    """A DaemonSet does not say which of its revisions is wanted: the one with its own template."""
    kept = {name: value for name, value in template.items() if name != "$patch"}
    return kept == (owner.get("spec") or {}).get("template")


def _definition(template: Json) -> tuple[SafeText, ...]:
    """A pod template to compare: without the hash that its ReplicaSet writes into it."""
    whole = shown(template)
    meta = {name: value for name, value in (whole.get("metadata") or {}).items() if value}
    meta["labels"] = {name: value for name, value in (meta.get("labels") or {}).items() if name != HASH}
    return definition(outline({"metadata": meta, "spec": whole.get("spec") or {}}))


def _images(template: Json) -> tuple[SafeText, ...]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return tuple(safe(str(one.get("image", "")), 512) for one in containers)


def _number(value: Any) -> int:
    if isinstance(value, int):
        return value
    words = str(value or "")
    return int(words) if words.isdecimal() and len(words) < 19 else 0
