"""A small pretended platform: a board that is set by hand, an operator that changes it, a journal without a thread."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Permit, Plan, Verb, Verdict
from cockpit.board.clock import ManualClock
from cockpit.board.model import (
    Freshness,
    Identity,
    Instance,
    Phase,
    Reading,
    ReadingState,
    SafeText,
    State,
    Workload,
)
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, Snapshot, SourceStatus
from cockpit.board.text import safe
from cockpit.incident import intents, sessions
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.lease import ProcFs, this_session
from cockpit.incident.place import prepare
from cockpit.incident.store import Store, stamper
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.progress import Progress
from cockpit.mitigate.run import Door
from cockpit.mitigate.sight import SnapshotTest

SERVICE = "hook-receiver"
PROFILE = "shop"
WORKLOAD = Identity("docker", "engine-1", "omninode", "service", SERVICE)


def instance_id(number: int) -> Identity:
    return replace(WORKLOAD, instance=f"c{number}")


class World:
    """Instances, probes and a source; every change makes a new snapshot. It is its own board."""

    def __init__(self, clock: ManualClock, count: int = 2) -> None:
        self.clock = clock
        earlier = clock.now() - timedelta(hours=1)
        self.instances = {
            instance_id(n): Instance(
                id=instance_id(n), name=safe(f"{SERVICE}-{n}"), phase=Phase.RUNNING, started_at=earlier, restarts=0
            )
            for n in range(1, count + 1)
        }
        self.desired: int | None = count
        self.tier = 3
        self.probe: tuple[ReadingState, str] | None = None
        self.freshness = Freshness.LIVE
        self.probed_at = self.heard_at = earlier
        self._version = 0
        self._waiters: set[asyncio.Event] = set()
        self._now = self._make()

    def change(self, number: int, **fields: object) -> None:
        """Change an instance and let everybody see."""
        identity = instance_id(number)
        self.instances[identity] = replace(self.instances[identity], **fields)
        self.seen()

    def seen(self) -> None:
        """The source speaks."""
        self.heard_at = self.clock.now()
        self.publish()

    def ask_probe(self, state: ReadingState, detail: str) -> None:
        self.probe = (state, detail)
        self.probed_at = self.clock.now()
        self.publish()

    def publish(self) -> None:
        self._version += 1
        self._now = self._make()
        for waiter in self._waiters:
            waiter.set()

    def snapshot(self) -> Snapshot:
        return self._now

    async def until(self, predicate: SnapshotTest, within: float) -> Snapshot:
        async with self.clock.timeout(within):
            while not predicate(self._now):
                event = asyncio.Event()
                self._waiters.add(event)
                try:
                    await event.wait()
                finally:
                    self._waiters.discard(event)
        return self._now

    def _make(self) -> Snapshot:
        workload = Workload(
            id=WORKLOAD, source="main", instances=tuple(self.instances.values()), desired=self.desired
        )  # fmt: skip
        probes: tuple[ProbeStatus, ...] = ()
        if self.probe is not None:
            reading = Reading(
                service=SERVICE, probe="health", kind="http", state=self.probe[0], at=self.probed_at,
                detail=safe(self.probe[1]), target=SafeText("GET :8001/health"),
            )  # fmt: skip
            probes = (ProbeStatus(reading=reading, since=self.probed_at, freshness=Freshness.LIVE),)
        service = ServiceStatus(
            key=SERVICE, name=SERVICE, scope=SafeText(""), tier=self.tier, state=State.OK, since=None,
            since_exact=False, why=SafeText(""), workloads=(workload,), probes=probes,
        )  # fmt: skip
        source = SourceStatus(
            name="main", label=SafeText("docker prod-1"), kind="docker", freshness=self.freshness,
            since=self.heard_at, heard_at=self.heard_at, why=SafeText(""),
        )  # fmt: skip
        return Snapshot(
            version=self._version, at=self.clock.now(), profile=PROFILE, services=(service,), sources=(source,)
        )


class FakeOperator:
    """Does what the test's `acts` say, by verb; remembers what it was asked."""

    def __init__(self, acts: dict[str, Callable[[Operation], Outcome]] | None = None) -> None:
        self.acts = acts or {}
        self.asked: list[str] = []
        self.differences: dict[str, str] = {}
        self.permits: list[Permit] = []

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        return ()

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        raise NotImplementedError

    async def check(self, operation: Operation) -> str:
        return self.differences.get(operation.title, "")

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        self.asked.append(operation.title)
        self.permits.append(permit)
        return self.acts[operation.verb](operation)

    async def close(self) -> None:
        pass


