"""One column of a table, and how what stands in it is written: ages, selectors, lists."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from cockpit.board.ages import duration as duration
from cockpit.demo.kubernetes.cluster.kinds import Json

NONE = "<none>"
UNKNOWN = "<unknown>"

Cell = Callable[[Json], Any]


class Column(NamedTuple):
    """A column. wide: shown only by `-o wide`; aged: `read` takes the time too (POSIX seconds)."""

    name: str
    read: Callable[..., Any]
    type: str = "string"
    wide: bool = False
    format: str = ""
    aged: bool = False

    def definition(self) -> Json:
        """As in `columnDefinitions`."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.name,
            "priority": int(self.wide),
        }

    def cell(self, obj: Json, now: float) -> Any:
        """What stands in it; what an object lacks is written as kubectl does."""
        return self.read(obj, now) if self.aged else self.read(obj)


def at(path: str, default: Any = NONE) -> Cell:
    """What lies at a dotted path, `default` where nothing does."""
    parts = path.split(".")

    def read(obj: Json) -> Any:
        value: Any = obj
        for part in parts:
            value = value.get(part) if isinstance(value, dict) else None
        return default if value is None or value == "" else value

    return read


def age(moment: str | None, now: float) -> str:
    """How long ago a moment was, as kubectl writes it: 42s, 7m3s, 3h14m, 2d."""
    if not moment:
        return UNKNOWN
    return duration(now - datetime.fromisoformat(moment).timestamp())


def age_at(path: str) -> Callable[[Json, float], str]:
    """The age of the moment at a dotted path."""
    read = at(path, None)
    return lambda obj, now: age(read(obj), now)


def pairs(labels: Mapping[str, str] | None) -> str:
    """Labels or a simple selector: a=b,c=d."""
    return ",".join(f"{name}={value}" for name, value in sorted((labels or {}).items())) or NONE


def selector(obj: Json) -> str:
    """The selector of a workload."""
    return pairs(obj.get("spec", {}).get("selector", {}).get("matchLabels"))


def joined(values: Iterable[object]) -> str:
    return ",".join(str(value) for value in values) or NONE


NAME = Column("Name", at("metadata.name"), format="name")
AGE = Column("Age", age_at("metadata.creationTimestamp"), aged=True)


def containers(path: str) -> tuple[Column, Column]:
    """Names and images of the containers of a pod template at `path`."""
    found = at(path, [])
    return (
        Column("Containers", lambda obj: joined(one["name"] for one in found(obj)), wide=True),
        Column("Images", lambda obj: joined(one.get("image", "") for one in found(obj)), wide=True),
    )
