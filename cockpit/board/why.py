"""The words for what is wrong: short, most telling part first. Moments are written in UTC with their "Z"."""

import re
import signal
from datetime import datetime

from cockpit.board.freshness import LISTING
from cockpit.board.history import Past
from cockpit.board.model import Freshness, Instance, Reading, ReadingState
from cockpit.board.snapshot import SourceStatus

_SIGNALS = {one.value: one.name for one in signal.Signals}
_PULL = re.compile(r"(?i)\b(pull|manifest|image|registry|no such image)")
_IMAGE = re.compile(r"(?i)(?:[\w.-]+: )?image")
_PROBE = re.compile(r"(?:readiness|liveness|startup) probe ")
_PATH = re.compile(r"^[A-Z]{3,8} (?:[a-z]+://)?+[^/\s]*+(/[^\s?]*)")
_PORT = re.compile(r":(\d{1,5})\b")
ROLLOUT = "rollout"
"""A change of which nothing more is known than that it was made then."""
_JUST = 10.0
"""Seconds."""


def moment(at: datetime) -> str:
    """A moment as it stands in a reason: "14:27:45Z"."""
    return f"{at:%H:%M:%S}Z"


def exit_words(code: int | None, oom_killed: bool) -> str:
    """How a run ended: "OOM killed, 137", "exit 137 (SIGKILL)", "exit 1"."""
    if oom_killed:
        return f"OOM killed, {code}" if code is not None else "OOM killed"
    if code is None:
        return "ended, exit code not known"
    name = _SIGNALS.get(code - 128) if code > 128 else None
    return f"exit {code} ({name})" if name else f"exit {code}"


def end_said(code: int | None, oom_killed: bool, said: str) -> str:
    """How a run ended and what it said of it: "exit 1: FATAL no configuration". Out of memory says all by itself."""
    words = exit_words(code, oom_killed)
    return f"{words}: {said}" if said and not oom_killed else words


def ended(instance: Instance, past: Past) -> str:
    """Why an instance does not run any more."""
    if instance.error:
        return start_error(instance)
    words = _of(instance, exit_words(instance.exit_code, bool(instance.oom_killed)))
    if instance.exit_code == 0:
        words = "stopped, exit 0"
    return f"{words}, {_times(past, instance)}" if past.restarts else words


def restarting(instance: Instance, past: Past) -> str:
    """A crash loop: "exit 1: FATAL no configuration, restarted 7x in 3 min"."""
    running = instance.exit_code is None or _runs(instance)
    code = past.exit_code if running and past.exit_code is not None else instance.exit_code
    oom = past.oom_killed or bool(instance.oom_killed)
    known = oom or code not in (None, 0)
    said = str(instance.error) or past.said
    parts = [_of(instance, end_said(code, oom, said))] if known else []
    times = _times(past, instance)
    return ", ".join([*parts, times] if times else parts) or "restarting"


def _runs(instance: Instance) -> bool:
    """Whether its present run began after the last that ended, whose exit code it may still carry as 0."""
    started, finished = instance.started_at, instance.finished_at
    return started is not None and (finished is None or finished < started)


def _of(instance: Instance, words: str) -> str:
    """Of one container of several."""
    return f"{instance.part}: {words}" if instance.part else words


def start_error(instance: Instance) -> str:
    """Why an instance could not be started: "image pull: ..." when it was that."""
    error = str(instance.error)
    return f"image pull: {error}" if _PULL.search(error) and not _IMAGE.match(error) else error


def unhealthy(instance: Instance) -> str:
    """What the health check last said."""
    if not instance.health_detail:
        return "unhealthy"
    return instance.health_detail if _PROBE.match(instance.health_detail) else f"unhealthy: {instance.health_detail}"


def never_healthy(instance: Instance) -> str:
    """A health check that has not passed since it started, what it says first."""
    words = "its health check has not passed since it started"
    return f"{instance.health_detail}: {words}" if instance.health_detail else words


