"""What goes wrong, as the Status objects of the wire (messages as a 1.33 server words them)."""

from typing import Any

from cockpit.demo.kubernetes.cluster.kinds import Json, Kind

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}


class ApiError(Exception):
    """An answer other than success. `status` is the HTTP code, `body` the whole Status object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        details: Json | None = None,
        meta: Json | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": meta or {},
            "status": "Failure",
            "message": message,
            "reason": reason or REASONS.get(status, "Unknown"),
        }
        if details is not None:
            self.body["details"] = details
        self.body["code"] = status


def details(kind: Kind, name: str = "", **more: Any) -> Json:
    """`details` of a Status: name, group and kind (which is the resource's name), each only where there is one."""
    found = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in found.items() if value} | more


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, f'{kind.qualified} "{name}" not found', details=details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> ApiError:
    return ApiError(
        409, f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}', details=details(kind, name)
    )


def modified(kind: Kind, name: str) -> ApiError:
    """The object's version is not the one that was sent."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(kind, name, why)


def exists(kind: Kind, name: str) -> ApiError:
    return ApiError(
        409, f'{kind.qualified} "{name}" already exists', reason="AlreadyExists", details=details(kind, name)
    )


def invalid(kind: Kind, name: str, field: str, words: str, cause: str = "FieldValueInvalid") -> ApiError:
    """One field is not what it may be."""
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    found: Json = {"name": name, "group": kind.group, "kind": kind.kind}
    found["causes"] = [{"reason": cause, "message": words, "field": field}]
    found = {key: value for key, value in found.items() if value}
    return ApiError(422, f'{title} "{name}" is invalid: {field}: {words}', details=found)


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def method_not_allowed() -> ApiError:
    return ApiError(405, "the server does not allow this method on the requested resource", details={})
