"""The API's times: RFC 3339, whole seconds or (events, leases, logs) up to nine digits."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from cockpit.backends.kubernetes.wire import Edit

_CONTROLLERS = frozenset({"kube-controller-manager"})
WRITERS_MOST = 10
_FIRST_YEAR, _LAST_YEAR = "1970", "2999"
"""What lies outside is no time of a cluster, and in the local zone or with a deadline added perhaps no time at all."""
Writers = tuple[tuple[datetime, str], ...]
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


def moment(words: str | None) -> datetime | None:
    """The moment, to the microsecond (cut, not rounded); None for what is no time, and for Go's zero time (year 1)."""
    if not words:
        return None
    if not _FIRST_YEAR <= words[:4] <= _LAST_YEAR:
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


def writers(edits: Iterable[Edit] | None) -> Writers:
    """(when, through which program) somebody other than a controller last wrote an object, or how many it has."""
    told = [(moment(one.time), one.manager) for one in edits or () if one.subresource in ("", "scale")]
    found = [(at, name) for at, name in told if at is not None and name not in _CONTROLLERS]
    return tuple(sorted(found)[-WRITERS_MOST:])


def since_time(at: datetime) -> str:
    """As `sinceTime` wants it: the API reads whole seconds, so the second before is asked for."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
