"""Recorded answers of an API server (tests/data/kubernetes) as the backend's own types."""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

FOLDER = Path(__file__).resolve().parents[2] / "data" / "kubernetes"
T = TypeVar("T")


def exchanges(name: str) -> list[Any]:
    """Every exchange of a file: {"request": ..., "response": ...}."""
    found: list[Any] = json.loads((FOLDER / f"{name}.json").read_bytes())
    return found


def body(name: str, kind: type[T], number: int = 0) -> T:
    """The body of an answer."""
    return decoded(exchanges(name)[number]["response"]["body"], kind)


def decoded(value: Any, kind: type[T]) -> T:
    """Plain data as it comes over the wire."""
    return msgspec.json.decode(json.dumps(value), type=kind)
