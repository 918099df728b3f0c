"""What a profile wants kept of an instance before it goes, beside its log and description: thread dumps, heap dumps."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from cockpit.profile.declared import Declared
from cockpit.profile.words import Argument, Duration, File, Replaced, Variable, Wait


class Capture(Declared, frozen=True, kw_only=True):
    """A command in the instance; what it prints is kept, or the file that it writes there."""

    argv: Annotated[tuple[Argument, ...], Meta(min_length=1, max_length=64)]
    environment: Mapping[Variable, Replaced] = {}
    """Added to the instance's own; the place for secrets."""
    timeout: Wait = Duration(30)
    file: File = ""
    """A file in the instance that the command writes: it is copied out instead of what is printed."""
    limit: Annotated[int, Meta(ge=1, le=512, description="MiB, 1 to 512")] = 20
    """At most so many MiB are kept."""
