"""Writes recordings of made-up platforms: standing still, busy, or of thousands of instances."""

import gzip
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec
from msgspec.structs import replace

from cockpit.board.model import Instance, Phase, Sample, Workload
from cockpit.board.update import Changed, Heard, HostSeen, Listed, Probed, Sampled, Update
from cockpit.engine.recorded import Ended, Header
from cockpit.profile.schema import Profile
from tests.board.fleet import MIB, SOURCE, START, busy, fleet

PROBES_EVERY = 10
VISIBLE = 40
"""Services of a crowd that are measured every 2 s, as those on the screen are."""


def write(path: Path, profile: Profile, updates: Iterable[Update], started: datetime = START) -> Path:
    """Record `updates`, the first at `started`; the file."""
    encode = msgspec.json.Encoder().encode
    header = Header(started=started, profile_name=profile.name, profile=profile)
    # `Recorder` drops what its disk is too slow for; here the disk is waited for.
    with gzip.open(path, "wb", compresslevel=3) as file:
        for record in chain((header,), updates, (Ended(at=started),)):
            file.write(encode(record) + b"\n")
    return path


def still(path: Path, services: int = 60, *, seconds: int = 60) -> Path:
    """Nothing changes: the source is heard each second, probes answer as before every ten."""
    profile, updates = fleet(services)
    return write(path, profile, chain(updates, _standing(updates, seconds)))


def moving(path: Path, services: int = 60, *, seconds: int = 60) -> Path:
    """Numbers of every instance every 2 s, probes every 10 s, every 7 s a container killed or back."""
    profile, updates = fleet(services)
    return write(path, profile, chain(updates, busy(services, seconds=seconds)))


def crowd(path: Path, services: int = 500, instances: int = 10, *, seconds: int = 60) -> Path:
    """Thousands of instances: each second twenty workloads change, every 2 s those on the screen are measured."""
    profile, updates = fleet(services, instances=instances, faults=False)
    return write(path, profile, chain(updates, _crowded(updates, seconds)))


def _standing(updates: list[Update], seconds: int) -> Iterator[Update]:
    for second in range(1, seconds + 1):
        at = START + timedelta(seconds=second)
        yield Heard(source=SOURCE, at=at)
        for update in updates:
            if isinstance(update, Probed) and second % PROBES_EVERY == 0:
                yield Probed(at=at, reading=replace(update.reading, at=at))
            elif isinstance(update, HostSeen) and second % PROBES_EVERY == 0:
                yield HostSeen(at=at, facts=update.facts)


def _crowded(updates: list[Update], seconds: int) -> Iterator[Update]:
    chance = random.Random(5)
    workloads = [one for update in updates if isinstance(update, Listed) for one in update.workloads]
    standing = _standing(updates, seconds)
    for second in range(1, seconds + 1):
        at = START + timedelta(seconds=second)
        yield from _until_heard(standing)
        for place in chance.sample(range(len(workloads)), min(20, len(workloads))):
            workloads[place] = _restarted(workloads[place], chance)
            yield Changed(source=SOURCE, at=at, workload=workloads[place])
        if second % 2 == 0:
            yield Sampled(source=SOURCE, at=at, samples=tuple(_numbers(workloads[:VISIBLE], chance)))


def _until_heard(standing: Iterator[Update]) -> Iterator[Update]:
    """One second's worth of an unchanging platform."""
    for update in standing:
        yield update
        if isinstance(update, Heard):
            return


def _restarted(workload: Workload, chance: random.Random) -> Workload:
    instances: list[Instance] = list(workload.instances)
    place = chance.randrange(len(instances))
    instances[place] = replace(instances[place], restarts=(instances[place].restarts or 0) + 1)
    return replace(workload, instances=tuple(instances))


def _numbers(workloads: Iterable[Workload], chance: random.Random) -> Iterator[Sample]:
    for instance in (one for workload in workloads for one in workload.instances):
        if instance.phase is Phase.RUNNING:
            yield Sample(instance.id, "cpu", round(chance.uniform(0.5, 40), 1), "%")
            yield Sample(instance.id, "memory", float(chance.randrange(40, 400) * MIB), "B")
            yield Sample(instance.id, "net rx", float(chance.randrange(0, 5 * MIB)), "B/s")
            yield Sample(instance.id, "net tx", float(chance.randrange(0, 2 * MIB)), "B/s")
