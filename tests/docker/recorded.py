"""Recorded answers of engines (tests/data/docker) as the backend's own types."""

from pathlib import Path
from typing import TypeVar

import msgspec

FOLDER = Path(__file__).resolve().parents[1] / "data" / "docker"
T = TypeVar("T")


def recorded(name: str, kind: type[T]) -> T:
    """The answer in a file."""
    return msgspec.json.decode((FOLDER / name).read_bytes(), type=kind)
