"""Changes of entries that stand: each is an entry of its own that points at the old one, which stays as it was.

What the cockpit itself recorded may be annotated, pinned, hidden and redacted, never reworded.
"""

from collections.abc import Iterable
from datetime import datetime

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError
from cockpit.incident.store import Stamp, Store

WORDED = frozenset({"note", "decision", "finding", "action", "message"})
"""Kinds that people word; only these can be edited."""

POINTING = frozenset({"edit", "pin", "unpin", "hide", "unhide", "annotate", "evidence", "redact"})
"""Kinds whose `subject` is the id of the entry that they are about; they are no rows of their own."""


def edit(entry: Entry, text: str, happened: datetime | None = None) -> Draft:
    """Other words, another time, or both. Raises JournalError for an entry that the cockpit recorded."""
    if entry.kind not in WORDED:
        raise JournalError(f"entry {entry.id} ({entry.kind}) was recorded by the cockpit: annotate it instead")
    words = safe(text).strip()
    if not words:
        raise JournalError(f"entry {entry.id} would have no words: hide it instead")
    return Draft(kind="edit", text=SafeText(words), subject=str(entry.id), happened=happened or entry.happened)


def mark(entry: Entry, kind: str) -> Draft:
    """pin, unpin, hide or unhide."""
    if kind not in POINTING - {"edit", "annotate", "evidence", "redact"}:
        raise JournalError(f"{kind}: not a mark; pin, unpin, hide and unhide are")
    return Draft(kind=kind, text=safe(f"{kind} entry {entry.id}"), subject=str(entry.id))


def annotate(entry: Entry, text: str) -> Draft:
    """A remark on any entry."""
    words = safe(text).strip()
    if not words:
        raise JournalError("an annotation needs words")
    return Draft(kind="annotate", text=SafeText(words), subject=str(entry.id))


def evidence(entry: Entry, text: str, facts: tuple[tuple[str, str], ...]) -> Draft:
    """Link what supports an entry; `facts` say what and where (log, from, to, sha256, path, ...)."""
    return Draft(kind="evidence", text=safe(text), subject=str(entry.id), facts=facts)


def wordings(entries: Iterable[Entry], number: int) -> list[int]:
    """The ids of all texts that word an entry: itself and its edits."""
    subject = str(number)
    return [entry.id for entry in entries if entry.id == number or (entry.kind == "edit" and entry.subject == subject)]


def redaction(store: Store, number: int, reason: str, stamp: Stamp) -> list[Entry]:
    """Redact an entry and its edits; returns the redaction entries. JournalError when it is not there or was redacted.

    Runs on the thread that owns the store.
    """
    entry = store.by_id(number)
    if entry is None or entry.kind == "redact":
        raise JournalError(f"entry {number} cannot be redacted: {'it is a redaction' if entry else 'there is none'}")
    ids = wordings([entry, *store.of_kind("edit", limit=1_000_000)], number)

    def draft(each: int) -> Draft:
        return Draft(kind="redact", text=SafeText(reason or "redacted"), subject=str(each), unique=f"redact:{each}")

    return store.redact(ids, draft, stamp)
