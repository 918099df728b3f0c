"""Protobuf bodies: kubectl sends some objects so and takes no other answer to "in what format".

Only what its commands create that way is in the table: reviews, autoscalers, what runs pods, what stands beside them.
Answers are JSON all the same, which every client accepts.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.cluster.kinds import Json

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\0"

Field = tuple[str, str]
"""(name, type): a scalar of `_value`, a map of `_RIGHT`, or a message of the table; `*` before it: repeated."""

_META: Mapping[int, Field] = {
    1: ("name", "string"),
    2: ("generateName", "string"),
    3: ("namespace", "string"),
    11: ("labels", "map"),
    12: ("annotations", "map"),
    13: ("ownerReferences", "*Owner"),
}
_MESSAGES: Mapping[str, Mapping[int, Field]] = {
    "Meta": _META,
    "Owner": {
        1: ("kind", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("controller", "bool"),
        7: ("blockOwnerDeletion", "bool"),
    },
    "SelfSubjectAccessReview": {1: ("metadata", "Meta"), 2: ("spec", "AccessSpec")},
    "AccessSpec": {1: ("resourceAttributes", "Resource"), 2: ("nonResourceAttributes", "NonResource")},
    "Resource": {
        number: (name, "string")
        for number, name in enumerate(("namespace", "verb", "group", "version", "resource", "subresource", "name"), 1)
    },
    "NonResource": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectReview": {1: ("metadata", "Meta")},
    "SelfSubjectRulesReview": {1: ("metadata", "Meta"), 2: ("spec", "RulesSpec")},
    "RulesSpec": {1: ("namespace", "string")},
    "HorizontalPodAutoscaler": {1: ("metadata", "Meta"), 2: ("spec", "ScalerSpec")},
    "ScalerSpec": {
        1: ("scaleTargetRef", "ScaleTarget"),
        2: ("minReplicas", "int"),
        3: ("maxReplicas", "int"),
        # The fourth is another in each version: v1 has a number there, v2 messages.
        4: ("metrics", "metrics"),
    },
    "ScaleTarget": {1: ("kind", "string"), 2: ("name", "string"), 3: ("apiVersion", "string")},
    "Metric": {1: ("type", "string"), 4: ("resource", "ResourceMetric")},
    "ResourceMetric": {1: ("name", "string"), 2: ("target", "MetricTarget")},
    "MetricTarget": {
        1: ("type", "string"),
        2: ("value", "quantity"),
        3: ("averageValue", "quantity"),
        4: ("averageUtilization", "int"),
    },
    "Quantity": {1: ("string", "string")},
    "ConfigMap": {1: ("metadata", "Meta"), 2: ("data", "map")},
    "Secret": {1: ("metadata", "Meta"), 2: ("data", "bytesmap"), 3: ("type", "string")},
    "Namespace": {1: ("metadata", "Meta")},
    "Deployment": {1: ("metadata", "Meta"), 2: ("spec", "DeploymentSpec")},
    "DeploymentSpec": {1: ("replicas", "int"), 2: ("selector", "Selector"), 3: ("template", "Template")},
    "Job": {1: ("metadata", "Meta"), 2: ("spec", "JobSpec")},
    "JobSpec": {
        1: ("parallelism", "int"),
        2: ("completions", "int"),
        6: ("template", "Template"),
        7: ("backoffLimit", "int"),
    },
    "CronJob": {1: ("metadata", "Meta"), 2: ("spec", "CronJobSpec")},
    "CronJobSpec": {
        1: ("schedule", "string"),
        2: ("startingDeadlineSeconds", "int"),
        3: ("concurrencyPolicy", "string"),
        4: ("suspend", "bool"),
        5: ("jobTemplate", "Job"),
        6: ("successfulJobsHistoryLimit", "int"),
        7: ("failedJobsHistoryLimit", "int"),
        8: ("timeZone", "string"),
    },
    "ServiceAccount": {1: ("metadata", "Meta")},
    "TokenRequest": {1: ("metadata", "Meta"), 2: ("spec", "TokenSpec")},
    "TokenSpec": {1: ("audiences", "*string"), 4: ("expirationSeconds", "int")},
    "Role": {1: ("metadata", "Meta"), 2: ("rules", "*Rule")},
    "ClusterRole": {1: ("metadata", "Meta"), 2: ("rules", "*Rule")},
    "Rule": {
        1: ("verbs", "*string"),
        2: ("apiGroups", "*string"),
        3: ("resources", "*string"),
        4: ("resourceNames", "*string"),
        5: ("nonResourceURLs", "*string"),
    },
    "RoleBinding": {1: ("metadata", "Meta"), 2: ("subjects", "*Subject"), 3: ("roleRef", "RoleRef")},
    "ClusterRoleBinding": {1: ("metadata", "Meta"), 2: ("subjects", "*Subject"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "string"), 2: ("apiGroup", "string"), 3: ("name", "string"), 4: ("namespace", "string")},
    "RoleRef": {1: ("apiGroup", "string"), 2: ("kind", "string"), 3: ("name", "string")},
    "PriorityClass": {
        1: ("metadata", "Meta"),
        2: ("value", "int"),
        3: ("globalDefault", "bool"),
        4: ("description", "string"),
        5: ("preemptionPolicy", "string"),
    },
    "ResourceQuota": {1: ("metadata", "Meta"), 2: ("spec", "QuotaSpec")},
    "QuotaSpec": {1: ("hard", "quantitymap")},
    "PodDisruptionBudget": {1: ("metadata", "Meta"), 2: ("spec", "BudgetSpec")},
    "BudgetSpec": {1: ("minAvailable", "either"), 2: ("selector", "Selector"), 3: ("maxUnavailable", "either")},
    "Service": {1: ("metadata", "Meta"), 2: ("spec", "ServiceSpec")},
    "ServiceSpec": {
        1: ("ports", "*ServicePort"),
        2: ("selector", "map"),
        3: ("clusterIP", "string"),
        4: ("type", "string"),
    },
    "ServicePort": {
        1: ("name", "string"),
        2: ("protocol", "string"),
        3: ("port", "int"),
        4: ("targetPort", "either"),
    },
    "Either": {1: ("type", "int"), 2: ("intVal", "int"), 3: ("strVal", "string")},
    "Pod": {1: ("metadata", "Meta"), 2: ("spec", "PodSpec")},
    "Selector": {1: ("matchLabels", "map")},
    "Template": {1: ("metadata", "Meta"), 2: ("spec", "PodSpec")},
    "PodSpec": {2: ("containers", "*Container"), 3: ("restartPolicy", "string"), 10: ("nodeName", "string")},
    "Container": {
        1: ("name", "string"),
        2: ("image", "string"),
        3: ("command", "*string"),
        4: ("args", "*string"),
        6: ("ports", "*Port"),
        7: ("env", "*Variable"),
    },
    "Port": {1: ("name", "string"), 3: ("containerPort", "int"), 4: ("protocol", "string")},
    "Variable": {1: ("name", "string"), 2: ("value", "string")},
}
_OBJECTS = frozenset(name for name, fields in _MESSAGES.items() if fields.get(1) == ("metadata", "Meta")) - {"Template"}


def decoded(body: bytes) -> Json:
    """The object in a protobuf body, with `kind` and `apiVersion`. ApiError 400, or 415 for a kind not in the table."""
    try:
        return _object(body)
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        raise bad_request(f"the object provided is no protobuf of its kind: {error}") from None


def _object(body: bytes) -> Json:
    if not body.startswith(_MAGIC):
        raise ValueError("it does not begin with k8s")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    said = {number: _text(value) for number, value in _fields(_bytes(envelope.get(1, b"")))}
    version, kind = said.get(1, ""), said.get(2, "")
    if kind not in _OBJECTS:
        words = f"the body of the request was in an unknown format - {kind or 'this'} is accepted as application/json"
        raise ApiError(415, words)
    found = _message(kind, _bytes(envelope.get(2, b"")))
    return {"kind": kind, "apiVersion": version, **found}


def _message(name: str, data: bytes) -> Json:
    table, made = _MESSAGES[name], Json()
    for number, value in _fields(data):
        if number not in table:
            continue
        field, kind = table[number]
        if kind == "metrics" and isinstance(value, int):
            made["targetCPUUtilizationPercentage"] = value
        elif kind == "metrics":
            made.setdefault(field, []).append(_message("Metric", value))
        elif kind.endswith("map"):
            made.setdefault(field, {}).update(_entry(value, kind))
        elif kind.startswith("*"):
            made.setdefault(field, []).append(_value(kind[1:], value))
        else:
            made[field] = _value(kind, value)
    # proto2 writes empty strings out; in JSON they are left away.
    return {field: value for field, value in made.items() if value != ""}


def _value(kind: str, value: int | bytes) -> Any:
    if kind == "string":
        return _text(value)
    if kind == "int":
        return value
    if kind == "bool":
        return bool(value)
    if kind == "quantity":
        return _message("Quantity", _bytes(value)).get("string", "0")
    if kind == "either":
        found = _message("Either", _bytes(value))
        return found.get("strVal", "") if found.get("type") else found.get("intVal", 0)
    return _message(kind, _bytes(value))


def _entry(value: int | bytes, kind: str) -> dict[str, str]:
    pair = dict(_fields(_bytes(value)))
    right = _bytes(pair.get(2, b""))
    return {_text(pair.get(1, b"")): _RIGHT[kind](right)}


_RIGHT: Mapping[str, Callable[[bytes], str]] = {
    "map": bytes.decode,
    "bytesmap": lambda right: base64.b64encode(right).decode(),
    "quantitymap": lambda right: str(_value("quantity", right)),
}
"""By the kind of a map: what stands on the right of its entries."""


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where text does")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(field number, number or bytes) of each field."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
        elif wire == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise ValueError("a field is longer than the message")
            yield key >> 3, data[at : at + size]
            at += size
        elif wire in {1, 5}:
            at += 8 if wire == 1 else 4
        else:
            raise ValueError("unknown wire type")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number is too long")
