"""`check`: the verdict, the JSON that others read, the text that people read."""

import json
import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.backends.base import Source
from cockpit.board.clock import Clock
from cockpit.board.model import Freshness, ReadingState, SafeText, State
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Listed, Lost
from cockpit.check import EXIT, Report, exit_code, report, schema, to_json, to_text, verdict
from cockpit.commands.check import is_told
from cockpit.engine.parts import BackendPart, Parts
from cockpit.probes.ask import NO_INSTANCE
from cockpit.profile.probes import TcpProbe
from tests.board.fleet import SOURCE, START, board_of, fleet, fleet_snapshot
from tests.board.scene import Scene, profile, service, workload


def with_states(*states: State) -> Snapshot:
    whole = fleet_snapshot(6)
    services = tuple(replace(one, state=state) for one, state in zip(whole.services, states, strict=False))
    return replace(whole, services=services)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((State.OK, State.OK), 0),
        ((State.OK, State.STARTING, State.PAUSED, State.NOT_WATCHED), 0),
        ((State.OK, State.DOWN), 1),
        ((State.OK, State.DEGRADED), 1),
        ((State.UNKNOWN, State.DOWN), 1),
        ((State.OK, State.UNKNOWN), 2),
        ((State.NOT_WATCHED,), 2),
        ((), 2),
    ],
)
def test_the_exit_code(states: tuple[State, ...], code: int) -> None:
    snapshot = with_states(*states)
    assert exit_code(snapshot) == code == EXIT[verdict(snapshot)]


@pytest.mark.parametrize("freshness", [Freshness.STALE, Freshness.LOST])
def test_a_silent_source_cannot_tell(freshness: Freshness) -> None:
    snapshot = with_states(State.OK)
    silent = replace(snapshot, sources=(replace(snapshot.sources[0], freshness=freshness),))
    assert exit_code(silent) == 2
    assert exit_code(replace(silent, services=with_states(State.DOWN).services)) == 1


def no_source(clock: Clock, secrets: Secrets) -> Source:
    raise AssertionError("nothing is observed here")


def test_who_looks_once_waits_for_details() -> None:
    profile, updates = fleet(6)
    parts = Parts(profile=profile, profile_name="omninode", backends=(BackendPart(SOURCE, no_source),))
    board = board_of(profile, [])
    told = []
    for update in updates:
        rough = replace(update, rough=True) if isinstance(update, Listed) else update
        board.apply(rough)
        told.append(is_told(parts, board.snapshot()))
    assert not any(told)
    assert all(source.freshness is Freshness.LIVE for source in board.snapshot().sources)
    board.apply(next(update for update in updates if isinstance(update, Listed)))
    assert is_told(parts, board.snapshot())


def test_a_probe_that_found_nothing_running_is_waited_for_once_something_runs() -> None:
    probes = {"health": TcpProbe(address="127.0.0.1:1")}
    declared = profile({"web": service("web", probes=probes)})
    scene, parts = Scene(declared), Parts(profile=declared, profile_name="shop")
    scene.probed("web", ReadingState.UNKNOWN, NO_INSTANCE, probe="health").listed()
    assert is_told(parts, scene.board.snapshot())
    scene.listed(workload("web"))
    assert not is_told(parts, scene.board.snapshot())
    scene.probed("web", ReadingState.OK, "connected", probe="health")
    assert is_told(parts, scene.board.snapshot())


def test_the_json_has_exactly_these_members() -> None:
    data = json.loads(to_json(fleet_snapshot(12)))
    assert list(data) == ["version", "profile", "at", "verdict", "sources", "services"]
    assert data["version"] == 1
    assert list(data["sources"][0]) == ["name", "freshness", "since", "why"]
    service = data["services"][0]
    assert list(service) == [
        "name", "scope", "tier", "state", "since", "why", "ready", "desired", "instances", "probes",
    ]  # fmt: skip
    assert list(service["instances"][0]) == ["name", "id", "state", "exit_code", "restarts"]
    assert list(service["probes"][0]) == ["name", "kind", "state", "latency_ms", "detail"]
    assert service["state"] == "down"
    assert service["instances"][0]["exit_code"] == 137


