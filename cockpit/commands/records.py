"""`cockpit note`, `timeline`, `journal verify` and `approve`: the journal without the engine."""

import argparse
import os
import sys

from cockpit.board.clock import SystemClock
from cockpit.board.text import safe
from cockpit.incident import commands
from cockpit.incident.commands import At, Report, with_store
from cockpit.incident.people import whoami
from cockpit.incident.store import Store, stamper
from cockpit.mitigate.approval import approval_of
from cockpit.mitigate.errors import Refused

REFUSED = 3


def note(options: argparse.Namespace) -> int:
    """Add a line to the timeline."""
    return _print(commands.note(" ".join(options.text), _at(), name=options.who))


def timeline(options: argparse.Namespace) -> int:
    """Print the timeline, filtered as on the screen."""
    form = "json" if options.json else "markdown" if options.markdown else "text"
    return _print(commands.timeline(options.filter, form, _at(), everything=options.all))


def journal(_: argparse.Namespace) -> int:
    """Verify the journal's chain."""
    return _print(commands.journal_verify(_at()))


def approve(options: argparse.Namespace) -> int:
    """Approve, as the second person, a plan that another login asked for. Exits 0, 2 (no journal), 3 (refused)."""
    return _print(approved(options.hash, _at(), options.who))


def approved(digits: str, at: At, name: str = "") -> Report:
    """Record the approval and tell what was approved."""
    person = whoami(at.environ, name)
    stamp = stamper(at.clock.now, person.name, safe(os.uname().nodename, 255), person.facts)

    def record(store: Store) -> Report:
        try:
            draft, plan = approval_of(store.newest(), digits, person, shared=at.place().shared)
        except Refused as error:
            return Report((f"not approved: {error}",), REFUSED)
        (entry,) = store.append([draft], stamp)
        where = " ".join(str(value) for _, value in plan.where)
        steps = tuple(f"  {number}. {operation.title}" for number, operation in enumerate(plan.operations, 1))
        return Report((f"{entry.id} {entry.who} {entry.text}, valid for 5 minutes", f"  {where}", *steps))

    return with_store(at, record)


def _at() -> At:
    clock = SystemClock()
    zone = clock.now().astimezone().tzinfo
    assert zone is not None
    return At(clock=clock, zone=zone)


def _print(report: Report) -> int:
    stream = sys.stderr if report.code else sys.stdout
    stream.write("".join(f"{line}\n" for line in report.lines))
    return report.code
