"""Quantities as the API writes them: "500m", "142524741n", "512Mi", "1e3"."""

from collections.abc import Mapping
from functools import lru_cache

_SUFFIXES: Mapping[str, float] = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip


@lru_cache(maxsize=4096)
def quantity(words: str | int | float | None) -> float | None:
    """The number; None for what is none."""
    if words is None or isinstance(words, int | float):
        return None if words is None else float(words)
    cut = 0 if words[-1:].isdecimal() else 2 if words[-1:] == "i" else 1
    number = words[: len(words) - cut]
    factor = _SUFFIXES.get(words[len(number) :])
    try:
        return None if factor is None else float(number) * factor
    except ValueError:
        return None
