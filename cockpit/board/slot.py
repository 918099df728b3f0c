"""What the board keeps of one service between two assessments."""

from collections.abc import Mapping
from datetime import datetime

from cockpit.board import probes
from cockpit.board.model import Identity, Phase, Sample, Workload
from cockpit.board.rate import Rates
from cockpit.board.select import Chosen, candidates, is_watched
from cockpit.board.series import Numbers
from cockpit.board.since import Onset
from cockpit.profile.schema import Profile, Service

_MEASURED = frozenset({Phase.RUNNING, Phase.PAUSED, Phase.STARTING, Phase.STOPPING})
DISCOVERED_TIER = 3


class Slot:
    """One service: what is declared of it, what runs it, its probes, numbers and the onset of its state."""

    def __init__(self, chosen: Chosen, profile: Profile, at: datetime) -> None:
        self.chosen = chosen
        self.declared: Service | None = None if chosen.scope else profile.services.get(chosen.key)
        service = self.declared
        self.workloads: set[Identity] = set()
        self.onset: Onset | None = None
        self.memory_limit: int | None = None
        """The sum of the limits of what runs, in bytes; None when one of them has none."""
        self._limits: dict[Identity, int | None] = {}
        # A platform's limits are meant for services: 300 % of one core is nothing bad for a machine of eight.
        common = {} if chosen.node else profile.thresholds
        self.numbers = Numbers({**common, **(service.thresholds if service else {})})
        self.probes = {
            name: probes.declared(chosen.key, name, spec, at)
            for name, spec in (service.probes.items() if service else ())
        }
        self.rates = Rates()
        self.watched = service is None or is_watched(service)
        self.expects = service is not None and bool(service.workloads)
        selectors = service.workloads if service else ()
        self._named = tuple(dict.fromkeys(one.backend for one in selectors if one.backend))
        self._anywhere = tuple(dict.fromkeys(name for one in selectors for name in candidates(one, profile)))

    @property
    def tier(self) -> int:
        """1 critical .. 4 low; a discovered service has 3."""
        return self.declared.tier if self.declared else DISCOVERED_TIER

    def told_by(self, found: bool) -> tuple[str, ...]:
        """Sources whose word is needed. A backend that was not named is needed only where nothing was found."""
        return self._named if found else self._anywhere

    def put(self, sample: Sample, at: datetime) -> None:
        """Take in a number; `settle` must follow. Memory is compared with its instance's limit."""
        limit = self._limits.get(sample.target) if isinstance(sample.target, Identity) else None
        self.numbers.put(sample, at, limit)
        if isinstance(sample.target, str):
            self.rates.measured(sample.metric, sample.value, sample.unit, at)

    def settle(self, at: datetime) -> None:
        """All numbers of one moment are in."""
        self.numbers.settle(at, {"memory": self.memory_limit})

    def follow(self, workloads: Mapping[Identity, Workload]) -> None:
        """What runs changed: learn the limits, drop the last numbers of instances that do not run any more."""
        running = [one for key in self.workloads for one in workloads[key].instances if one.phase in _MEASURED]
        self._limits = {one.id: one.memory_limit for one in running}
        known = [limit for limit in self._limits.values() if limit]
        self.memory_limit = sum(known) if known and len(known) == len(running) else None
        self.numbers.keep_only(self._limits.keys() | self.workloads)
