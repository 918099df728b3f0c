"""What a workload ran before now: told to whoever plans the way back, in no backend's own words."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from cockpit.board.model import Identity


class Ran(Struct, frozen=True, kw_only=True):
    """One release that a workload was seen to run. id: what the backend knows it by; name: as it was called then.

    since: when it was first seen, or began; until: when another took its place, None while it runs. healthy: when its
    service was last seen to be well with it; None: never seen well, which is not "never was".
    """

    id: str
    name: str
    since: datetime
    until: datetime | None = None
    healthy: datetime | None = None


class History(Protocol):
    """What was recorded of all workloads."""

    def ran(self, workload: Identity) -> tuple[Ran, ...]:
        """Every release that a workload is known to have run, the latest first; each once, with its latest time."""
        ...


class Unknown:
    """Nothing was recorded."""

    def ran(self, _: Identity) -> tuple[Ran, ...]:
        """Nothing."""
        return ()


UNKNOWN = Unknown()


@runtime_checkable
class Remembers(Protocol):
    """An operator that plans with what was recorded."""

    def remember(self, history: History) -> None:
        """Plan with this from now on."""
        ...
