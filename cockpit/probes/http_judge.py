"""What an HTTP answer means for a probe: a pure function of the profile's words and what came back."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec

from cockpit.board.model import Component, ReadingState, SafeText
from cockpit.probes import components, jsonpath
from cockpit.probes.ask import Answer, CannotAsk
from cockpit.probes.http_fetch import Received
from cockpit.probes.regex import matches
from cockpit.profile.probes import HttpProbe

Clean = Callable[[str, int], SafeText]
HEAD = 80
"""Characters of an unexpected answer that are shown."""

_NOTHING: Any = object()


def expected_statuses(patterns: tuple[str, ...]) -> frozenset[int]:
    """All statuses that ("200-299", "404", "3xx") allow. CannotAsk names a pattern that is none of these forms."""
    found: set[int] = set()
    for pattern in patterns:
        low, _, high = pattern.lower().partition("-")
        if len(low) == 3 and low.endswith("xx") and low[0].isdigit() and not high:
            low, high = f"{low[0]}00", f"{low[0]}99"
        if not low.strip().isdigit() or (high and not high.strip().isdigit()):
            raise CannotAsk(f"status {pattern!r} is not a status, a range like 200-299 or a class like 2xx")
        found.update(range(max(100, int(low)), min(599, int(high or low)) + 1))
    return frozenset(found)


def judge(spec: HttpProbe, received: Received, clean: Clean) -> Answer:
    """The answer's state, why, and the components its body lists. Slowness and samples are judged elsewhere."""
    document, unreadable = _document(received)
    parts = _parts(spec, document, clean)
    if received.status not in expected_statuses(spec.status):
        state, detail = ReadingState.DOWN, _unexpected(received, parts)
    else:
        state, detail = _content(spec, received, document, unreadable)
        if state is ReadingState.OK and not spec.json:
            state, detail = _said(detail, document, parts)
    return Answer(state=state, detail=detail, body=received.body, cut=received.cut, components=parts)


def _document(received: Received) -> tuple[Any, str]:
    """The body as JSON, or why it is not."""
    if received.cut:
        return _NOTHING, f"the answer is larger than {len(received.body) // 1024} KiB"
    try:
        return msgspec.json.decode(received.body), ""
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return _NOTHING, f"the answer is not JSON: {error}" if received.body else "the answer is empty"


def _parts(spec: HttpProbe, document: Any, clean: Clean) -> tuple[Component, ...]:
    if document is _NOTHING:
        return ()
    if not spec.components:
        return components.found(document, clean)
    try:
        return components.listed(jsonpath.get(document, spec.components), clean)
    except jsonpath.PathError:
        return ()


def _unexpected(received: Received, parts: tuple[Component, ...]) -> str:
    bad = _named(parts)
    text = bad or " ".join(received.body[: HEAD * 8].decode("utf-8", "replace").split())
    if not text:
        text = next((entry.phrase for entry in HTTPStatus if entry == received.status), "")
    where = f" to {received.location[:60]}" if received.location else ""
    cut = "…" if len(text) > HEAD else ""
    return f"HTTP {received.status}{where} {text[:HEAD]}{cut}".rstrip()


def _content(spec: HttpProbe, received: Received, document: Any, unreadable: str) -> tuple[ReadingState, str]:
    """The declared checks of the body, in order; the first that fails is the reason."""
    ok = f"HTTP {received.status}"
    if spec.matches and not matches(spec.matches, received.body):
        if received.cut:
            return ReadingState.UNKNOWN, f"{ok}, but {unreadable}, and its beginning does not match {spec.matches!r}"
        return ReadingState.DOWN, f"{ok}, but it does not match {spec.matches!r}"
    if not spec.json:
        return ReadingState.OK, ok
    if document is _NOTHING:
        return (ReadingState.UNKNOWN if received.cut else ReadingState.DOWN), f"{ok}, but {unreadable}"
    for path, wanted in spec.json.items():
        try:
            value = jsonpath.get(document, path)
        except jsonpath.PathError as error:
            return ReadingState.DOWN, f"{ok}, but {error}"
        if not _same(value, wanted):
            return ReadingState.DOWN, f"{ok}, but {path} is {_brief(value)}, not {_brief(wanted)}"
    return ReadingState.OK, ok


def _said(ok: str, document: Any, parts: tuple[Component, ...]) -> tuple[ReadingState, str]:
    """A status that says all is well, over a body that says it is not, is degraded."""
    bad = _named(parts)
    overall = components.overall(document) if document is not _NOTHING else None
    if bad:
        return ReadingState.DEGRADED, f"{ok}, but {bad}"
    if overall in (ReadingState.DOWN, ReadingState.DEGRADED):
        return ReadingState.DEGRADED, f"{ok}, but it says {_brief(components.word(document))}"
    return ReadingState.OK, ok


def _named(parts: tuple[Component, ...]) -> str:
    """The components that are not well, the worst first: "redis down: timeout, queue degraded"."""
    bad = [part for part in parts if part.state in (ReadingState.DOWN, ReadingState.DEGRADED)]
    bad.sort(key=lambda part: part.state is not ReadingState.DOWN)
    texts = [f"{part.name} {part.state}{f': {part.detail}' if part.detail else ''}" for part in bad[:3]]
    if len(bad) > 3:
        texts.append(f"{len(bad) - 3} more")
    return ", ".join(texts)


def _same(value: Any, wanted: Any) -> bool:
    """Equality in which true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _brief(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 40 else f"{text[:39]}…"
