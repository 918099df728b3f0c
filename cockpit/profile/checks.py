"""Rules for one value, by the name that `words` gives them. Each returns a complaint, or "" when all is well."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cockpit.profile.expand import malformed, references
from cockpit.profile.issue import shown
from cockpit.profile.words import DURATION, REFERENCE

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SPANS: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_REFERENCE: Final = re.compile(REFERENCE)
_DURATION: Final = re.compile(DURATION)
_ADDRESS: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@\[\]]+):(\d{1,5})")
_JSON_PATH: Final = re.compile(r"\$?(\.?[^.\[\]\"]++|\[-?\d{1,9}\]|\[\"[^\"]*\"\])*")

DURATION_WORDS: Final = "seconds, or 500ms, 30s, 5m, 2h, 1d, 1h30m"


def seconds(text: str) -> float | None:
    """A duration's seconds, None when it is none: "90", "1.5", "500ms", "1h30m"."""
    if len(text) > 32 or not _DURATION.fullmatch(text):
        return None
    spans = _SPANS.findall(text)
    return sum(float(number) * _UNITS[unit] for number, unit in spans) if spans else float(text)


def span(value: float) -> str:
    """Seconds as a duration is written: 0.5 -> "500ms", 5400 -> "1h30m"."""
    if 0 < value < 1:
        return f"{value * 1000:g}ms"
    text, rest = "", value
    for unit in ("d", "h", "m"):
        whole, rest = divmod(rest, _UNITS[unit])
        text += f"{whole:g}{unit}" if whole else ""
    return text + (f"{rest:g}s" if rest or not text else "")


def duration(text: str, rule: Mapping[str, Any]) -> str:
    """A duration within `least` and `most` of its rule."""
    value = seconds(text)
    if value is None:
        return f"{shown(text)} is no duration; allowed: {DURATION_WORDS}"
    if not rule["least"] <= value <= rule["most"]:
        return f"{shown(text)} is out of range; allowed: {span(rule['least'])} to {span(rule['most'])}"
    return ""


def pattern(text: str, _rule: Mapping[str, Any]) -> str:
    """A regular expression that RE2 takes: no backtracking, so no back-references and no look-around."""
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 4 << 20
    try:
        re2.compile(text, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it cannot be read"
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        return f"{shown(text)} is no regular expression: {words}; allowed: RE2 syntax, no look-around or back-reference"
    return ""


def url(text: str, _rule: Mapping[str, Any]) -> str:
    """An http or https URL; one that begins with a reference is judged when it is used."""
    if not text or text.startswith("${"):
        return ""
    from urllib.parse import urlsplit  # 6 ms, for ipaddress comes with it

    try:
        parts = urlsplit(_REFERENCE.sub("1", text))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or re.search(r"\s", text):
        return f"{shown(text)} is no URL; allowed: http://host[:port]/path or https://..."
    return ""


def path(text: str, _rule: Mapping[str, Any]) -> str:
    """The path of a URL."""
    if text.startswith(("/", "${")) and not re.search(r"[\s#]", text):
        return ""
    return f"{shown(text)} is no path; allowed: /health, /ready?full=1 (begins with /, no spaces)"


def file(text: str, _rule: Mapping[str, Any]) -> str:
    """An absolute path: where the cockpit was started must not matter."""
    return "" if not text or text.startswith("/") else f"{shown(text)} is no absolute path; allowed: /run/x.pid"


def relative(text: str, _rule: Mapping[str, Any]) -> str:
    """A path that stays where it begins."""
    if text.startswith("/") or ".." in text.split("/"):
        return f"{shown(text)} leads out of the working copy; allowed: conf/app.toml"
    return ""


def address(text: str, _rule: Mapping[str, Any]) -> str:
    """host:port or [IPv6]:port."""
    match = _ADDRESS.fullmatch(_REFERENCE.sub("1", text))
    if not text or (match and 0 < int(match[2]) <= 65_535):
        return ""
    return f"{shown(text)} is no address; allowed: host:port, [::1]:port"


def status(text: str, _rule: Mapping[str, Any]) -> str:
    """A status code or a range that goes upwards."""
    low, _, high = text.partition("-")
    return f"{shown(text)} goes backwards; allowed: {high}-{low}" if high and high < low else ""


def json_path(text: str, _rule: Mapping[str, Any]) -> str:
    """Keys joined by dots, positions in brackets."""
    if _JSON_PATH.fullmatch(text):
        return ""
    return f'{shown(text)} is no path; allowed: status, checks.db.state, nodes[0].name, data["a.b"]'


def argument(text: str, _rule: Mapping[str, Any]) -> str:
    """One word of a command: shown by `ps` and in an engine's events, so nothing is put into it."""
    if references(text):
        name = references(text)[0]
        return f"${{{name}}} is not replaced in argv, which `ps` shows; put it under environment: and write ${name}"
    return ""


def replaced(text: str) -> str:
    """References that are whole."""
    if malformed(text):
        return f"{shown(text)} holds a broken reference; allowed: ${{NAME}} without a default ($${{ for a plain ${{)"
    return ""


Check = Callable[[str, Mapping[str, Any]], str]

CHECKS: Final[Mapping[str, Check]] = {
    "duration": duration,
    "pattern": pattern,
    "url": url,
    "path": path,
    "file": file,
    "relative": relative,
    "address": address,
    "status": status,
    "json": json_path,
    "argument": argument,
}