class InlineJournal:
    """The real store without its thread, so that a hand-driven clock sees every await."""

    def __init__(self, directory: Path, clock: ManualClock, who: str = "oncall") -> None:
        self.store = Store(prepare(directory).file)
        self.clock = clock
        self.session = this_session(ProcFs(), who=who, host="bastion", now=clock.now())
        sessions.enter(self.store, self.session)
        self.stamp = stamper(clock.now, who, "bastion")

    async def append(self, draft: Draft) -> Entry:
        return self.store.append([draft], self.stamp)[0]

    async def open_intent(self, draft: Draft) -> Entry:
        draft = replace(draft, facts=(*draft.facts, ("owner", self.session.token)))
        owners = sessions.living(self.store.connection, ProcFs(), self.clock.now())
        return intents.open_intent(self.store, draft, owners, self.stamp)

    async def dangling(self) -> tuple[Entry, ...]:
        owners = sessions.living(self.store.connection, ProcFs(), self.clock.now())
        return tuple(intents.dangling(intents.open_intents(self.store), owners))

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self.store.newest())

    def die(self) -> None:
        """As after kill -9 and a boot: its session is known, its process is not."""
        with self.store.transaction() as db:
            db.execute("UPDATE session SET boot = 'an earlier boot' WHERE token = ?", (self.session.token,))

    def lines(self) -> list[str]:
        return [f"{entry.kind}: {entry.text}" for entry in self.store.newest()]


class Stage:
    """World, operator, journal and door together, and a way to let time pass until a plan has ended."""

    def __init__(self, directory: Path, *, count: int = 2, guard: Guard | None = None) -> None:
        self.clock = ManualClock()
        self.world = World(self.clock, count)
        self.operator = FakeOperator({"restart": self.restart})
        self.journal = InlineJournal(directory, self.clock)
        self.door = Door(self.journal, self.world, {"main": self.operator}, self.clock, guard or Guard())
        self.told: list[Progress] = []

    def restart(self, operation: Operation) -> Outcome:
        """A restart that works at once."""
        number = int(operation.target.instance[1:])
        self.world.change(number, phase=Phase.RUNNING, started_at=self.clock.now(), exit_code=None)
        return Outcome(True)

    async def play(
        self, plan: Plan, *, seconds: float = 600.0, at: dict[float, Callable[[], None]] | None = None,
        typed: str = SERVICE,
    ) -> Verdict:  # fmt: skip
        """Perform the plan while time passes in steps of half a second; `at` happens that long after the start."""
        task = asyncio.create_task(self.door.perform(plan, typed_name=typed, on_progress=self.told.append))
        events = dict(at or {})
        passed = 0.0
        while not task.done() and passed <= seconds:
            await self.clock.advance(0.5)
            passed += 0.5
            for due in [due for due in sorted(events) if due <= passed]:
                events.pop(due)()
            if passed % 2 == 0:
                self.world.seen()
        assert task.done(), f"no verdict after {seconds} s"
        return task.result()


def operation(number: int, verb: str = "restart", **fields: object) -> Operation:
    return Operation(
        verb=verb, title=safe(f"{verb} {SERVICE}-{number}"), target=instance_id(number), **fields  # type: ignore[arg-type]
    )  # fmt: skip


def plan(*operations: Operation, made_at: datetime, **fields: object) -> Plan:
    return Plan(
        id="p1", verb=operations[0].verb, service=SERVICE, workload=WORKLOAD, source="main", where=(),
        operations=operations, made_at=made_at, **fields,  # type: ignore[arg-type]
    )  # fmt: skip
