"""What supports an entry of the timeline, as its facts: marked log lines, a probe's answer, a capture."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from cockpit.board.snapshot import ProbeStatus
from cockpit.incident.timeline import Row
from cockpit.logs.line import LogLine
from cockpit.ui.format import milliseconds, moment, plural

MOST_LINES, LONGEST = 40, 400
"""Log lines that are kept with an entry, and characters of each: 16 kB a link at most."""
CAPTURES = 50

Facts = tuple[tuple[str, str], ...]


class Evidence(Struct, frozen=True):
    """A link: what it is in words, and the thing itself as facts."""

    text: str
    facts: Facts


def of_lines(lines: Sequence[LogLine], label: str) -> Evidence:
    """Log lines, in their order; what is beyond the bounds is counted."""
    times = [line.at for line in lines if line.at is not None]
    first, last = (min(times), max(times)) if times else (None, None)
    kept = lines[:MOST_LINES]
    facts = [("log", label), ("from", _iso(first)), ("to", _iso(last))]
    facts += [("line", f"{moment(line.at, True, True)}Z {line.source} {_short(line.text)}") for line in kept]
    if len(lines) > len(kept):
        facts.append(("left out", plural(len(lines) - len(kept), "more line")))
    span = f", {moment(first)}Z to {moment(last)}Z" if first and last else ""
    return Evidence(f"{plural(len(lines), 'line')} of the log of {label}{span}", tuple(facts))


def of_reading(service: str, status: ProbeStatus) -> Evidence:
    """What a probe said last."""
    reading = status.reading
    facts = (
        ("service", service), ("probe", reading.probe), ("asked", str(reading.target)), ("at", _iso(reading.at)),
        ("state", reading.state.value), ("took", milliseconds(reading.latency_ms)), ("answer", str(reading.detail)),
    )  # fmt: skip
    said = f" {reading.detail}" if reading.detail else ""
    return Evidence(f"probe {reading.probe} of {service} at {moment(reading.at)}Z: {reading.state.value}{said}", facts)


def captures(rows: Sequence[Row]) -> list[Evidence]:
    """What was captured so far, the newest first: every result that says what was kept."""
    found: list[Evidence] = []
    for row in reversed(rows):
        for entry in reversed((row.entry, *row.parts)):
            facts = tuple((name, value) for name, value in entry.facts if name == "kept")
            if entry.kind == "result" and facts:
                found.append(Evidence(f"capture of {moment(entry.happened)}Z: {entry.text}", facts))
            if len(found) >= CAPTURES:
                return found
    return found


def _iso(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="milliseconds")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
