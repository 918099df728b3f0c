"""The revisions of a workload: what ran, since when, why it was changed.

A Deployment keeps its revisions as ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions. Reads only.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from cockpit.board.secrets import MASK
from cockpit.board.text import safe

REVISION = "deployment.kubernetes.io/revision"
CAUSE = "kubernetes.io/change-cause"
HASH = "pod-template-hash"
PAGE, MOST = 100, 1_000
_REVISED = frozenset({"statefulset", "daemonset"})
_SELECTOR_WORD = re.compile(r"[A-Za-z0-9._/-]*")
Json = dict[str, Any]
Values = Mapping[tuple[str, str], Mapping[str, int]]


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
            owned = [one for one in made if _owned(one, whole)]
            values = _values(owned)
            found = [_of_replicaset(one, whole, values) for one in owned]
        else:
            path = f"/apis/apps/v1/namespaces/{workload.space}/controllerrevisions"
            owned = [one for one in await _all(client, path, selector) if _owned(one, whole)]
            values = _values(owned)
            found = [_of_revision(one, whole, values) for one in owned]
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


def _template_of(one: Json) -> Json:
    """The pod template of a ReplicaSet or of a ControllerRevision."""
    spec = one.get("spec") or (one.get("data") or {}).get("spec") or {}
    return spec.get("template") or {}


def _variables(template: Json) -> Iterator[tuple[tuple[str, str], Json]]:
    """((container, name), variable) of each variable that has a value of its own."""
    spec = template.get("spec") or {}
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        for one in container.get("env") or ():
            if "value" in one:
                yield (str(container.get("name", "")), str(one.get("name", ""))), one


def _values(owned: Iterable[Json]) -> Values:
    """Which values each variable had, numbered from the oldest revision on: masked, they are still seen to differ."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for one in sorted(owned, key=_number_of):
        for name, variable in _variables(_template_of(one)):
            had = found.setdefault(name, {})
            had.setdefault(str(variable["value"]), len(had) + 1)
    return found


def _number_of(one: Json) -> int:
    """The number of a ReplicaSet's or a ControllerRevision's revision."""
    annotations = (one.get("metadata") or {}).get("annotations") or {}
    return _number(one.get("revision") or annotations.get(REVISION))


def _of_replicaset(one: Json, deployment: Json, values: Values) -> Revision:
    meta, status = one.get("metadata") or {}, one.get("status") or {}
    annotations = meta.get("annotations") or {}
    template = _template_of(one)
    wanted = ((deployment.get("metadata") or {}).get("annotations") or {}).get(REVISION)
    return Revision(
        number=_number_of(one),
        name=str(safe(str(meta.get("name", "")), 253)),
        images=_images(template),
        cause=safe(str(annotations.get(CAUSE, "")), 300),
        created_at=moment(meta.get("creationTimestamp")),
        replicas=_number(status.get("replicas")),
        ready=_number(status.get("readyReplicas")),
        current=bool(wanted) and annotations.get(REVISION) == wanted,
        definition=_definition(template, values),
    )


def _of_revision(one: Json, owner: Json, values: Values) -> Revision:
    meta = one.get("metadata") or {}
    template = _template_of(one)
    status = owner.get("status") or {}
    name = str(meta.get("name", ""))
    wanted = status.get("updateRevision")
    counts = {status.get("currentRevision"): "currentReplicas", wanted: "updatedReplicas"}
    count = status.get(counts[name], 0) if name in counts else None
    return Revision(
        number=_number_of(one),
        name=str(safe(name, 253)),
        images=_images(template),
        cause=safe(str((meta.get("annotations") or {}).get(CAUSE, "")), 300),
        created_at=moment(meta.get("creationTimestamp")),
        replicas=count if isinstance(count, int) else None,
        current=name == wanted if wanted else _is_template_of(template, owner),
        definition=_definition(template, values),
    )


def _is_template_of(template: Json, owner: Json) -> bool:
    """A DaemonSet does not say which of its revisions is wanted: the one with its own template."""
    kept = {name: value for name, value in template.items() if name != "$patch"}
    return kept == (owner.get("spec") or {}).get("template")


def _definition(template: Json, values: Values) -> tuple[SafeText, ...]:
    """A pod template to compare: without the hash that its ReplicaSet writes into it; values only numbered."""
    whole = shown(template)
    for (name, one), (_, masked) in zip(_variables(template), _variables(whole), strict=True):
        if len(values.get(name, ())) > 1:
            masked["value"] = f"{MASK} (value {values[name][str(one['value'])]})"
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
