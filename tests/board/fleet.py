"""Made-up platforms of any size, the same for the same arguments: for the screen's tests, benchmarks and recordings.

`fleet()` is how things stand at `START` (the moment at which a `ManualClock` starts), `busy()` is what happens next.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.machine import Disk, HostFacts, HostProcess
from cockpit.board.model import (
    Health,
    Identity,
    Instance,
    Phase,
    Port,
    Reading,
    ReadingState,
    SafeText,
    Sample,
    Workload,
)
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Changed, Declared, Heard, HostSeen, Listed, Probed, Sampled, Tick, Update
from cockpit.profile.probes import HttpProbe, TcpProbe, Threshold
from cockpit.profile.schema import Backend, Profile, Selector, Service

START = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
SOURCE = "main"
PROJECT = "omninode"
ENGINE = "QX7A:ENGINE:ID"
MIB = 1 << 20
NAMES = (
    "postgres", "redis", "kafka", "auth", "hook-receiver", "gateway-api", "workflow-coord", "model-metrics",
    "prometheus", "grafana", "litellm", "qdrant", "vault", "search", "mailer", "billing", "reports", "scheduler",
    "frontend", "uploads",
)  # fmt: skip
STORES = frozenset({"postgres", "redis", "kafka", "vault"})
FAULTS = ("oom", "exit", "loop", "unhealthy", "probe", "slow", "starting", "paused", "missing", "unwatched")
"""What is wrong with the 5th, 11th, 17th ... service; all others are well."""


def service_name(index: int) -> str:
    """The name of the n-th service: "auth", "auth-2", ..."""
    name, lap = NAMES[index % len(NAMES)], index // len(NAMES)
    return f"{name}-{lap + 1}" if lap else name


def fault_of(index: int) -> str:
    """What is wrong with the n-th service, empty when nothing is."""
    return FAULTS[(index // 6) % len(FAULTS)] if index % 6 == 4 else ""


def fleet(
    services: int = 60, seed: int = 1, *, instances: int = 2, faults: bool = True
) -> tuple[Profile, list[Update]]:
    """A platform of `services` Compose services with `instances` containers each, and all that is known of it."""
    chance = random.Random(seed)
    names = [service_name(index) for index in range(services)]
    declared = {name: _service(index, names) for index, name in enumerate(names)}
    if faults:
        for index, name in enumerate(names):
            if fault_of(index) == "unwatched":
                declared[name] = replace(declared[name], workloads=(), probes={})
    profile = Profile(
        version=1, name="omninode-bridge", environment="production", services=declared,
        backends={SOURCE: Backend(kind="docker", project=PROJECT)},
        thresholds={"cpu": Threshold(warn_above=85, bad_above=150), "memory": Threshold(warn_above=85, bad_above=95)},
    )  # fmt: skip
    workloads = [
        workload(index, chance, instances, fault_of(index) if faults else "")
        for index, name in enumerate(names)
        if declared[name].workloads
    ]
    updates: list[Update] = [
        Declared(source=SOURCE, at=START, label=SafeText("docker:prod-1"), kind="docker", interval=10.0),
        Listed(source=SOURCE, at=START, workloads=tuple(workloads)),
        Sampled(source=SOURCE, at=START, samples=tuple(_samples(workloads, chance))),
        HostSeen(at=START, facts=host_facts(chance)),
    ]
    for index, name in enumerate(names):
        updates += _readings(name, declared[name], fault_of(index) if faults else "", START, chance)
    return profile, updates


def busy(services: int = 60, seed: int = 1, *, seconds: int = 60, instances: int = 2) -> Iterator[Update]:
    """What `fleet` (same arguments) goes through next, second by second, ending each with a `Tick`.

    Numbers every 2 s, a tenth of the probes each second, every 7 s a container killed or back.
    """
    chance = random.Random(seed + 1)
    profile, updates = fleet(services, seed, instances=instances)
    known = {w.id: w for update in updates if isinstance(update, Listed) for w in update.workloads}
    order = list(profile.services.items())
    for second in range(1, seconds + 1):
        at = START + timedelta(seconds=second)
        yield Heard(source=SOURCE, at=at)
        if second % 2 == 0:
            yield Sampled(source=SOURCE, at=at, samples=tuple(_samples(list(known.values()), chance)))
        for index, (name, service) in enumerate(order):
            if index % 10 == second % 10:
                yield from _readings(name, service, fault_of(index), at, chance)
        if second % 7 == 0 and known:
            victim = chance.choice(list(known.values()))
            known[victim.id] = _kick(victim, at)
            yield Changed(source=SOURCE, at=at, workload=known[victim.id])
        yield Tick(at=at)


def board_of(profile: Profile, updates: list[Update]) -> Board:
    """A board that has taken in all updates."""
    board = Board(profile, ManualClock(START), profile_name=profile.name)
    for update in updates:
        board.apply(update)
    return board


def fleet_snapshot(services: int = 60, seed: int = 1, *, instances: int = 2) -> Snapshot:
    """How the fleet looks on the board, for tests of the screen."""
    return board_of(*fleet(services, seed, instances=instances)).snapshot()


def workload(index: int, chance: random.Random, instances: int, fault: str = "") -> Workload:
    """The workload of the n-th service."""
    name = service_name(index)
    identity = Identity("docker", ENGINE, PROJECT, "compose", name)
    started = START - timedelta(minutes=chance.randrange(60, 60 * 24 * 14))
    count = 1 if name.split("-")[0] in STORES else instances
    made = tuple(_instance(identity, index, number, started) for number in range(1, count + 1))
    return Workload(
        id=identity, source=SOURCE, where=(("engine", SafeText("prod-1")), ("project", SafeText(PROJECT))),
        instances=() if fault == "missing" else tuple(_faulty(one, fault, n) for n, one in enumerate(made)),
        desired=count, image=SafeText(f"registry.example/{name}:v2.3.1"), changed_at=started,
    )  # fmt: skip


def _service(index: int, names: list[str]) -> Service:
    name = names[index]
    store = name.split("-")[0] in STORES
    needs = tuple(names[other] for other in (0, 1, index // 2) if other < index and not store)
    probe = TcpProbe(port=5432) if store else HttpProbe(port=8001, path="/health")
    return Service(
        tier=1 + index % 4, owner="platform-team", description=f"{name} of the platform",
        depends_on=tuple(dict.fromkeys(needs)), workloads=(Selector(compose=name),),
        probes={"tcp" if store else "health": probe}, links={"dashboard": f"https://grafana.example/d/{name}"},
    )  # fmt: skip


def _instance(owner: Identity, index: int, number: int, started: datetime) -> Instance:
    identity = replace(owner, instance=f"{index:032x}{number:032x}")
    return Instance(
        id=identity, name=SafeText(f"{PROJECT}-{owner.name}-{number}"), phase=Phase.RUNNING, health=Health.HEALTHY,
        health_since=started, restarts=0, created_at=started, started_at=started,
        image=SafeText(f"registry.example/{owner.name}:v2.3.1"), image_id=f"sha256:{index:064x}",
        version=SafeText("v2.3.1"), ports=(Port(8001, "tcp", "127.0.0.1", 20000 + index * 10 + number),),
        addresses=(f"172.18.{index % 250}.{number}",), memory_limit=512 * MIB, restart_policy="unless-stopped",
    )  # fmt: skip


def _faulty(instance: Instance, fault: str, number: int) -> Instance:
    ended = START - timedelta(minutes=4, seconds=12 - number)
    gone = replace(
        instance, phase=Phase.EXITED, health=Health.NONE, health_since=None, finished_at=ended, ports=(), addresses=()
    )
    changed = {
        "oom": lambda: replace(gone, exit_code=137, oom_killed=True, restarts=3),
        "exit": lambda: replace(gone, exit_code=1),
        "loop": lambda: replace(gone, phase=Phase.RESTARTING, exit_code=1, restarts=7),
        "unhealthy": lambda: replace(
            instance, health=Health.UNHEALTHY, health_since=ended, health_detail=SafeText("curl: (7) refused")
        ),
        "starting": lambda: replace(
            instance, health=Health.STARTING, health_since=None, started_at=START - timedelta(seconds=8)
        ),
        "paused": lambda: replace(instance, phase=Phase.PAUSED),
    }
    # One of two runs on where a fault is "exit" or "unhealthy": degraded, not down.
    if fault not in changed or (fault in ("exit", "unhealthy") and number > 0):
        return instance
    return changed[fault]()


def _samples(workloads: list[Workload], chance: random.Random) -> Iterator[Sample]:
    for one in workloads:
        for instance in one.instances:
            if instance.phase is Phase.RUNNING:
                yield Sample(instance.id, "cpu", round(chance.uniform(0.5, 40), 1), "%")
                yield Sample(instance.id, "memory", float(chance.randrange(40, 400) * MIB), "B")
                yield Sample(instance.id, "net rx", float(chance.randrange(0, 5 * MIB)), "B/s")
                yield Sample(instance.id, "net tx", float(chance.randrange(0, 2 * MIB)), "B/s")


def _readings(name: str, service: Service, fault: str, at: datetime, chance: random.Random) -> list[Update]:
    state, detail = ReadingState.OK, "200 OK"
    if fault in ("oom", "loop", "missing"):
        state, detail = ReadingState.DOWN, "connection refused"
    elif fault == "probe":
        state, detail = ReadingState.DOWN, "503 Service Unavailable"
    elif fault == "slow":
        state, detail = ReadingState.DEGRADED, "p95 6.2 s > 2 s"
    return [
        Probed(
            at=at,
            reading=Reading(
                service=name, probe=probe, kind="tcp" if probe == "tcp" else "http", state=state, at=at,
                latency_ms=None if state is ReadingState.DOWN else round(chance.uniform(1, 40), 1),
                detail=SafeText(detail), target=SafeText(f"GET {name}:8001/health"), interval=float(spec.every),
            ),
        )
        for probe, spec in service.probes.items()
    ]  # fmt: skip


def _kick(victim: Workload, at: datetime) -> Workload:
    if not victim.instances:
        return victim
    first, *rest = victim.instances
    if first.phase is Phase.RUNNING:
        first = replace(first, phase=Phase.EXITED, exit_code=137, finished_at=at, health=Health.NONE)
    else:
        first = replace(
            first, phase=Phase.RUNNING, health=Health.HEALTHY, exit_code=None, oom_killed=None, started_at=at,
            health_since=at, restarts=(first.restarts or 0) + 1,
        )  # fmt: skip
    return replace(victim, instances=(first, *rest))


def host_facts(chance: random.Random) -> HostFacts:
    """A machine with a nearly full disk."""
    return HostFacts(
        name=SafeText("db-host-3"), cores=8, cpu=round(chance.uniform(5, 60), 1), load=(1.2, 0.9, 0.7),
        memory_total=32 << 30, memory_used=11 << 30, swap_total=4 << 30, swap_used=0,
        disks=(
            Disk(SafeText("/"), SafeText("/dev/sda1"), 200 << 30, 171 << 30, 13_000_000, 2_100_000),
            Disk(SafeText("/var/lib/docker"), SafeText("/dev/sdb1"), 500 << 30, 480 << 30, 32_000_000, 900_000),
        ),
        net_rx=2.1e6, net_tx=8.4e5,
        processes=(HostProcess(4211, SafeText("postgres"), SafeText("postgres"), 12.5, 400 * MIB),),
        findings=((ReadingState.DOWN, SafeText("disk /var/lib/docker 96 % full")),),
    )  # fmt: skip