def test_the_json_is_what_the_types_say() -> None:
    snapshot = fleet_snapshot(12)
    assert msgspec.json.decode(to_json(snapshot), type=Report) == report(snapshot)
    assert set(json.loads(schema())["$defs"]) >= {"Report", "ServiceReport", "InstanceReport", "ProbeReport"}


def test_an_old_answer_is_no_answer() -> None:
    profile, updates = fleet(6)
    board = board_of(profile, updates)
    board.tick(START + timedelta(minutes=5))
    assert {probe.state for service in report(board.snapshot()).services for probe in service.probes} == {"unknown"}


def cells(line: str) -> int:
    return len(line)  # the fleet's names are all one cell wide


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_text_is_worst_first_and_within_its_width(ascii_only: bool) -> None:
    text = to_text(fleet_snapshot(60), ascii_only=ascii_only)
    lines = text.splitlines()
    assert max(cells(line) for line in lines) <= 80
    assert lines[0] == "omninode-bridge: not well"
    assert ("x down" if ascii_only else "✗ down") in lines[5]
    assert "OOM killed, 137" in lines[5]
    assert text.isascii() is ascii_only
    states = [line.split()[1] for line in lines[5:] if not line.startswith(" ") and "not watched" not in line]
    assert states == sorted(states, key=["down", "degraded", "unknown", "starting", "paused", "ok"].index)


def test_wide_names_do_not_break_the_columns() -> None:
    snapshot = with_states(State.DOWN, State.OK)
    wide = replace(snapshot.services[0], name="東京" * 20, why=SafeText("東京" * 60))
    lines = to_text(replace(snapshot, services=(wide, snapshot.services[1]))).splitlines()
    assert all(sum(2 if char in "東京" else 1 for char in line) <= 80 for line in lines)


def test_a_reason_that_does_not_fit_is_told_over_several_lines() -> None:
    snapshot = with_states(State.DOWN)

    def told(why: str) -> list[str]:
        first = replace(snapshot.services[0], why=SafeText(why))
        lines = to_text(replace(snapshot, services=(first,))).splitlines()
        return [line.strip() for line in lines if line.startswith(" " * 16)]

    why = "exit 1: FATAL configuration: PROVIDER_TIMEOUT_MS is not a number, restarted 4x, 2 m after rollout web:1 -> 2"
    assert len(told(why)) == 2
    assert " ".join(told(why)) == why
    assert "".join(told("東京" * 60)) == "東京" * 60
    assert [line.endswith("…") for line in told("word " * 200)] == [False, False, False, True]


def test_a_lost_source_is_told() -> None:
    profile, updates = fleet(3)
    why = SafeText("connection refused")
    text = to_text(board_of(profile, [*updates, Lost(source=SOURCE, at=START, why=why)]).snapshot())
    assert "omninode-bridge: cannot tell" in text
    assert "docker:prod-1: lost since 14:00:00 UTC: connection refused" in text


def test_why_a_source_is_lost_is_told_to_its_end() -> None:
    profile, updates = fleet(3)
    why = SafeText(
        "the login command aws-login of context prod failed (session expired): " + "run outside: aws-login " * 4
    )
    text = to_text(board_of(profile, [*updates, Lost(source=SOURCE, at=START, why=why)]).snapshot())
    assert f"docker:prod-1: lost since 14:00:00 UTC: {why.strip()} at " in " ".join(text.split())
    assert max(cells(line) for line in text.splitlines()) <= 80


def test_it_loads_no_screen() -> None:
    script = "import sys, cockpit.check; print([name for name in ('textual', 'rich', 'httpx') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
