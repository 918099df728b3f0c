"""What every kind of probe shares: what it is given, how long its parts took, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

from cockpit.backends.base import Address, Source
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver
from cockpit.board.clock import Clock
from cockpit.board.model import Component, Instance, ReadingState, SafeText
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.profile.expand import UnsetVariable, expand

Resolve = Callable[[str, int], Awaitable[Address]]
"""(service, port) -> where a running instance of it is reached; SourceError says why it is not."""

InstanceOf = Callable[[str], tuple[Source, Instance] | None]
"""A running instance of a service, and the source that can run a command in it; None when none runs."""

NO_INSTANCE = "no running instance to ask"


class CannotAsk(Exception):
    """The question could not be put: the reading is unknown, and str(error) is its detail."""


class Answer(Struct, frozen=True, kw_only=True):
    """What one asking found, before hysteresis. detail is not yet made safe; body feeds the samples."""

    state: ReadingState
    detail: str = ""
    body: bytes = b""
    cut: bool = False
    components: tuple[Component, ...] = ()


class Means(Struct, frozen=True, kw_only=True):
    """What probes work with. environ is what `${NAME}` is taken from."""

    clock: Clock
    resolve: Resolve
    instance_of: InstanceOf
    environ: Mapping[str, str]
    resolver: Resolver
    pool: Pool
    secrets: Secrets

    def clean(self, text: str, limit: int = 200) -> SafeText:
        """Untrusted text as it may be shown: masked before it is cut, so that no half of a secret is left."""
        whole = limit * 20
        return safe(self.secrets.mask(safe(text, whole)), limit)

    def expand(self, text: str) -> str:
        """`text` with each `${NAME}` from the environment, whose value is masked from then on. CannotAsk when unset."""
        try:
            return expand(text, self.environ, self._keep)
        except UnsetVariable as error:
            raise CannotAsk(str(error)) from None

    def _keep(self, value: str) -> None:
        self.secrets.register(value)


class Asker(Protocol):
    """One probe of one service, asked again and again."""

    @property
    def slack(self) -> float:
        """Seconds beyond the probe's timeout that it needs to clean up; it keeps the timeout itself when > 0."""
        ...

    async def ask(self, watch: "Stopwatch") -> Answer:
        """Ask once. Cancelled when the deadline passes; CannotAsk when the question cannot be put."""
        ...


_LATE = {
    "": "no answer in {limit}",
    "dns": "the name lookup did not end in {limit}",
    "connect": "no connection in {limit}",
    "tls": "the TLS handshake did not end in {limit}",
    "first byte": "connected, but no answer in {limit}",
    "body": "the answer did not end in {limit} ({got})",
}


class Stopwatch:
    """Times the parts of one asking on the injected clock, and knows which part it stands in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._begun: dict[str, float] = {}
        self._parts: dict[str, float] = {}
        self.target = ""
        """What is asked, as it will be shown."""
        self.received = 0
        """Bytes of the answer so far."""

    def begin(self, part: str) -> None:
        """A part starts ("dns", "connect", "tls", "first byte", "body")."""
        self._begun[part] = self._clock.monotonic()

    def end(self, part: str) -> None:
        """A part ends; parts that happen several times (redirects) add up."""
        begun = self._begun.pop(part, None)
        if begun is not None:
            self._parts[part] = self._parts.get(part, 0.0) + (self._clock.monotonic() - begun) * 1000

    def total(self) -> float:
        """Milliseconds since it started."""
        return (self._clock.monotonic() - self._started) * 1000

    def timings(self, total: float) -> tuple[tuple[str, float], ...]:
        """The parts in milliseconds, in the order they ended, and the total."""
        return (*((part, round(spent, 3)) for part, spent in self._parts.items()), ("total", round(total, 3)))

    @property
    def part(self) -> str:
        """The part that has begun last and not ended."""
        return next(reversed(self._begun), "")

    def late(self, limit: float) -> str:
        """The sentence for a deadline that passed."""
        return _LATE.get(self.part, _LATE[""]).format(limit=f"{limit:g} s", got=f"{self.received} bytes so far")
