"""The engine's times: RFC 3339 with up to nine digits of a second, year 1 for never."""

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(words: str) -> datetime | None:
    """The moment, to the microsecond (cut, not rounded); None for never or for what is no time."""
    found = _TIME.fullmatch(words)
    if found is None or words.startswith("0001-"):
        return None
    zone = "+00:00" if found[3] == "Z" else found[3]
    try:
        return datetime.fromisoformat(f"{found[1]}.{(found[2] or '')[:6]:0<6}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def nanoseconds(words: str) -> int | None:
    """The moment in nanoseconds since 1970, whole; for differences of samples."""
    at = moment(words)
    found = _TIME.fullmatch(words)
    if at is None or found is None:
        return None
    seconds = (at - _EPOCH) // timedelta(seconds=1)
    return seconds * 1_000_000_000 + int(f"{found[2] or '':0<9}")


def from_nanoseconds(number: int) -> datetime:
    """A moment from nanoseconds since 1970."""
    return _EPOCH + timedelta(microseconds=number // 1000)


def query_time(at: datetime) -> str:
    """As `since` and `until` want it: seconds since 1970 with nine digits behind the point."""
    whole = (at - _EPOCH) // timedelta(microseconds=1)
    return f"{whole // 1_000_000}.{whole % 1_000_000:06d}000"
