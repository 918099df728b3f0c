"""What a reader of an engine may ask for: nothing that changes it, and `exec` for the probes of a profile."""

import re

_READS = frozenset({"GET", "HEAD"})
_EXEC = re.compile(r"(?:/v1\.\d{1,3})?/(?:containers/[A-Za-z0-9_.-]{1,255}/exec|exec/[A-Za-z0-9]{1,255}/start)")


def refusal(method: str, path: str) -> str:
    """Why this request is refused; empty when it is not."""
    if method in _READS or (method == "POST" and _EXEC.fullmatch(path)):
        return ""
    return f"{method} {path} is refused: what observes an engine may not change it"
