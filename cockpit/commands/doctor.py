"""`cockpit doctor`: what works here of terminal, multiplexer, engines, permissions and clock; what to do where not."""

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from cockpit.commands.check import settled
from cockpit.commands.clockcheck import clock_findings
from cockpit.commands.tools import output_of

WIDTH = 78


class Finding(Struct, frozen=True):
    """One thing looked at. advice: what to do when it is not ok."""

    state: Literal["ok", "poor", "bad"]
    what: str
    detail: str
    advice: str = ""


def run(options: argparse.Namespace) -> int:
    """Print the findings; exit 0 when nothing is bad, 1 otherwise."""
    glyphs = {"ok": "●", "poor": "▲", "bad": "✗"} if _utf8() else {"ok": "o", "poor": "!", "bad": "x"}
    worst = 0
    for title, look in _LOOKS:
        sys.stdout.write(
            f"── {title} ".ljust(WIDTH, "─") + "\n" if _utf8() else f"-- {title} ".ljust(WIDTH, "-") + "\n"
        )
        for finding in look(options):
            worst = max(worst, finding.state == "bad")
            sys.stdout.write(f" {glyphs[finding.state]} {finding.what:<14} {finding.detail}\n")
            if finding.advice:
                sys.stdout.write(f"   {'':<14} {finding.advice}\n")
    return worst


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def _terminal(_: argparse.Namespace) -> Iterator[Finding]:
    size = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty():
        yield Finding(
            "poor", "terminal", "standard output is no terminal", "run `cockpit doctor` in the terminal you use"
        )
    elif size.columns < 80 or size.lines < 24:
        yield Finding("poor", "size", f"{size.columns}x{size.lines}", "80x24 shows everything; less hides panes")
    else:
        yield Finding("ok", "size", f"{size.columns}x{size.lines}")
    term = os.environ.get("TERM", "")
    if term in ("", "dumb"):
        yield Finding("bad", "TERM", term or "not set", "set TERM to what your terminal is, e.g. xterm-256color")
    else:
        depth = "true colour" if os.environ.get("COLORTERM") in ("truecolor", "24bit") else "256 colours"
        poor = "256color" not in term and not os.environ.get("COLORTERM")
        depth = "16 colours: the ANSI theme is used" if poor else depth
        yield Finding("ok", "TERM", f"{term}, {'no colour (NO_COLOR)' if os.environ.get('NO_COLOR') else depth}")
    if _utf8():
        yield Finding("ok", "characters", "UTF-8")
    else:
        yield Finding("poor", "characters", f"{sys.stdout.encoding}: ASCII glyphs are used", "export LANG=C.UTF-8")
    yield from _multiplexer(term)
    if os.environ.get("SSH_CONNECTION"):
        yield Finding("ok", "SSH", "mouse is off; `ssh -C` makes the screen's bytes about 15 times fewer")


def _multiplexer(term: str) -> Iterator[Finding]:
    if os.environ.get("TMUX"):
        delay = output_of("tmux", "show-options", "-sv", "escape-time") or "?"
        slow = delay.isdigit() and int(delay) > 50
        advice = "tmux set -s escape-time 10   (Esc waits that long)" if slow else ""
        yield Finding("poor" if slow else "ok", "tmux", f"escape-time {delay} ms", advice)
        clip = output_of("tmux", "show-options", "-sv", "set-clipboard") or "?"
        off = clip == "off"
        yield Finding(
            "poor" if off else "ok", "clipboard", f"set-clipboard {clip}", "tmux set -s set-clipboard on" if off else ""
        )
    elif term.startswith("screen") or os.environ.get("STY"):
        yield Finding(
            "poor", "GNU screen", "the mouse is off and copying to the clipboard does not pass", "tmux can do both"
        )
    else:
        yield Finding(
            "ok", "clipboard", "OSC 52: your terminal must allow it (it does not answer, so it cannot be asked)"
        )


def _engines(options: argparse.Namespace) -> Iterator[Finding]:
    import asyncio

    from cockpit.board.model import Freshness
    from cockpit.commands.common import chosen_parts

    options.file = options.profile
    parts = chosen_parts(options, journal=False, host=False)
    if isinstance(parts, int):
        yield Finding("bad", "profile", f"{options.profile} cannot be used", f"cockpit validate {options.profile}")
        return
    snapshot = asyncio.run(settled(parts, 8.0))
    for source in snapshot.sources:
        live = source.freshness is Freshness.LIVE
        count = sum(1 for s in snapshot.services for w in s.workloads if w.source == source.name)
        yield Finding(
            "ok" if live else "bad", source.name, f"{source.label}: {count} workloads" if live else source.why
        )
    if not snapshot.sources:
        yield Finding("poor", "engines", "none is declared or reachable here", "name one in a profile: cockpit init")


def _tools(_: argparse.Namespace) -> Iterator[Finding]:
    wanted = {
        "docker": "ssh:// engines and Compose's own command lines",
        "ssh": "ssh:// engines",
        "kubectl": "command lines shown",
    }
    for tool, use in wanted.items():
        path = shutil.which(tool)
        yield Finding("ok" if path else "poor", tool, path or "not found", "" if path else f"needed for: {use}")


def _state(options: argparse.Namespace) -> Iterator[Finding]:
    from cockpit.board.clock import SystemClock
    from cockpit.incident.errors import JournalError
    from cockpit.incident.people import whoami
    from cockpit.incident.place import prepare, state_directory

    person = whoami(os.environ, options.who)
    yield Finding("ok", "you are", f"{person.name}{f' from {person.address}' if person.address else ''}")
    directory = state_directory(os.environ)
    try:
        place = prepare(directory)
    except JournalError as error:
        yield Finding("bad", "journal", str(error))
        return
    others = "shared with its group" if place.shared else "private: others do not see this"
    free = shutil.disk_usage(place.directory).free
    low = free < 100 * 2**20
    yield Finding("bad" if low else "ok", "journal", f"{place.directory}, {others}, {free // 2**20} MiB free",
                  "make room: entries need a few MiB" if low else "")  # fmt: skip
    yield from (Finding(*found) for found in clock_findings(SystemClock()))


_LOOKS: tuple[tuple[str, Callable[[argparse.Namespace], Iterator[Finding]]], ...] = (
    ("Terminal", _terminal),
    ("What is watched from here", _engines),
    ("Tools", _tools),
    ("Record and clock", _state),
)
