"""The commands as a shell sees them: what they print, how they end, what they never do."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patience import PATIENCE
from tests.program import clean_env, cockpit_argv
from tests.terminal import Terminal

Run = Callable[..., "subprocess.CompletedProcess[str]"]
WITHIN = ("--within", str(PATIENCE))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the cockpit without a terminal, with no engine anywhere."""

    def call(*words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        env = {**clean_env(tmp_path), "DOCKER_HOST": f"unix://{tmp_path}/none.sock", **more}
        return subprocess.run(
            cockpit_argv(*words), env=env, cwd=tmp_path, capture_output=True, text=True, timeout=2 * PATIENCE,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return call


@pytest.mark.parametrize(
    "words", [("--bogus",), ("check", "--bogus"), ("validate",), ("journal", "burn"), ("check", "no-such-profile")]
)
def test_wrong_use_is_64_with_one_reason(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 64
    assert done.stdout == ""
    assert len([line for line in done.stderr.splitlines() if not line.startswith((" ", "usage:"))]) == 1


def test_without_a_terminal_the_screen_says_what_to_use_instead(run: Run) -> None:
    done = run()
    assert done.returncode == 64
    assert "cockpit check" in done.stderr


def test_check_without_an_engine_cannot_tell_and_says_why(run: Run, tmp_path: Path) -> None:
    done = run("check", "--json", *WITHIN)
    report = json.loads(done.stdout)
    assert done.returncode == 2
    (source,) = report["sources"]
    assert source["freshness"] == "lost"
    assert f"{tmp_path}/none.sock" in source["why"]
    assert run("check").returncode == 2


def test_a_profile_with_ten_mistakes_shows_all_of_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        """version: 2
name: bad name
servces: {}
backends:
  main: {kind: dokcer}
  main: {kind: docker}
services:
  web: {tier: 9, depends_on: [db], workloads: [{}], probes: {h: {kind: http, url: "x", every: 5x, tries: 1}}}
  api: {tier: one}
"""
    )
    done = run("validate", "bad.yaml")
    lines = done.stderr.splitlines()
    assert done.returncode == 64
    assert len(lines) >= 10
    assert all(line.startswith("bad.yaml:") for line in lines)
    assert any("did you mean 'services'" in line for line in lines)
    assert run("check", "./bad.yaml").returncode == 64


def test_validate_takes_a_file_or_the_name_of_a_shipped_profile(run: Run, tmp_path: Path) -> None:
    assert run("validate", "ai-orchestrator").stdout.splitlines()[0].endswith("4 severities")
    (tmp_path / "mine").write_text("version: 1\nname: mine\n")
    assert run("validate", "mine").stdout.startswith("mine: well formed: mine")
    done = run("validate", "somabrian")
    assert (done.returncode, done.stdout) == (64, "")
    assert "did you mean 'somabrain'?" in done.stderr


def test_an_unset_secret_is_named_by_validate_and_only_unknown_in_check(run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(
        """version: 1
name: p
services:
  qdrant:
    tier: 1
    probes:
      health: {kind: http, url: "http://127.0.0.1:9/healthz", headers: {api-key: "${QDRANT_API_KEY}"}}
"""
    )
    done = run("validate", "p.yaml")
    assert done.returncode == 64
    assert "QDRANT_API_KEY" in done.stderr
    assert run("validate", "p.yaml", QDRANT_API_KEY="hunter2hunter2").returncode == 0
    report = json.loads(run("check", "./p.yaml", "--json", *WITHIN).stdout)
    (service,) = report["services"]
    assert service["state"] == "unknown"
    assert "QDRANT_API_KEY is not set" in service["why"]
    assert "hunter2hunter2" not in run("check", "./p.yaml", "--json", QDRANT_API_KEY="hunter2hunter2").stdout


def test_init_writes_a_profile_that_loads_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    done = run("init")
    assert done.returncode == 0, done.stderr
    assert run("validate", "cockpit.yaml").returncode == 0
    before = (tmp_path / "cockpit.yaml").read_text()
    assert run("init").returncode == 64
    assert (tmp_path / "cockpit.yaml").read_text() == before
    assert run("init", "-o", "-").stdout == before


def test_schema_is_json(run: Run) -> None:
    assert "Profile" in json.loads(run("schema").stdout)["$defs"]


def test_notes_stand_in_the_timeline_and_the_chain_verifies(run: Run, tmp_path: Path) -> None:
    assert run("note", "!", "roll", "back").returncode == 0
    done = run("timeline", "--json")
    assert "roll back" in done.stdout
    assert '"decision"' in done.stdout
    assert run("journal", "verify").returncode == 0
    journal = next((tmp_path / "state" / "cockpit").iterdir())
    assert journal.stat().st_mode & 0o077 == 0


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), "PYTHONUNBUFFERED": "1"}
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        cockpit_argv("schema"), env=env, stdout=writing, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
    )
    os.close(writing)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


def test_doctor_in_a_terminal(open_terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    terminal = open_terminal(
        cockpit_argv("doctor"), cols=80, rows=40, env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    )
    terminal.until(r"Record and clock")
    assert terminal.wait_exit() == 1
    text = terminal.text()
    assert "80x40" in text
    assert "256 colours" in text
    assert "none.sock" in text.replace("\n", "")


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x1f\x8b\x08\x00garbage", b'{"a":1}\n' * 3])
def test_a_file_that_is_no_recording_is_refused_in_one_line(
    open_terminal: Callable[..., Terminal], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "x.gz").write_bytes(content)
    terminal = open_terminal(cockpit_argv("replay", str(tmp_path / "x.gz")), cols=200, rows=24)
    assert terminal.wait_exit() == 64
    assert "cockpit replay: " in terminal.text()
    assert "Traceback" not in terminal.text()
