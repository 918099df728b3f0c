"""One object as text to read: what it is, how it stands, the events about it; or all of it as YAML.

Left out: who wrote which field, and the copy that kubectl keeps of what was applied (it holds the values of variables).
Masked: the data of Secrets (names and sizes are kept), their long annotations, and values of variables.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cockpit.backends.kubernetes.about import Told
from cockpit.backends.kubernetes.times import moment
from cockpit.backends.outline import outline
from cockpit.board.ages import duration
from cockpit.board.secrets import MASK

SECRET = "Secret"
_SECRET_FIELDS = ("data", "stringData")
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SHORT = 64
"""Characters of a Secret's annotation that are shown: tools keep whole copies of it in longer ones."""
_HEAD = ("apiVersion", "kind", "metadata")
_NAMED = ("name", "namespace", "uid", "creationTimestamp", "labels", "annotations", "ownerReferences", "finalizers")


def inspected(answer: dict[str, Any], told: Told) -> str:
    """The warnings about an object first, then all of it."""
    head = [*_events(told), ""] if told.events or told.missing else []
    return "\n".join([*head, outline(shown(answer))])


def whole(answer: dict[str, Any], kind: str = "") -> str:
    """All of an object as YAML. kind: what it was asked for as, whatever the answer says of itself."""
    from cockpit.backends.kubernetes.yamltext import yaml_text  # 5 ms to import, and few look at YAML

    safe_answer = shown(answer, kind)
    # Beside the values their sizes would be masked with them.
    sizes = [f"{name}{str(value).removeprefix(MASK)}" for name, value in _dict(safe_answer.get("data")).items()]
    head = f"# masked: {', '.join(sizes)}\n" if SECRET in (kind, answer.get("kind")) and sizes else ""
    return head + yaml_text(safe_answer)


def described(answer: dict[str, Any], told: Told, *, kind: str = "", now: datetime) -> str:
    """What an object is, its conditions and events, then the rest of it."""
    safe_answer = shown(answer, kind)
    meta = _dict(safe_answer.get("metadata"))
    rest = {name: value for name, value in safe_answer.items() if name not in _HEAD}
    more = {name: value for name, value in meta.items() if name not in _NAMED and name != "resourceVersion"}
    status = _dict(rest.get("status"))
    conditions = status.get("conditions")
    if isinstance(conditions, list) and all(isinstance(one, dict) for one in conditions):
        rest["status"] = {name: value for name, value in status.items() if name != "conditions"}
    else:
        conditions = []
    parts = [
        [*_identity(safe_answer, meta, now)],
        ["conditions:", *_conditions(conditions, now)],
        [*_events(told, now)],
        outline({"metadata": more, **rest}).split("\n"),
    ]
    return "\n\n".join("\n".join(part) for part in parts if len(part) > 1 or part[0][-1:] not in ("", ":"))


def _identity(answer: Mapping[str, Any], meta: Mapping[str, Any], now: datetime) -> Iterator[str]:
    yield f"{answer.get('kind', '')} {meta.get('name', '')}  ({answer.get('apiVersion', '')})"
    if meta.get("namespace"):
        yield f"namespace    {meta['namespace']}"
    if meta.get("creationTimestamp"):
        yield f"created      {_ago(str(meta['creationTimestamp']), now)}"
    for owner in meta.get("ownerReferences") or ():
        if isinstance(owner, dict):
            yield f"owner        {owner.get('kind', '')} {owner.get('name', '')}"
    for title in ("labels", "annotations"):
        for number, (name, value) in enumerate(sorted(_dict(meta.get(title)).items())):
            yield f"{'' if number else title:<12} {name}={value}"
    if meta.get("finalizers"):
        yield f"finalizers   {', '.join(map(str, meta['finalizers']))}"


def _conditions(conditions: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[str]:
    for one in conditions:
        since = one.get("lastTransitionTime")
        words = ": ".join(str(one[name]) for name in ("reason", "message") if one.get(name))
        told = f"  {one.get('type', '')} {one.get('status', '')}"
        yield f"{told}  since {_ago(str(since), now)}  {words}".rstrip() if since else f"{told}  {words}".rstrip()


def _events(told: Told, now: datetime | None = None) -> Iterator[str]:
    yield "events:" if told.events else f"events: {told.missing or 'none'}"
    for one in told.events:
        at = one.last_timestamp or one.event_time or "-"
        when = _ago(at, now) if now else at
        yield f"  {when}  {one.type} {one.reason} ({one.count or 1}x): {one.message}"


def _ago(words: str, now: datetime) -> str:
    """ "2026-03-01T13:00:00Z (3h32m ago)"."""
    at = moment(words)
    return words if at is None else f"{words} ({duration((now - at).total_seconds())} ago)"


# What nobody may see


def shown(answer: dict[str, Any], kind: str = "") -> dict[str, Any]:
    """An object without what nobody reads and nobody may see. kind: of an answer that does not say it itself."""
    whole = {name: _masked(value, name) for name, value in answer.items()}
    meta = whole.get("metadata")
    secret = SECRET in (kind, answer.get("kind"))
    if isinstance(meta, dict):
        meta.pop("managedFields", None)
        annotations = meta.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_APPLIED, None)
            if secret:
                meta["annotations"] = {name: _short(value) for name, value in annotations.items()}
    if secret:
        for field in _SECRET_FIELDS:
            if whole.get(field) is not None:
                whole[field] = _sizes(whole[field], encoded=field == "data")
    return whole


def _sizes(data: Any, *, encoded: bool) -> Any:
    """Names and sizes of what a Secret holds."""
    if not isinstance(data, dict):
        return MASK
    return {name: f"{MASK} ({_size(value, encoded)} bytes)" for name, value in data.items()}


def _size(value: Any, encoded: bool) -> int:
    text = value if isinstance(value, str) else ""
    return len(text) * 3 // 4 - text[-2:].count("=") if encoded else len(text.encode())


def _short(value: Any) -> Any:
    return value if isinstance(value, str) and len(value) <= _SHORT else MASK


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        if key == "env":
            return [_variable(one) for one in value]
        return [_masked(one) for one in value]
    return value


def _variable(one: Any) -> Any:
    return {**one, "value": MASK} if isinstance(one, dict) and "value" in one else _masked(one)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
