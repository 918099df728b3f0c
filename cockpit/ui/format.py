"""Numbers and times as the screen writes them: short, with units, of a width that does not jump."""

from datetime import UTC, datetime

from cockpit.board.model import ReadingState
from cockpit.board.snapshot import Series

UNKNOWN = "-"
"""Not known. Never 0, never an old number without its age."""


def age(seconds: float | None, exact: bool = True) -> str:
    """ "48", "4m12", "3h05", "12d". Not exact: whole 10 s below 10 minutes, whole minutes below an hour.

    Only the selected row and the header are exact: sixty ages that all tick each second would cost 700 bytes of it.
    """
    if seconds is None:
        return UNKNOWN
    whole = max(0, int(seconds))
    if not exact:
        if whole < 10:
            return "<10s"
        whole -= whole % (10 if whole < 600 else 60)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}" if exact or whole < 600 else f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86_400}d"


def since(now: datetime, moment: datetime | None, exact: bool = True, known: bool = True) -> str:
    """The age of `moment`; ">4m10" when only a lower bound is known."""
    if moment is None:
        return UNKNOWN
    text = age((now - moment).total_seconds(), exact)
    return text if known else f">{text.replace('<10s', '0s')}"


def size(value: float | None) -> str:
    """Bytes as "410M", "1.2G": at most four characters."""
    if value is None:
        return UNKNOWN
    for unit in ("B", "K", "M", "G", "T", "P"):
        if value < 999.5 or unit == "P":
            return f"{value:.1f}{unit}" if value < 9.95 and unit not in "BKM" else f"{value:.0f}{unit}"
        value /= 1024
    return UNKNOWN


def percent(value: float | None) -> str:
    """ "91%"; of one core, so more than 100 is possible."""
    return UNKNOWN if value is None else f"{value:.0f}%"


def milliseconds(value: float | None) -> str:
    """ "12ms", "6.2s"."""
    if value is None:
        return UNKNOWN
    if value < 1:
        return f"{value:.1f}ms"
    return f"{value:.0f}ms" if value < 999.5 else f"{value / 1000:.1f}s"


def duration(seconds: float) -> str:
    """How long something took: "0.4 s", "12.0 s", "4m12"."""
    return f"{seconds:.1f} s" if seconds < 100 else age(seconds)


def moment(at: datetime | None, utc: bool = True, millis: bool = False) -> str:
    """The time of day "14:27:52" ("14:27:52.118"); dashes of the same width when there is none."""
    if at is None:
        return "--:--:--.---" if millis else "--:--:--"
    shown = at.astimezone(UTC if utc else None)
    # Not strftime, which imports `time` anew each time: of each line of a log it would be the most expensive part.
    text = f"{shown.hour:02d}:{shown.minute:02d}:{shown.second:02d}"
    return f"{text}.{shown.microsecond // 1000:03d}" if millis else text


def clock(at: datetime, utc: bool = True) -> str:
    """The header's clock with its zone: "14:32Z", "15:32 CET"."""
    shown = at.astimezone(UTC if utc else None)
    return f"{shown:%H:%M}Z" if utc else f"{shown:%H:%M %Z}"


def stamp(at: datetime | None, now: datetime, utc: bool = True) -> str:
    """A moment with its day when that is not today: "14:28:03", "Mar 02 14:28:03"."""
    if at is None:
        return UNKNOWN
    zone = UTC if utc else None
    day = "" if at.astimezone(zone).date() == now.astimezone(zone).date() else f"{at.astimezone(zone):%b %d} "
    return day + moment(at, utc)


def number(value: float | None, unit: str) -> str:
    """A measured number with its unit, in the way that unit is written."""
    if value is None:
        return UNKNOWN
    if unit in ("bytes", "B"):
        return size(value)
    if unit in ("bytes/s", "B/s"):
        return f"{size(value)}/s"
    if unit == "%":
        return percent(value)
    if unit == "ms":
        return milliseconds(value)
    text = f"{value:.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.2g}"
    return f"{text} {unit}".rstrip()


def plural(count: int, word: str, many: str = "") -> str:
    """ "1 instance", "2 instances"."""
    return f"{count} {word}" if count == 1 else f"{count} {many or word + 's'}"


def bars(values: "tuple[float | None, ...]", steps: str, top: float | None = None) -> str:
    """One character a value, low to high; `steps[0]` is the lowest. None (nothing measured) is a blank."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    high = max(top or 0.0, *known) or 1.0
    last = len(steps) - 1
    return "".join(" " if value is None else steps[min(last, round(max(0.0, value) / high * last))] for value in values)


def sparkline(series: Series, width: int, steps: str, top: float | None = None) -> str:
    """The newest `width` values of a series; `top` (a limit) is as high as the highest step."""
    return bars(tuple(series.values[-width:]), steps, top)


def history(past: "tuple[tuple[ReadingState, float | None], ...]", width: int, steps: str, bad: str) -> str:
    """Latencies of a probe's recent readings; a failed one is the glyph `bad`, an unknown one "?"."""
    shown = past[-width:]
    drawn = bars(tuple(latency for _, latency in shown), steps) or " " * len(shown)
    marks = {ReadingState.DOWN: bad, ReadingState.UNKNOWN: "?"}
    return "".join(marks.get(state, step) for (state, _), step in zip(shown, drawn, strict=True))
