"""How the screen should look and behave; made by the command line, never read from the environment elsewhere."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

ThemeName = Literal["auto", "dark", "light", "ansi", "none"]


class Settings(Struct, frozen=True, kw_only=True):
    """What a run of the screen may be told. `auto` and None: decided from the terminal (`ui.theme`, `ui.glyphs`)."""

    theme: ThemeName = "auto"
    ascii: bool | None = None
    mouse: bool = False
    utc: bool = True
    sharing: bool = False
    """Hosts, addresses, users and secrets masked, and the state in large letters."""
    wall: bool = False
    keymap: Path | None = None
    """A file of `binding id: key` lines that changes keys."""
    ticking: bool = True
    """False: nothing on the screen moves by itself (tests call `CockpitApp.tick`)."""
