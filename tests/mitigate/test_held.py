"""A probe's state that is only held from before, while its newest answer is bad, is no evidence of a success."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.board.model import ReadingState
from cockpit.board.snapshot import Snapshot
from cockpit.mitigate.signals import not_good
from tests.mitigate.world import SERVICE, Stage, operation, plan


def hold(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether readings from now on are held; a list of one, to be changed."""
    held, make = [True], stage.world._make

    def made() -> Snapshot:
        now = make()
        return replace(
            now,
            services=tuple(
                replace(one, probes=tuple(replace(p, reading=replace(p.reading, held=held[0])) for p in one.probes))
                for one in now.services
            ),
        )

    monkeypatch.setattr(stage.world, "_make", made)
    return held


async def test_it_is_not_known_until_the_probe_has_made_up_its_mind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path / "state")
    held = hold(stage, monkeypatch)
    made = plan(operation(1), made_at=stage.clock.now(), hold=4.0, deadline=30.0)

    def bad_once() -> None:
        stage.world.ask_probe(ReadingState.OK, "HTTP 500 (1 of 2 before it counts)")

    verdict = await stage.play(made, at={3.0: bad_once})
    assert verdict.result == "unknown"
    assert verdict.evidence[-1].endswith("HTTP 500 (1 of 2 before it counts)")
    assert "must be good before" in not_good(stage.world.snapshot(), SERVICE, "health")
    held[0] = False

    def good() -> None:
        stage.world.ask_probe(ReadingState.OK, "HTTP 200")

    assert (await stage.play(made, at={3.0: good})).result == "worked"
