"""What each style name looks like. Colour is never the only carrier: every state has a glyph and a word as well.

Colours are numbers of the 256-colour table: 10 bytes where a 24-bit one takes 17, and the same on every terminal.
"""

import os
from collections.abc import Mapping

from rich.color import Color
from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from cockpit.board.model import Freshness, ReadingState, State
from cockpit.logs.line import Level
from cockpit.ui.settings import ThemeName

STYLES = (
    "text",
    "strong",
    "dim",
    "title",
    "rule",
    "key",
    "down",
    "error",
    "degraded",
    "unknown",
    "ok",
    "starting",
    "paused",
    "not_watched",
    "warning",
    "match",
    "mark",
    "button",
    "focus",
)
BASES = ("", "selected", "bar", "alarm")

_DARK = {
    "text": "252",
    "strong": "bold 255",
    "dim": "245",
    "title": "bold 252",
    "rule": "240",
    "key": "bold 222",
    "down": "bold 203",
    "error": "203",
    "degraded": "215",
    "unknown": "177",
    "ok": "114",
    "starting": "80",
    "paused": "110",
    "not_watched": "245",
    "warning": "bold 215",
    "match": "bold 220",
    "mark": "bold 220",
    "button": "252",
    "focus": "reverse bold 255",
}
_LIGHT = {
    "text": "235",
    "strong": "bold 232",
    "dim": "242",
    "title": "bold 235",
    "rule": "247",
    "key": "bold 25",
    "down": "bold 160",
    "error": "160",
    "degraded": "130",
    "unknown": "91",
    "ok": "28",
    "starting": "30",
    "paused": "25",
    "not_watched": "242",
    "warning": "bold 130",
    "match": "bold 127",
    "mark": "bold 127",
    "button": "235",
    "focus": "reverse bold 232",
}
_ANSI = {
    "strong": "bold",
    "dim": "dim",
    "title": "bold",
    "rule": "dim",
    "key": "bold",
    "down": "bold 1",
    "error": "1",
    "degraded": "3",
    "unknown": "5",
    "ok": "2",
    "starting": "6",
    "paused": "4",
    "not_watched": "dim",
    "warning": "bold 3",
    "match": "bold 3",
    "mark": "bold 3",
    "focus": "reverse bold",
}
_NONE = {
    "strong": "bold",
    "title": "bold",
    "key": "bold",
    "down": "bold",
    "degraded": "bold",
    "warning": "bold",
    "match": "bold underline",
    "mark": "bold",
    "focus": "reverse",
}
_FOREGROUNDS = {"dark": _DARK, "light": _LIGHT, "ansi": _ANSI, "none": _NONE}
_BACKGROUNDS: dict[str, dict[str, str]] = {
    "dark": {"": "233", "selected": "237", "bar": "235", "alarm": "52"},
    "light": {"": "255", "selected": "252", "bar": "253", "alarm": "224"},
    "ansi": {"selected": "reverse", "bar": "", "alarm": "reverse"},
    "none": {"selected": "reverse", "bar": "", "alarm": "reverse"},
}
_SCREEN = {"dark": "#121212", "light": "#eeeeee", "ansi": "ansi_default", "none": "ansi_default"}


class Palette:
    """Styles of one theme by name, over each background."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.screen = _SCREEN[name]
        """The background as CSS writes it."""
        self._styles = {
            (style, base): _style(_FOREGROUNDS[name].get(style, ""), _BACKGROUNDS[name].get(base, ""))
            for style in STYLES
            for base in BASES
        }

    def style(self, name: str, base: str = "") -> Style:
        """The Rich style; KeyError for a name that is not in STYLES."""
        return self._styles[name, base]

    def theme(self) -> Theme:
        """The Textual theme that fits: it only colours what Textual itself draws (inputs, gaps)."""
        ansi = self.screen == "ansi_default"
        text = "ansi_default" if ansi else {"dark": "#d0d0d0", "light": "#262626"}[self.name]
        return Theme(
            name=f"cockpit-{self.name}",
            # Textual turns palette colours into 24-bit ones unless the theme is "ansi".
            ansi=True,
            primary=text,
            foreground=text,
            background=self.screen,
            surface=self.screen,
            panel=self.screen,
            boost=self.screen,
            dark=self.name != "light",
            variables=BUILTIN_THEMES["ansi-light" if self.name == "light" else "ansi-dark"].variables,
        )


def _style(foreground: str, background: str) -> Style:
    words = foreground.split()
    numbers = [word for word in words if word.isdigit()]
    attributes = {word: True for word in words if not word.isdigit()}
    if background == "reverse":
        attributes["reverse"] = not attributes.get("reverse", False)
    # Bold is kept over a reversed background, colours are not: red on red terminals would vanish.
    colour = Color.from_ansi(int(numbers[0])) if numbers and background != "reverse" else None
    behind = Color.from_ansi(int(background)) if background.isdigit() else None
    return Style.from_color(colour, behind) + Style(**attributes)  # type: ignore[arg-type]


def choose(wanted: ThemeName, environ: Mapping[str, str] = os.environ) -> str:
    """The theme's name for this terminal: "dark", "light", "ansi" or "none"."""
    if wanted != "auto":
        return wanted
    if environ.get("NO_COLOR"):
        return "none"
    many = environ.get("COLORTERM") in ("truecolor", "24bit") or "256" in environ.get("TERM", "")
    if not many:
        return "ansi"
    # COLORFGBG ("0;15") is the only hint at a light terminal that needs no query.
    return "light" if environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else "dark"


def state_style(state: State) -> str:
    """The style name of a service's state."""
    return state.name.lower()


def reading_style(state: ReadingState) -> str:
    """The style name of a probe's state."""
    return state.name.lower()


FRESHNESS = {Freshness.LIVE: "dim", Freshness.STALE: "degraded", Freshness.LOST: "down"}
LEVELS = {Level.WARN: "degraded", Level.ERROR: "error", Level.FATAL: "down", Level.DEBUG: "dim", Level.TRACE: "dim"}
