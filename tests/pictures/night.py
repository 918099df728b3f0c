"""One bad night of a made-up platform, as a recording and what its containers wrote: the same at every run.

A database refuses connections, what needs it runs out of memory, a restart does not help.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

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
from cockpit.board.update import Changed, Declared, Heard, Listed, Probed, Sampled, Update
from cockpit.profile.probes import HttpProbe, TcpProbe, Threshold
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.stage.recordings import write
from tests.stage.source import Script

STARTED = datetime(2026, 3, 1, 14, 20, tzinfo=UTC)
LASTS = 800
SOURCE, ENGINE, PROJECT = "main", "QX7A:ENGINE:ID", "omninode"
MIB = 1 << 20
OUT_OF_MEMORY, GAVE_UP, RESTARTED, GAVE_UP_AGAIN = 473.4, 483.4, 690.0, 699.0
"""Seconds after `STARTED`; the picture's responder restarts just before the third."""

# name -> tier, instances, per cent of a core, MiB, what it needs
PLATFORM: Mapping[str, tuple[int, int, float, int, tuple[str, ...]]] = {
    "postgres": (1, 1, 2, 410, ()),
    "redis": (3, 1, 1, 40, ()),
    "kafka": (2, 1, 12, 900, ()),
    "hook-receiver": (1, 2, 24, 300, ("postgres", "kafka")),
    "auth": (1, 2, 8, 140, ("redis",)),
    "workflow-coord": (2, 2, 15, 220, ("kafka",)),
    "model-metrics": (2, 2, 86, 1230, ("postgres",)),
    "prometheus": (3, 1, 4, 380, ()),
}


def put(folder: Path) -> tuple[Path, Path]:
    """Write the recording and the logs into `folder`; both files."""
    logs = folder / "logs.json"
    logs.write_bytes(msgspec.json.encode(_logs()))
    updates = sorted(_updates(), key=lambda update: update.at)
    return write(folder / "night.gz", _profile(), updates, STARTED), logs


def _profile() -> Profile:
    return Profile(
        version=1,
        name="omninode-bridge",
        environment="production",
        backends={SOURCE: Backend(kind="docker", project=PROJECT)},
        thresholds={"memory": Threshold(warn_above=85, bad_above=99)},
        services={
            name: Service(
                tier=tier,
                owner="platform",
                depends_on=needs,
                workloads=(Selector(compose=name),),
                probes={"tcp": TcpProbe(port=5432)} if name == "postgres" else {"health": HttpProbe(port=8001)},
            )
            for name, (tier, _, _, _, needs) in PLATFORM.items()
        },
    )


def _at(seconds: float) -> datetime:
    return STARTED + timedelta(seconds=seconds)


def _workload(name: str) -> Workload:
    owner = Identity("docker", ENGINE, PROJECT, "compose", name)
    count = PLATFORM[name][1]
    started = STARTED - timedelta(days=3 + PLATFORM[name][0] * 2, hours=len(name))
    instances = tuple(
        Instance(
            id=replace(owner, instance=f"{name}-{number}"),
            name=SafeText(f"{name}-{number}"),
            phase=Phase.RUNNING,
            health=Health.HEALTHY,
            health_since=started,
            restarts=0,
            created_at=started,
            started_at=started,
            image=SafeText(f"registry.example/omninode/{name}:v2.3.1"),
            version=SafeText("v2.3.1"),
            ports=(Port(8001, "tcp", "127.0.0.1", 18000 + number),),
            memory_limit=512 * MIB if name == "hook-receiver" else 2048 * MIB,
            restart_policy="on-failure:3",
        )
        for number in range(1, count + 1)
    )
    where = (("engine", SafeText("prod-1")), ("project", SafeText(PROJECT)))
    return Workload(id=owner, source=SOURCE, where=where, instances=instances, desired=count, changed_at=_at(-900))


def _updates() -> Iterator[Update]:
    yield Declared(source=SOURCE, at=STARTED, label=SafeText("docker:prod-1/omninode"), kind="docker", interval=10.0)
    yield Listed(source=SOURCE, at=STARTED, workloads=tuple(_workload(name) for name in PLATFORM))
    chance = random.Random(1)
    for second in range(0, LASTS, 5):
        yield Heard(source=SOURCE, at=_at(second))
        if second % 10 == 0:
            yield Sampled(source=SOURCE, at=_at(second), samples=tuple(_samples(second, chance)))
            yield from (_reading(name, second, chance) for name in PLATFORM)
    yield from _falls()


