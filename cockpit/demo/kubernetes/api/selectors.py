"""Label and field selectors, as they stand in a query: parsed once, then asked of each object."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind

Test = Callable[[Json], bool]
"""Whether an object is meant."""

_TERM = re.compile(
    r"\s*(?:(!)\s*)?([A-Za-z0-9][\w./-]*)\s*(?:(==|=|!=|\bin\b|\bnotin\b)\s*(\([^)]*\)|[\w.-]*))?\s*(?:,|$)"
)
LONGEST = 8192

_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "secrets": frozenset({"type"}),
    "pods": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.phase",
            "status.podIP",
        }
    ),
    "events": frozenset(
        {
            *(f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
            *("involvedObject.resourceVersion", "reason", "reportingComponent", "source", "type"),
            *(f"regarding.{name}" for name in ("kind", "namespace", "name", "uid", "apiVersion", "fieldPath")),
        }
    ),
    "nodes": frozenset({"spec.unschedulable"}),
    "namespaces": frozenset({"status.phase"}),
    "jobs.batch": frozenset({"status.successful"}),
    "replicasets.apps": frozenset({"status.replicas"}),
}


def everything(_: Json) -> bool:
    return True


def label_selector(text: str) -> Test:
    """Of `a=b,c!=d,e in (x,y),f notin (z),g,!h`. ApiError 400 for what is none."""
    if not text:
        return everything
    tests: list[Callable[[Mapping[str, str]], bool]] = []
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or len(text) > LONGEST:
            raise bad_request(f"unable to parse requirement: found {text[at : at + 40]!r}, expected: identifier")
        tests.append(_requirement(*term.groups()))
        at = term.end()
    return lambda obj: _all(tests, obj["metadata"].get("labels") or {})


def _all(tests: list[Callable[[Mapping[str, str]], bool]], labels: Mapping[str, str]) -> bool:
    return all(test(labels) for test in tests)


def _requirement(
    no: str | None, name: str, operator: str | None, right: str | None
) -> Callable[[Mapping[str, str]], bool]:
    values = {value.strip() for value in (right or "").strip("()").split(",")}
    if operator is None:
        return lambda labels: (name in labels) is not bool(no)
    if operator in {"=", "==", "in"}:
        return lambda labels: name in labels and labels[name] in values
    return lambda labels: labels.get(name) not in values


def matches(selector: Json | None, labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector object (matchLabels, matchExpressions) takes these labels; an absent one takes none."""
    if selector is None:
        return False
    if any(labels.get(name) != value for name, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions") or ())


_OPERATORS: Mapping[str, Callable[[Mapping[str, str], str, list[str]], bool]] = {
    "In": lambda labels, key, values: labels.get(key) in values,
    "NotIn": lambda labels, key, values: labels.get(key) not in values,
    "Exists": lambda labels, key, _: key in labels,
    "DoesNotExist": lambda labels, key, _: key not in labels,
}


def _expression(one: Json, labels: Mapping[str, str]) -> bool:
    test = _OPERATORS.get(one.get("operator", ""))
    return test is not None and test(labels, one["key"], one.get("values") or [])


def field_selector(kind: Kind, text: str) -> Test:
    """Of `metadata.name=x,spec.nodeName!=y`. ApiError 400 for a field that the kind does not select by."""
    if not text:
        return everything
    tests = []
    for term in text.split(","):
        name, operator, value = _split(term)
        if name not in _EVERYWHERE and name not in _FIELDS.get(kind.storage, ()):
            raise bad_request(f"field label not supported: {name}")
        tests.append((name.split("."), operator, value))
    return lambda obj: all((_at(obj, path) == value) is (operator == "=") for path, operator, value in tests)


def _split(term: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        name, found, value = term.partition(operator)
        if found:
            return name.strip(), "!=" if operator == "!=" else "=", value.strip()
    raise bad_request(f"invalid selector: {term!r}; can't understand {term!r}")


def _at(obj: Json, path: list[str]) -> str:
    value: Any = obj
    if path[0] == "regarding":
        path = ["involvedObject", *path[1:]]
    for part in path:
        value = value.get(part, "") if isinstance(value, dict) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if not isinstance(value, dict) else str(value.get("component", ""))
