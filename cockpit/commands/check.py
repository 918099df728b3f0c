"""`cockpit check`: the board's assessment once, for people or as JSON. Loads no Textual."""

import argparse
import asyncio
import sys

from cockpit.board.freshness import LISTING
from cockpit.board.model import Freshness, Phase, Reading, ReadingState, State
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.engine.engine import Engine
from cockpit.engine.parts import Parts
from cockpit.probes.ask import NO_INSTANCE

QUIET = 0.3
"""Seconds without news after which the first picture counts as complete (details come after the list)."""


def run(options: argparse.Namespace) -> int:
    """Print the assessment; exit 0 all well, 1 something down or degraded, 2 cannot tell, 64 wrong profile."""
    from cockpit.check import exit_code, to_json, to_text
    from cockpit.commands.common import chosen_parts

    parts = chosen_parts(options, journal=False, host=False)
    if isinstance(parts, int):
        return parts
    snapshot = asyncio.run(settled(parts, options.within))
    if options.json:
        sys.stdout.write(to_json(snapshot) + "\n")
    else:
        sys.stdout.write(to_text(snapshot) + "\n")
    return exit_code(snapshot)


async def settled(parts: Parts, within: float) -> Snapshot:
    """The board once every source has spoken (or is lost) and every probe has answered, or after `within` seconds."""
    engine = Engine(parts)
    engine.start()
    try:
        try:
            await engine.board_until(lambda now: is_told(parts, now), within)
        except TimeoutError:
            return engine.frame().snapshot
        for _ in range(5):
            version = engine.frame().snapshot.version
            try:
                await engine.board_until(lambda now, seen=version: now.version > seen, QUIET)  # type: ignore[misc]
            except TimeoutError:
                break
        return await engine.board_until(lambda _: True, 1.0)
    finally:
        engine.stop()


def is_told(parts: Parts, snapshot: Snapshot) -> bool:
    """Whether every source has told all that it knows, or is lost, and every probe has answered."""
    sources = {source.name: source for source in snapshot.sources}
    for part in parts.backends:
        source = sources.get(part.name)
        # Of a cluster rows come before its whole list does: what is judged by then is only a part. Of an engine the
        # list comes before the inspections: a container that runs just now may do so for the seventh time this minute.
        waited = source is None or source.heard_at is None or source.why == LISTING or source.rough
        if waited and not (source and source.freshness is Freshness.LOST):
            return False
    expected = {(name, probe) for name, service in parts.profile.services.items() for probe in service.probes}
    probed = {
        (service.name, probe.reading.probe)
        for service in snapshot.services
        for probe in service.probes
        if _has_asked(service, probe.reading)
    }
    return expected <= probed and all(service.state is not State.STARTING for service in snapshot.services)


def _has_asked(service: ServiceStatus, reading: Reading) -> bool:
    """Whether a probe has put its question. The first comes before a cluster's list does and finds nothing that runs;
    once something does, the next follows within a second."""
    runs = any(one.phase is Phase.RUNNING for workload in service.workloads for one in workload.instances)
    return not (runs and reading.state is ReadingState.UNKNOWN and reading.detail == NO_INSTANCE)
