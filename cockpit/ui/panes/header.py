"""The header that never lies: what is watched, how it stands, how fresh that is. On every screen and dialog."""

from collections import Counter
from datetime import datetime

from cockpit.board.model import Freshness, State
from cockpit.board.snapshot import Snapshot, SourceStatus
from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span, ends
from cockpit.ui.dialogs.plantext import plan_words
from cockpit.ui.format import age, clock, since
from cockpit.ui.look import Look
from cockpit.ui.theme import FRESHNESS, state_style
from cockpit.ui.widgets.lines import LineWidget

_WORDS = {State.NOT_WATCHED: "not watched"}
_ORDER = (State.DOWN, State.DEGRADED, State.UNKNOWN, State.STARTING, State.PAUSED, State.NOT_WATCHED, State.OK)


def header_lines(look: Look, frame: Frame, now: datetime, stale_for: float | None, width: int) -> tuple[Line, Line]:
    """The two lines: who and where, and how it stands. stale_for: seconds without a sign of life of the engine."""
    return (
        ends(_what(look, frame), _right(look, frame, now), width, look.end),
        ends(_states(look, frame, stale_for), _fresh(look, frame, now, stale_for), width, look.end),
    )


def _what(look: Look, frame: Frame) -> Line:
    snapshot = frame.snapshot
    spans = [Span(" " + (snapshot.profile or "cockpit"), "strong")]
    labels = [look.name(source.label) if look.sharing else source.label for source in _backends(snapshot)]
    if labels:
        spans.append(Span("  " + ", ".join(labels[:3]) + (f" +{len(labels) - 3}" if len(labels) > 3 else ""), "text"))
    return Line(tuple(spans), "bar")


def _backends(snapshot: Snapshot) -> list[SourceStatus]:
    named = [source for source in snapshot.sources if source.kind not in ("host", "probe", "probes")]
    return named or list(snapshot.sources)


def _right(look: Look, frame: Frame, now: datetime) -> Line:
    spans: list[Span] = []
    for operation in frame.operations:
        if operation.phase != "ended":
            spent = age((now - operation.started_at).total_seconds())
            spans.append(Span(f" {look.glyphs.running} {plan_words(operation.plan)} {spent} ", "key"))
    if frame.temporary:
        spans.append(Span(f" {len(frame.temporary)} temporary ", "warning"))
    if frame.replay:
        spans.append(Span(f" replay {frame.replay} ", "warning"))
    if frame.demo:
        spans.append(Span(" demo ", "starting"))
    if frame.read_only:
        spans.append(Span(" read-only ", "warning"))
    spans.append(Span(f" {clock(now, look.utc)} ", "strong"))
    return Line(tuple(spans), "bar")


def _states(look: Look, frame: Frame, stale_for: float | None) -> Line:
    if stale_for is not None:
        text = f" {look.glyphs.unknown} all of this is old: the engine has not answered for {age(stale_for)}"
        return Line((Span(text, "down"),), "alarm")
    counts = Counter(service.state for service in frame.snapshot.services)
    spans: list[Span] = []
    for state in _ORDER:
        if counts[state]:
            word = _WORDS.get(state, state.value)
            spans.append(Span(f" {look.glyphs.state(state)} {counts[state]} {word} ", state_style(state)))
    if not spans:
        spans.append(Span(" no service yet", "dim"))
    for notice in frame.notices[:1]:
        spans.append(Span(f" {look.text(notice)}", "warning"))
    return Line(tuple(spans), "bar")


def _fresh(look: Look, frame: Frame, now: datetime, stale_for: float | None) -> Line:
    if stale_for is not None:
        return Line()
    sources = frame.snapshot.sources
    bad = [source for source in sources if source.freshness is not Freshness.LIVE]
    lost = [source for source in bad if source.freshness is Freshness.LOST] or bad
    if lost:
        first = lost[0]
        more = f" +{len(bad) - 1}" if len(bad) > 1 else ""
        name = look.name(first.label) if look.sharing else first.label
        text = f" {name} {first.freshness.value} {since(now, first.since)}{more} "
        return Line((Span(text, FRESHNESS[first.freshness]),), "bar")
    if not sources:
        return Line((Span(" waiting for the first answer ", "dim"),), "bar")
    if any(source.why for source in sources):
        return Line((Span(" live, partly: x says why ", "warning"),), "bar")
    return Line((Span(" live ", "ok"),), "bar")


class Header(LineWidget):
    """Two lines at the top of every screen."""

    def draw(self) -> tuple[Line, ...]:
        """For the newest frame."""
        cockpit = self.cockpit
        return header_lines(self.look, cockpit.frame, cockpit.now, cockpit.stale_for, self.size.width)
