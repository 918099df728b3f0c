"""The base of everything that a profile declares."""

from msgspec import Struct


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything a profile declares."""
