"""Run as a program: writes entries into the journal named by argv[1] and prints each one that it was told is safe.

argv[2]: how many mitigations to write (0: until killed). argv[3]: a word that its unique keys begin with. It says
"ready", then reads a line before it begins, and with a number of rounds before each of them.
"""

import contextlib
import itertools
import sys
from pathlib import Path

from cockpit.board.clock import SystemClock
from cockpit.board.text import safe
from cockpit.incident import sessions
from cockpit.incident.edits import redaction
from cockpit.incident.entry import Draft
from cockpit.incident.errors import JournalError
from cockpit.incident.intents import open_intent
from cockpit.incident.lease import ProcFs, this_session
from cockpit.incident.store import Store, stamper


def main(path: Path, rounds: int, word: str) -> None:
    clock = SystemClock()
    store = Store(path)
    session = this_session(ProcFs(), who=word, host="bastion", now=clock.now())
    sessions.enter(store, session)
    stamp = stamper(clock.now, word, "bastion")
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(rounds) if rounds else itertools.count():
        if rounds and number:
            sys.stdin.readline()
        run = f"{word}{number}"
        facts = (("target", run), ("owner", session.token))
        intent = Draft(kind="intent", text=safe(f"restart {run}"), facts=facts, unique=f"intent:{run}")
        entries = [open_intent(store, intent, {session.token: session}, stamp)]
        acknowledge(entries)
        acknowledge(store.append([Draft(kind="result", text=safe("accepted"), unique=f"result:{run}:1")], stamp))
        acknowledge(store.append([Draft(kind="note", text=safe(f"secret-{run}-" + "x" * 200))], stamp))
        if number % 4 == 3:
            last = store.newest(1)[0].id
            with contextlib.suppress(JournalError):  # the other writer may be reading old pages: the redaction stands
                redaction(store, last, "a secret", stamp)
            print("redacted", last, flush=True)
        acknowledge(store.append([Draft(kind="verdict", text=safe("worked"), unique=f"verdict:{run}")], stamp))
        print("next", flush=True)


def acknowledge(entries: list) -> None:  # type: ignore[type-arg]
    for entry in entries:
        print("entry", entry.id, entry.kind, entry.unique or "-", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
