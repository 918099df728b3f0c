"""This machine: CPU, memory, swap, disks, load, network, busiest processes. Its name stands on it: it is *this* one."""

from datetime import datetime

from cockpit.board.machine import HostFacts
from cockpit.ui.cells import Line, Span, cut, pad
from cockpit.ui.format import UNKNOWN, percent, since, size
from cockpit.ui.look import Look
from cockpit.ui.theme import reading_style
from cockpit.ui.widgets.lines import LineWidget
from cockpit.ui.widgets.rule import rule

OLD = 15.0
"""Seconds after which the machine's numbers get their age beside them."""


def share(used: float, total: float) -> float | None:
    """Per cent of something that may be empty."""
    return used / total * 100 if total else None


def gauge(look: Look, value: float | None, columns: int) -> Span:
    """A bar of `columns` cells; the number beside it says the same."""
    if value is None:
        return Span(" " * columns, "dim")
    full = max(0, min(columns, round(value / 100 * columns)))
    style = "down" if value >= 95 else "degraded" if value >= 85 else "ok"
    return Span(look.glyphs.bar * full + look.glyphs.rest * (columns - full), style)


def _meter(look: Look, label: str, value: float | None, text: str, columns: int) -> Line:
    room = max(4, min(24, columns - 34))
    return Line(
        (
            Span(f" {pad(cut(label, 12, look.end), 12)} ", "dim"),
            gauge(look, value, room),
            Span(f" {pad(percent(value), 4, right=True)}  "),
            Span(text, "dim"),
        )
    )


def host_lines(look: Look, facts: HostFacts | None, at: datetime | None, now: datetime, columns: int) -> list[Line]:
    """Everything of the machine, most telling first; the processes come last."""
    if facts is None:
        return [Line((Span(" not measured yet", "dim"),))]
    lines: list[Line] = []
    if at is not None and (now - at).total_seconds() > OLD:
        lines.append(Line((Span(f" measured {since(now, at)} ago", "degraded"),)))
    for state, finding in facts.findings:
        glyph = look.glyphs.reading(state)
        lines.append(Line((Span(f" {glyph} {look.text(finding)}", reading_style(state)),)))
    lines.append(_meter(look, "cpu", facts.cpu, f"{facts.cores} cores", columns))
    load = " ".join(f"{value:.2f}" for value in facts.load)
    lines.append(Line((Span(f" {pad('load', 12)} ", "dim"), Span(load), Span("  1, 5, 15 min", "dim"))))
    for label, used, total in (
        ("memory", facts.memory_used, facts.memory_total),
        ("swap", facts.swap_used, facts.swap_total),
    ):
        text = f"{size(used)} of {size(total)}" if total else "none"
        lines.append(_meter(look, label, share(used, total), text, columns))
    for disk in facts.disks:
        text = f"{size(disk.total - disk.used)} free"
        if disk.inodes and disk.inodes_used is not None:
            text += f", inodes {percent(share(disk.inodes_used, disk.inodes))}"
        lines.append(_meter(look, disk.mount, share(disk.used, disk.total), text, columns))
    lines.append(
        Line(
            (
                Span(f" {pad('network', 12)} ", "dim"),
                Span(f"in {_rate(facts.net_rx)}  out {_rate(facts.net_tx)}"),
            )
        )
    )
    return lines + _processes(look, facts, columns)


def _rate(value: float | None) -> str:
    return UNKNOWN if value is None else f"{size(value)}/s"


def _processes(look: Look, facts: HostFacts, columns: int) -> list[Line]:
    if not facts.processes:
        return []
    named = max(8, columns - 32)
    head = f" {'PID':>7} {'CPU':>5} {'MEM':>5} {'USER':<8} NAME"
    lines = [Line((Span(cut(head, columns), "dim"),))]
    for process in facts.processes:
        user = look.name(process.user)
        text = f" {process.pid:>7} {percent(process.cpu):>5} {size(process.memory):>5} {pad(user, 8, end=look.end)} "
        lines.append(Line((Span(text, "dim"), Span(cut(process.name, named, look.end)))))
    return lines


class HostPane(LineWidget):
    """The machine that the cockpit runs on."""

    def draw(self) -> list[Line]:
        """Rule and numbers."""
        snapshot = self.cockpit.frame.snapshot
        name = self.look.name(snapshot.host.name) if snapshot.host else ""
        title = f"This machine: {name}" if name else "This machine"
        lines = host_lines(self.look, snapshot.host, snapshot.host_at, self.cockpit.now, self.size.width)
        return [rule(self.look, self.size.width, title), *lines]
