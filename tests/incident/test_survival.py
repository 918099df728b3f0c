"""Several writers, and writers that are killed: nothing acknowledged is lost and the chain stays whole."""

import os
import random
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from cockpit.board.clock import SystemClock
from cockpit.incident import intents, sessions
from cockpit.incident.audit import audit
from cockpit.incident.lease import ProcFs
from cockpit.incident.place import prepare
from cockpit.incident.store import Store
from tests.patience import PATIENCE

ROUNDS = int(os.environ.get("COCKPIT_KILLS", "30"))
ROOT = Path(__file__).parents[2]


def start(path: Path, rounds: int, word: str) -> "subprocess.Popen[str]":
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.incident.writer", str(path), str(rounds), word],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def test_two_processes_keep_one_chain(tmp_path: Path) -> None:
    path = prepare(tmp_path / "state").file
    rounds = 25
    writers = [start(path, rounds, word) for word in ("one", "two")]
    for _ in range(rounds):
        for writer in writers:  # both at once: they contend in every round
            say(writer, "go")
        for writer in writers:
            assert writer.stdout is not None
            while (line := writer.stdout.readline()) != "next\n":
                assert line, "the writer ended"
    for writer in writers:
        writer.communicate(timeout=PATIENCE)
        assert writer.returncode == 0
    store = Store(path)
    found = audit(store.raw())
    assert found.problems == ()
    assert found.entries == 2 * (rounds * 4 + rounds // 4)
    names = [entry.who for entry in store.newest()]
    assert sum(one != other for one, other in pairwise(names)) >= rounds
    store.close()


def say(writer: "subprocess.Popen[str]", word: str) -> None:
    assert writer.stdin is not None
    writer.stdin.write(f"{word}\n")
    writer.stdin.flush()


def test_nothing_acknowledged_is_lost_to_kill_9(tmp_path: Path) -> None:
    path = prepare(tmp_path / "state").file
    chance = random.Random(17)
    kept: dict[int, tuple[str, str]] = {}
    redacted: set[int] = set()
    for round_number in range(ROUNDS):
        writer = start(path, 0, f"r{round_number}-")
        out = killed_after(writer, chance.randrange(1, 25), chance.randrange(200_000))
        for line in out.splitlines():
            match line.split():
                case ["entry", number, kind, unique]:
                    kept[int(number)] = (kind, "" if unique == "-" else unique)
                case ["redacted", number]:
                    redacted.add(int(number))
        check(path, kept, redacted)
    assert len(kept) > ROUNDS


def killed_after(writer: "subprocess.Popen[str]", lines: int, spin: int) -> str:
    """What the writer said until it was killed, some time after so many lines."""
    assert writer.stdout is not None
    assert writer.stdin is not None
    say(writer, "go")
    said = [writer.stdout.readline() for _ in range(lines)]
    sum(range(spin))  # the writer goes on meanwhile: how far it gets differs in each round
    writer.send_signal(signal.SIGKILL)
    said.append(writer.stdout.read())
    writer.stdout.close()
    writer.stdin.close()
    assert writer.wait(PATIENCE) == -signal.SIGKILL
    return "".join(said)


def check(path: Path, kept: dict[int, tuple[str, str]], redacted: set[int]) -> None:
    store = Store(path)
    try:
        found = audit(store.raw())
        assert found.problems == ()
        entries = {entry.id: entry for entry in store.newest(1_000_000)}
        assert {number: (entries[number].kind, entries[number].unique) for number in kept} == kept
        assert all(entries[number].text == "[redacted]" for number in redacted)
        owners = sessions.living(store.connection, ProcFs(), SystemClock().now())
        assert owners == {}
        open_runs = {intents.run_of(entry) for entry in intents.dangling(intents.open_intents(store), owners)}
        ended = {unique.removeprefix("verdict:") for _, unique in kept.values() if unique.startswith("verdict:")}
        assert not open_runs & ended
    finally:
        store.close()
