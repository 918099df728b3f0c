"""kill -9 at random points of mitigations: nothing acknowledged is lost, and the next start finds out what is true."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from cockpit.incident import intents, sessions
from cockpit.incident.audit import audit
from cockpit.incident.entry import Entry
from cockpit.incident.lease import ProcFs
from cockpit.incident.place import prepare
from cockpit.incident.store import Store
from tests.mitigate.mortal import Cockpit, child
from tests.patience import PATIENCE

ROUNDS = int(os.environ.get("COCKPIT_KILLS", "200" if os.environ.get("CI") == "true" else "30"))
ROOT = Path(__file__).parents[2]


def entries_of(directory: Path) -> list[Entry]:
    store = Store(directory / "state" / "journal.db")
    try:
        assert audit(store.raw()).problems == ()
        owners = sessions.living(store.connection, ProcFs(), datetime.now().astimezone())
        assert intents.dangling(intents.open_intents(store), owners) == []
        return store.newest(1_000_000)
    finally:
        store.close()


def truly_done(directory: Path, since: datetime, until: datetime) -> set[int]:
    """The replicas that the platform restarted in between."""
    lines = [json.loads(line) for line in (directory / "truth").read_text().splitlines()]
    return {number for number, at in lines if since <= datetime.fromisoformat(at) < until}


def test_kill_9_at_random_points(tmp_path: Path) -> None:
    prepare(tmp_path / "state")
    done = subprocess.run(
        [sys.executable, "-m", "tests.mitigate.mortal", str(tmp_path), str(ROUNDS), "29"],
        cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE + 10 * ROUNDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line for line in lines if line[0] == "round"] == [["round", "-9"]] * ROUNDS
    entries = entries_of(tmp_path)
    stored = {(str(entry.id), entry.kind, entry.unique) for entry in entries}
    assert {(line[1], line[2], line[3]) for line in lines if line[0] == "ack" and len(line) == 4} <= stored
    begun = [entry for entry in entries if entry.kind == "intent"]
    ends = {intents.run_of(entry): entry for entry in entries if entry.kind == "verdict"}
    assert len(begun) >= ROUNDS // 2
    assert sum("found at the start" in entry.text for entry in ends.values()) >= ROUNDS // 4
    for intent, following in zip(begun, [*begun[1:], None], strict=True):
        until = following.happened if following else entries[-1].recorded
        truth = truly_done(tmp_path, intent.happened, until) == {1, 2}
        assert intents.fact(ends[intents.run_of(intent)], "result") == ("worked" if truth else "did not work")


def test_two_cockpits_change_the_same_service_by_turns(tmp_path: Path) -> None:
    prepare(tmp_path / "state")
    Cockpit(tmp_path, "before", os.open(os.devnull, os.O_WRONLY)).journal.store.close()
    (tmp_path / "truth").touch()
    sink = os.open(os.devnull, os.O_WRONLY)
    both = [child(tmp_path, name, 12, sink) for name in ("one", "two")]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in both] == [0, 0]
    os.close(sink)
    entries = [entry for entry in entries_of(tmp_path) if entry.kind in ("intent", "verdict")]
    assert {entry.who for entry in entries} == {"one", "two"}
    open_run = ""
    for entry in entries:  # one change of this target at a time, whoever begins it
        assert bool(open_run) is (entry.kind == "verdict")
        assert entry.kind == "intent" or intents.run_of(entry) == open_run
        open_run = intents.run_of(entry) if entry.kind == "intent" else ""
    assert open_run == ""
