"""What the keys do here: from the binding data of the focus chain, as rebound."""

import os
from collections.abc import Sequence

from cockpit.ui.cells import Line, Span, pad
from cockpit.ui.keys import Key
from cockpit.ui.screens.pager import PagerScreen

TITLES = {
    "log": "In a log",
    "timeline": "In the timeline",
    "list": "Moving",
    "pick": "What is selected",
    "object": "The selected object",
    "service": "The selected service",
    "app": "Everywhere",
}
LEGEND = (
    "x/n ready instances of n wanted, RST restarts, >4m10: known for at least that long, - not known",
    "a number that is not live is grey, and its age stands beside it",
)


def help_lines(every: Sequence[Key], scopes: Sequence[str], demo: bool, width: int) -> list[Line]:
    """The keys of some scopes, two columns where there is room."""
    lines: list[Line] = []
    for scope in scopes:
        keys = [key for key in every if key.scope == scope and not key.quiet and (demo or key.id != "drill")]
        if not keys:
            continue
        lines += [Line(), Line((Span(f" {TITLES.get(scope, scope)}", "title"),))]
        lines += _columns(keys, width)
    lines += [Line(), Line((Span(" Reading it", "title"),)), *(Line((Span(f"   {text}", "dim"),)) for text in LEGEND)]
    if os.environ.get("TMUX"):
        advice = "tmux waits 500 ms after Esc: `set -sg escape-time 10` in ~/.tmux.conf mends that"
        lines += [Line(), Line((Span(f" {advice}", "warning"),))]
    return lines[1:]


def _columns(keys: list[Key], width: int) -> list[Line]:
    count = 2 if width >= 100 else 1
    room = width // count
    rows = -(-len(keys) // count)
    lines = []
    for row in range(rows):
        spans: list[Span] = []
        for key in keys[row::rows]:
            spans += [Span(f"   {pad(key.name, 6)}", "key"), Span(pad(key.tip, room - 9), "text")]
        lines.append(Line(tuple(spans)))
    return lines


def help_screen(keys: Sequence[Key], scopes: Sequence[str], demo: bool) -> PagerScreen:
    """The help of a focus chain."""
    return PagerScreen("Keys", lambda width: help_lines(keys, scopes, demo, width))
