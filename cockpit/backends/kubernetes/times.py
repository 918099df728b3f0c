"""The API's times: RFC 3339, whole seconds or (events, leases, logs) up to nine digits."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from cockpit.backends.kubernetes.wire import Edit

_CONTROLLERS = frozenset({"kube-controller-manager"})
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def moment(words: str | None) -> datetime | None:
    """The moment, to the microsecond (cut, not rounded); None for what is no time."""
    if not words:
        return None
    if len(words) == 20 and words[19] == "Z":  # nearly always: a tenth of the time of the pattern below
        try:
            return datetime.fromisoformat(words)
        except ValueError:
            return None
    found = _TIME.fullmatch(words)
    if found is None:
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{(found[2] or '')[:6]:0<6}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def edited_at(edits: Iterable[Edit] | None) -> datetime | None:
    """When somebody other than a controller last wrote an object's definition, as its managed fields tell."""
    told = (moment(one.time) for one in edits or () if not one.subresource and one.manager not in _CONTROLLERS)
    return max((at for at in told if at is not None), default=None)


def since_time(at: datetime) -> str:
    """As `sinceTime` wants it: the API reads whole seconds, so the second before is asked for."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