def probe(reading: Reading) -> str:
    """A probe and its answer: "http /health 503 Service Unavailable", "tcp 5432 connection refused"."""
    found = (_PATH if reading.kind == "http" else _PORT).search(reading.target)
    what = found.group(1) if found and reading.kind in ("http", "tcp") else reading.probe
    said = reading.detail or (f"{reading.latency_ms:.0f} ms" if reading.latency_ms is not None else "")
    state = "" if said or reading.state is ReadingState.OK else str(reading.state)
    return " ".join(part for part in (reading.kind, what, said, state) if part)


def silent_probe(reading: Reading, freshness: Freshness) -> str:
    """A probe that has not been heard of for too long."""
    return f"{reading.kind} {reading.probe}: {freshness}, last answer {moment(reading.at)}"


def silence(source: SourceStatus | None, name: str) -> str:
    """A source that does not answer: "no answer from docker:prod-1 since 14:02:11Z (connection refused)"."""
    if source is None:
        return f"nothing heard of {name} yet"
    label = source.label or name
    if source.why == LISTING:
        return f"{label} {LISTING}"
    if source.heard_at is None:
        return f"{label} has not answered yet" + (f" ({source.why})" if source.freshness is Freshness.LOST else "")
    because = f" ({source.why})" if source.why else ""
    return f"no answer from {label} since {moment(source.heard_at)}{because}"


def threshold(metric: str, value: float, unit: str, limit: float, *, below: bool) -> str:
    """A number that is bad: "cpu 91 % > 85 %"."""
    sign = "<" if below else ">"
    suffix = f" {unit}" if unit else ""
    return f"{metric} {number(value)}{suffix} {sign} {number(limit)}{suffix}"


def dependency(name: str, state: str, since: datetime | None) -> str:
    """The dependency that failed first: "postgres is down since 14:27:45Z"."""
    return f"{name} is {state} since {moment(since)}" if since else f"{name} is {state}"


def several(count: int, reason: str) -> str:
    """One reason that holds for several instances."""
    return f"{reason} ({count}x)" if count > 1 else reason


def _times(past: Past, instance: Instance) -> str:
    seen = sum(number for _, number in past.restarts)
    if not seen:
        return f"restarted {instance.restarts}x" if instance.restarts else ""
    span = (past.restarts[-1][0] - past.restarts[0][0]).total_seconds()
    minutes = max(1, -(-int(span) // 60))
    return f"restarted {seen}x in {minutes} min"


def short_image(image: str) -> str:
    """An image without its registry: "web:2.5.0"; of one that only a digest names the first twelve digits."""
    name, _, digest = image.partition("@")
    name = name.rpartition("/")[2]
    return name if ":" in name or not digest else f"{name}@{digest.partition(':')[2][:12]}"


def images(old: str, new: str) -> str:
    """What became of an image: "web:2.4.1 -> 2.5.0"; the whole name again where more than its tag differs."""
    before, after = short_image(old), short_image(new)
    name, _, tag = after.partition(":")
    return f"{before} -> {tag}" if tag and before.partition(":")[0] == name else f"{before} -> {after}"


def rollout(old: str, new: str) -> str:
    """A rollout by its images: "rollout web:2.4.1 -> 2.5.0"; of one name with other contents "rollout web:latest"."""
    return f"rollout {short_image(new)}" if old in ("", new) else f"rollout {images(old, new)}"


def after(change: str, seconds: float) -> str:
    """That something began after a change, in words that claim no more: "5 m after rollout web:2.4.1 -> 2.5.0"."""
    if seconds < _JUST:
        return f"just after {change}"
    ago = f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} m"
    return f"{ago} after {change}"


def number(value: float) -> str:
    """A measured number, as exact as a reader needs: "91", "6.2", "0.21", "0.0003"."""
    if abs(value) >= 10 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"
