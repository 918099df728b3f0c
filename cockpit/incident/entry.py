"""One row of the timeline, with two times: when it happened and when it was recorded."""

from datetime import datetime

from msgspec import Struct

from cockpit.board.model import SafeText


class Entry(Struct, frozen=True, kw_only=True):
    """An entry as it is stored. Later entries that edit, pin, hide or redact point at it by `subject`.

    id: 1, 2, 3 ...; 0 for one that the journal could not take yet (set aside on disk): shown as "not saved".
    kind: note, decision, finding, action, message, approval, request (people's); state, probe, release, intent,
    result, verdict, system, drill (automatic); edit, pin, unpin, hide, unhide, annotate, evidence, redact (about that
    in `subject`).
    facts: ordered names and values that belong to it (service, plan hash, exit code, ...).
    """

    id: int
    happened: datetime
    recorded: datetime
    who: str
    host: str
    kind: str
    text: SafeText
    subject: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    unique: str = ""
    """A second entry with the same key is not written: what two cockpits see, and what is tried again, stands once."""


class Draft(Struct, frozen=True, kw_only=True):
    """What a writer hands to `Journal.append`; the journal adds id, recorded, who and host."""

    kind: str
    text: SafeText
    happened: datetime | None = None
    subject: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    unique: str = ""
    who: str = ""
