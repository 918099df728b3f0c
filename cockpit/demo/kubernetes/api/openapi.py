"""OpenAPI as far as clients need it: that objects can be patched with a dry run and with field validation.

Newer clients read version 3 (JSON, one document for each group), older ones version 2 as protobuf.
"""

from cockpit.demo.kubernetes.cluster.kinds import KINDS, Json, Kind
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
_PROTO_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"


def openapi(call: Call) -> Reply | None:
    """The answer when the path is one of OpenAPI."""
    if call.path == "/openapi/v2":
        return Reply(200, _document(), _PROTO_V2)
    if call.path in {"/openapi/v3", "/openapi/v3/"}:
        found = {_group(kind): {"serverRelativeURL": f"/openapi/v3/{_group(kind)}?hash=1"} for kind in KINDS}
        return reply({"paths": found})
    kinds = [kind for kind in KINDS if call.path == f"/openapi/v3/{_group(kind)}"]
    if not kinds:
        return None
    paths = {_path(kind): {"patch": _operation(kind)} for kind in kinds}
    schemas = {f"io.k8s.{_schema(kind)}": _definition(kind) for kind in kinds}
    head = {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.33.4"}}
    return reply(head | {"paths": paths, "components": {"schemas": schemas}})


def _group(kind: Kind) -> str:
    return f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"


def _path(kind: Kind) -> str:
    where = "/namespaces/{namespace}" if kind.namespaced else ""
    return f"/{_group(kind)}{where}/{kind.plural}/{{name}}"


def _schema(kind: Kind) -> str:
    return f"api.{kind.group.partition('.')[0] or 'core'}.{kind.version}.{kind.kind}"


def _named(kind: Kind) -> Json:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _operation(kind: Kind) -> Json:
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _PARAMETERS]
    return {
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": _named(kind),
    }


def _definition(kind: Kind) -> Json:
    parts = {
        "apiVersion": {"type": "string", "description": "The version of this object's form."},
        "kind": {"type": "string", "description": "What it is."},
        "metadata": {"type": "object", "description": "Name, labels, owners."},
        "spec": {"type": "object", "description": "What is wanted."},
        "status": {"type": "object", "description": "What is."},
    }
    about = f"{kind.kind} as the demo keeps it: its fields are not described here."
    named = {"x-kubernetes-group-version-kind": [_named(kind)]}
    return {"type": "object", "description": about, "properties": parts} | named


def _document() -> bytes:
    """A Document of OpenAPI v2: fields 1 (swagger), 2 (info), 8 (paths)."""
    info = _field(1, b"Kubernetes") + _field(2, b"v1.33.4")
    paths = b"".join(_field(2, _field(1, _path(kind).encode()) + _field(2, _field(8, _patch(kind)))) for kind in KINDS)
    return _field(1, b"2.0") + _field(2, info) + _field(8, paths)


def _patch(kind: Kind) -> bytes:
    """An Operation: 8 parameters, 13 extensions."""
    made = b""
    for name in _PARAMETERS:
        query = _field(2, b"query") + _field(4, name.encode())
        made += _field(8, _field(1, _field(2, _field(3, query))))
    yaml = f"group: {kind.group!r}\nkind: {kind.kind}\nversion: {kind.version}\n".encode()
    return made + _field(13, _field(1, b"x-kubernetes-group-version-kind") + _field(2, _field(2, yaml)))


def _field(number: int, data: bytes) -> bytes:
    """A field of bytes."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    made = b""
    while value > 0x7F:
        made += bytes([value & 0x7F | 0x80])
        value >>= 7
    return made + bytes([value])
