"""Bodies of requests, which are hostile until decoded: JSON, YAML for apply, protobuf where clients insist on it."""

import io
from typing import Any

import msgspec

from cockpit.demo.kubernetes.api import protobuf
from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.server.wire import Call


def content_type(call: Call) -> str:
    """Without its parameters, lower case."""
    return call.headers.get("content-type", "application/json").partition(";")[0].strip().lower()


def decoded(call: Call) -> Any:
    """The body as a value; None when there is none. ApiError 400 or 415."""
    if not call.body:
        return None
    kind = content_type(call)
    if kind in {"application/yaml", "application/apply-patch+yaml"}:
        return _yaml(call.body)
    if kind == protobuf.MEDIA_TYPE:
        return protobuf.decoded(call.body)
    try:
        return msgspec.json.decode(call.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise bad_request(f"couldn't get version/kind; json parse error: {error}") from None


def obj_of(call: Call, kind: Kind) -> Json:
    """The body as an object of a kind, without `kind` and `apiVersion`. ApiError 400."""
    try:
        body = decoded(call)
    except ApiError as error:
        if error.status != 400:
            raise
        words = f"the object provided is unrecognized (must be of type {kind.kind}): {error}"
        text = call.body[:80].decode("utf-8", "replace")
        raise bad_request(f"{words} ({text})") from None
    if not isinstance(body, dict) or not isinstance(body.get("metadata", {}), dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind.kind})")
    said = (body.get("kind", kind.kind), body.get("apiVersion", kind.api_version))
    if said != (kind.kind, kind.api_version):
        words = f"{said[0]} in version {said[1]!r} cannot be handled as a {kind.kind}"
        raise bad_request(f"{words}: no kind {said[0]!r} is registered for version {said[1]!r}")
    meta = {key: value for key, value in body.get("metadata", {}).items() if value is not None}
    return {key: value for key, value in body.items() if key not in {"kind", "apiVersion"}} | {"metadata": meta}


def _yaml(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        pass
    from ruamel.yaml import YAML  # seldom needed: what clients apply is mostly JSON
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(io.BytesIO(body))
    except (YAMLError, RecursionError, ValueError) as error:
        raise bad_request(f"error decoding YAML: {str(error).splitlines()[0]}") from None
