"""Quantities (`250m`, `512Mi`) as numbers."""

import re

_UNITS: dict[str, float] = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6}
_UNITS |= {"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


def amount(text: object) -> float:
    """A quantity (`250m`, `512Mi`) as a number; 0 for what is none."""
    found = re.match(r"([+-]?[0-9.]+)(\D*)\Z", str(text))
    return float(found[1]) * _UNITS.get(found[2], 1) if found else 0.0
