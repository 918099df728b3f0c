"""What an object must be: the checks that a responder's mistakes, and the cockpit's, would meet on a real server."""

import re
from collections.abc import Callable, Iterator, Mapping

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request, invalid
from cockpit.demo.kubernetes.api.selectors import matches
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.quantity import amount

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z")
_QUANTITY = re.compile(r"[+-]?[0-9.]+([EPTGMk]i?|[numKi]|Ki|e[0-9]+)?\Z")

MOST_REPLICAS = 2_000
"""Of one workload: what a client mistypes must not fill the memory of a demo."""

_BAD_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character"
)

Found = tuple[str, str, str]
"""(field, what is wrong, the cause's reason)"""


def validate(kind: Kind, obj: Json, old: Json | None = None) -> None:
    """ApiError 422 with the first thing that is wrong with an object that is to be stored (over `old`)."""
    name = str(obj["metadata"].get("name") or "")
    if len(name) > 253 or (name and not _NAME.match(name)):
        raise invalid(kind, name, "metadata.name", f'Invalid value: "{name:.80}": {_BAD_NAME}')
    if not name and not obj["metadata"].get("generateName"):
        raise invalid(
            kind, "", "metadata.name", "Required value: name or generateName is required", "FieldValueRequired"
        )
    for field, words, cause in _wrong(kind, obj, old):
        raise invalid(kind, name, field, words, cause)


def _wrong(kind: Kind, obj: Json, old: Json | None) -> Iterator[Found]:
    for check in _CHECKS.get(kind.storage, ()):
        yield from check(obj, old)


def _replicas(obj: Json, _: Json | None) -> Iterator[Found]:
    replicas = obj.get("spec", {}).get("replicas")
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("json: cannot unmarshal into Go struct field .spec.replicas of type int32")
    if replicas > MOST_REPLICAS:
        yield "spec.replicas", f"Invalid value: {replicas}: the demo runs at most {MOST_REPLICAS}", "FieldValueInvalid"
    if replicas < 0:
        yield "spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0", "FieldValueInvalid"


def _parallel(obj: Json, _: Json | None) -> Iterator[Found]:
    pods = obj["spec"].get("parallelism") or 0
    if not 0 <= pods <= MOST_REPLICAS:
        yield "spec.parallelism", f"Invalid value: {pods}: the demo runs 0 to {MOST_REPLICAS}", "FieldValueInvalid"


def _template(obj: Json, old: Json | None) -> Iterator[Found]:
    spec = obj.get("spec", {})
    selector, template = spec.get("selector"), spec.get("template") or {}
    if not selector:
        yield "spec.selector", "Required value", "FieldValueRequired"
        return
    if old is not None and old["spec"].get("selector") != selector:
        yield "spec.selector", "Invalid value: field is immutable", "FieldValueInvalid"
    labels = (template.get("metadata") or {}).get("labels") or {}
    if not matches(selector, labels):
        words = f"Invalid value: {labels!r}: `selector` does not match template `labels`"
        yield "spec.template.metadata.labels", words, "FieldValueInvalid"
    yield from _containers(template.get("spec") or {}, "spec.template.spec")


def _pod(obj: Json, old: Json | None) -> Iterator[Found]:
    yield from _containers(obj.get("spec") or {}, "spec")
    if old is not None and _frozen(old["spec"]) != _frozen(obj["spec"]):
        words = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.tolerations`"
        yield "spec", words, "FieldValueForbidden"


def _frozen(spec: Json) -> Json:
    """What of a pod's spec cannot be changed."""
    kept = {key: value for key, value in spec.items() if key not in {"tolerations", "activeDeadlineSeconds"}}
    for name in ("containers", "initContainers"):
        kept[name] = [{**one, "image": ""} for one in spec.get(name) or ()]
    return kept


def _containers(spec: Json, path: str) -> Iterator[Found]:
    containers = spec.get("containers")
    if not containers:
        yield f"{path}.containers", "Required value", "FieldValueRequired"
        return
    seen: set[str] = set()
    for number, one in enumerate(containers):
        where = f"{path}.containers[{number}]"
        if not one.get("name"):
            yield f"{where}.name", "Required value", "FieldValueRequired"
        elif one["name"] in seen:
            yield f"{where}.name", f'Duplicate value: "{one["name"]}"', "FieldValueDuplicate"
        seen.add(one.get("name", ""))
        if not one.get("image"):
            yield f"{where}.image", "Required value", "FieldValueRequired"
        yield from _quantities(one.get("resources") or {}, f"{where}.resources")


def _quantities(resources: Json, path: str) -> Iterator[Found]:
    for part in ("limits", "requests"):
        for name, value in (resources.get(part) or {}).items():
            if not _QUANTITY.match(str(value)):
                regex = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
                raise ApiError(400, f"quantities must match the regular expression '{regex}': {path}.{part}.{name}")
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name in requests.keys() & limits.keys():
        if amount(requests[name]) > amount(limits[name]):
            words = f'Invalid value: "{requests[name]}": must be less than or equal to {name} limit of {limits[name]}'
            yield f"{path}.requests", words, "FieldValueInvalid"


def _autoscaler(obj: Json, _: Json | None) -> Iterator[Found]:
    least, most = obj["spec"].get("minReplicas", 1), obj["spec"].get("maxReplicas", 0)
    if not 1 <= most <= MOST_REPLICAS:
        words = f"Invalid value: {most}: must be greater than 0, and the demo runs at most {MOST_REPLICAS}"
        yield "spec.maxReplicas", words, "FieldValueInvalid"
    if most < least:
        words = f"Invalid value: {most}: must be greater than or equal to `minReplicas`"
        yield "spec.maxReplicas", words, "FieldValueInvalid"


_CHECKS: Mapping[str, tuple[Callable[[Json, Json | None], Iterator[Found]], ...]] = {
    "pods": (_pod,),
    "deployments.apps": (_replicas, _template),
    "statefulsets.apps": (_replicas, _template),
    "replicasets.apps": (_replicas, _template),
    "daemonsets.apps": (_template,),
    "jobs.batch": (_parallel,),
    "horizontalpodautoscalers.autoscaling": (_autoscaler,),
}
