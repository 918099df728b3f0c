"""How things are drawn in this run: colours, glyphs, zone, what is masked. Drawing functions get one of these."""

import re
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from cockpit.ui.glyphs import Glyphs, glyphs
from cockpit.ui.settings import Settings
from cockpit.ui.theme import Palette, choose

_TELLING = re.compile(
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b"  # IPv4
    r"|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b"  # IPv6
    r"|\b[\w.+-]+@[\w.-]+\w"  # user@host, e-mail
    r"|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|dev|local|internal|cloud|lan|corp|de|eu|uk)\b",  # host names
    re.I,
)


@lru_cache(2048)
def masked(text: str) -> str:
    """`text` with addresses, host names and users replaced by stars of their length: columns stay where they are."""
    return _TELLING.sub(lambda found: "*" * len(found[0]), text)


class Look(Struct, frozen=True, kw_only=True):
    """Everything that decides how a value looks."""

    palette: Palette
    glyphs: Glyphs
    utc: bool = True
    sharing: bool = False

    @property
    def end(self) -> str:
        """What marks a cut."""
        return self.glyphs.more

    def text(self, text: str) -> str:
        """`text` as this reader may see it: in sharing mode addresses, hosts and users are masked."""
        return masked(text) if self.sharing else text

    def name(self, text: str) -> str:
        """The name of a host, engine, account or person: wholly masked in sharing mode."""
        return "*" * min(8, len(text)) if self.sharing else text


def look_of(settings: Settings) -> Look:
    """The look that the settings and the terminal ask for."""
    return Look(
        palette=Palette(choose(settings.theme)),
        glyphs=glyphs(settings.ascii),
        utc=settings.utc,
        sharing=settings.sharing,
    )


def flipped(look: Look, field: str) -> Look:
    """The same look with one of its switches (utc, sharing) turned over."""
    return replace(look, **{field: not getattr(look, field)})
