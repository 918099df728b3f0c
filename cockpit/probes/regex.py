"""Patterns of probes: RE2 over a whole body, so that no pattern can freeze the program (256 KiB take about 1 ms)."""

from functools import lru_cache
from typing import Any

from cockpit.probes.ask import CannotAsk


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern over bytes; `^` and `$` hold at lines. CannotAsk when RE2 refuses it."""
    import re2

    options = re2.Options()
    options.max_mem = 8 << 20
    options.log_errors = False
    try:
        return re2.compile(f"(?m){pattern}".encode(), options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise CannotAsk(f"pattern {pattern!r}: {reason}") from None


def matches(pattern: str, body: bytes) -> bool:
    """Whether the pattern is found anywhere."""
    return compiled(pattern).search(body) is not None


def group(pattern: str, body: bytes) -> str | None:
    """The first group of the first match (the whole match when it has no group), None without a match."""
    match = compiled(pattern).search(body)
    if match is None:
        return None
    found: bytes | None = match.group(1) if match.re.groups else match.group(0)
    return None if found is None else found.decode("utf-8", "replace")
