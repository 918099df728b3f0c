"""What Textual reads from the environment at import, set before anything imports it; and the settings of this run.

Whatever the reader exported wins. Animations cost bytes and hide what is new; 60 frames a second keep a key's own
paint within 31 ms where 15 took 66 ms; Esc alone must not wait 100 ms.
"""

import argparse
import os
from collections.abc import MutableMapping
from pathlib import Path

from cockpit.ui.settings import Settings

_WANTED = {
    "TEXTUAL_ANIMATIONS": "none",
    "TEXTUAL_FPS": "60",
    "TEXTUAL_SMOOTH_SCROLL": "0",
    "TEXTUAL_DISABLE_KITTY_KEY": "1",
    "ESCDELAY": "25",  # a key's sequence comes in one piece; Esc itself waits for so long
}


def set_defaults(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet. Without effect once Textual is imported."""
    for name, value in _WANTED.items():
        environ.setdefault(name, value)


def prepare(options: argparse.Namespace) -> Settings:
    """The settings that the command line asks for (theme, ascii, mouse, share); loads no Textual."""
    set_defaults()
    return Settings(
        theme=getattr(options, "theme", "auto"),
        ascii=True if getattr(options, "ascii", False) else None,
        mouse=bool(getattr(options, "mouse", False)),
        sharing=bool(getattr(options, "share", False)),
        keymap=keymap_file(),
    )


def keymap_file() -> Path | None:
    """The reader's own keys, if there are any: $XDG_CONFIG_HOME/cockpit/keys."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    found = Path(base, "cockpit", "keys")
    return found if found.is_file() else None
