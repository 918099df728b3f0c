"""Which services are listed, and in what order: pure functions of the reader's wishes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.board.model import State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.ui.format import plural
from cockpit.ui.narrow import keeper

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

ORDERS: tuple[tuple[str, Callable[[ServiceStatus], object] | None], ...] = (
    ("worst first", None),
    ("by name", lambda service: service.key),
    ("newest change first", lambda service: -((service.since or _LONG_AGO).timestamp())),
    ("most CPU first", lambda service: -(service.cpu if service.cpu is not None else -1.0)),
    ("most memory first", lambda service: -(service.memory if service.memory is not None else -1.0)),
    ("most restarts first", lambda service: -(service.restarts or 0)),
    ("by tier", lambda service: (service.tier, service.key)),
)
"""(as shown, sort key); None keeps the board's own order. Equal ones keep that order too."""

WELL = frozenset({State.OK, State.NOT_WATCHED, State.PAUSED})


class Wanted(Struct, frozen=True):
    """What the reader wants to see: a filter as typed, faults only, a place in ORDERS."""

    text: str = ""
    faults_only: bool = False
    order: int = 0

    def of(self, services: Sequence[ServiceStatus]) -> list[ServiceStatus]:
        """What is left of `services`, in the order asked for."""
        if self == Wanted():
            return list(services)
        keep = keeper(self.text)
        left = [one for one in services if not (self.faults_only and one.state in WELL) and keep(searched(one))]
        by = ORDERS[self.order][1]
        return left if by is None else sorted(left, key=by)  # type: ignore[arg-type]

    @property
    def chips(self) -> str:
        """What stands beside the title, so that nobody takes a part for the whole."""
        return (f"  /{self.text}" if self.text else "") + ("  faults only" if self.faults_only else "")

    @property
    def order_shown(self) -> str:
        """The order in words."""
        return ORDERS[self.order][0]


def searched(service: ServiceStatus) -> str:
    """What a filter looks through."""
    return f"{service.key} {service.name} {service.scope} {service.state.value} {service.owner} {service.why}"


def why_empty(snapshot: Snapshot, wanted: Wanted) -> tuple[str, ...]:
    """Why no service is listed, and what to do about it."""
    if snapshot.services:
        what = f"/{wanted.text} leaves none" if wanted.text else "none has a fault"
        return (f"{what} of {plural(len(snapshot.services), 'service')}; Esc shows all",)
    if not snapshot.sources:
        return ("waiting for the first answer of what is watched",)
    silent = [source for source in snapshot.sources if source.why]
    if silent:
        return tuple(f"{source.label}: {source.why}" for source in silent[:5])
    names = ", ".join(str(source.label) for source in snapshot.sources[:3])
    return (f"no service found on {names}", "a profile can name them: cockpit init writes one of what runs here")
