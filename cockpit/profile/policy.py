"""What a profile asks for before a change is done."""

from typing import Literal

from cockpit.profile.declared import Declared
from cockpit.profile.words import Name, Prose, Tier


class PolicyRule(Declared, frozen=True, kw_only=True):
    """What a change needs before it is done. An empty list matches everything; of all that match the strictest counts.

    It adds to what always holds: the name is typed for what destroys something, and for a service of tier 1.
    """

    need: Literal["confirm", "type name", "second person", "deny", "capture"]
    """second person: another login approves the very plan in a shared journal; capture: nothing goes unless kept."""
    verbs: tuple[Name, ...] = ()
    """restart, scale, ...; a call or action by its name; call, exec, command: whatever does that in a step."""
    tiers: tuple[Tier, ...] = ()
    environments: tuple[Prose, ...] = ()
    danger: Literal["low", "high"] | None = None
    why: Prose = ""