def _falls() -> Iterator[Update]:
    """What becomes of the two instances of hook-receiver."""
    whole = _workload("hook-receiver")
    first, second = whole.instances
    killed = _ended(second, OUT_OF_MEMORY, exit_code=137, oom_killed=True)
    gone = _ended(first, GAVE_UP, exit_code=1)
    again = replace(first, started_at=_at(RESTARTED), health=Health.STARTING)
    for seconds, instances in (
        (OUT_OF_MEMORY, (first, killed)),
        (GAVE_UP, (gone, killed)),
        (RESTARTED, (again, killed)),
        (GAVE_UP_AGAIN, (_ended(again, GAVE_UP_AGAIN, exit_code=1), killed)),
    ):
        yield Changed(source=SOURCE, at=_at(seconds), workload=replace(whole, instances=instances))


def _ended(instance: Instance, seconds: float, **more: Any) -> Instance:
    gone = {"phase": Phase.EXITED, "health": Health.NONE, "health_since": None, "ports": ()}
    return replace(instance, **gone, finished_at=_at(seconds), **more)


def _samples(second: int, chance: random.Random) -> Iterator[Sample]:
    for name, (_, count, cpu, memory, _) in PLATFORM.items():
        if name == "hook-receiver" and second > GAVE_UP:
            continue
        rising = 1 + max(0.0, second - 380) / 90 if name == "hook-receiver" else 1.0
        for number in range(1, count + 1):
            target = Identity("docker", ENGINE, PROJECT, "compose", name, f"{name}-{number}")
            yield Sample(target, "cpu", round(cpu / count * rising * chance.uniform(0.8, 1.2), 1), "%")
            used = min(memory / count * rising * chance.uniform(0.97, 1.03), 505)
            yield Sample(target, "memory", float(int(used * MIB)), "B")


def _reading(name: str, second: int, chance: random.Random) -> Update:
    state, detail, latency = ReadingState.OK, "200 OK", round(chance.uniform(4, 40), 1)
    if name == "postgres":
        state, detail = (ReadingState.DOWN, "connection refused") if second >= 460 else (state, "accepted")
    elif name == "hook-receiver" and second >= GAVE_UP:
        state, detail = ReadingState.DOWN, "connection refused"
    elif name == "hook-receiver" and second >= 420:
        latency = (second - 410) * 25.0
    elif name == "model-metrics" and second >= 540:
        state, detail, latency = ReadingState.DEGRADED, "200 in 6.2 s, slower than 2 s", 6200.0
    elif name == "prometheus" and second >= 680:
        state, detail = ReadingState.UNKNOWN, "no answer in 10 s"
    kind, port = ("tcp", 5432) if name == "postgres" else ("http", 8001)
    reading = Reading(
        service=name,
        probe="tcp" if kind == "tcp" else "health",
        kind=kind,
        state=state,
        at=_at(second),
        latency_ms=None if state in (ReadingState.DOWN, ReadingState.UNKNOWN) else latency,
        detail=SafeText(detail),
        target=SafeText(f"{name}:{port}" if kind == "tcp" else f"GET {name}:{port}/health"),
    )
    return Probed(at=_at(second), reading=reading)


def _logs() -> Script:
    """What the two instances of hook-receiver wrote before they ended."""
    paths, chance = ("/hooks/github", "/hooks/stripe", "/hooks/slack", "/health"), random.Random(2)
    calm = [
        (float(second), f'INFO  "POST {chance.choice(paths)}" 202 in {chance.randrange(3, 90)} ms')
        for second in range(400, 458, 3)
    ]
    waits = "WARN  waiting for a connection to postgres:5432, {} requests queued"
    worse = [(460.0 + 2.4 * turn, waits.format(3 * turn * turn)) for turn in range(1, 6)]
    return {
        "hook-receiver-1": [
            *calm,
            (474.2, "WARN  retry 1/3 postgres:5432 connection refused"),
            (478.3, "WARN  retry 2/3 postgres:5432 connection refused"),
            (481.7, "WARN  retry 3/3 postgres:5432 connection refused"),
            (483.1, "FATAL giving up: database unavailable"),
            (GAVE_UP, ""),
            (690.4, "INFO  hook-receiver v2.3.1 starts"),
            (693.2, "WARN  retry 1/3 postgres:5432 connection refused"),
            (695.8, "WARN  retry 2/3 postgres:5432 connection refused"),
            (698.4, "WARN  retry 3/3 postgres:5432 connection refused"),
            (698.9, "FATAL giving up: database unavailable"),
            (GAVE_UP_AGAIN, ""),
        ],
        "hook-receiver-2": [
            *((at + 1.3, text) for at, text in calm[::2]),
            *worse,
            (472.1, "ERROR pool exhausted after 30000 ms (size 20, waiting 118)"),
            (473.0, "FATAL out of memory: cannot allocate 67108864 bytes"),
            (OUT_OF_MEMORY, ""),
        ],
    }
