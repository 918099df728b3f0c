"""Between an `Entry` and its row. Times are stored as ISO 8601 in UTC with microseconds, facts as JSON pairs."""

import secrets
from datetime import UTC, datetime

import msgspec

from cockpit.board.model import SafeText
from cockpit.incident.chain import SALT_BYTES, Columns
from cockpit.incident.entry import Entry

Raw = tuple[int, str, str, str, str, str, str, str, str, bytes, bytes, bytes | None, str | None]
"""The nine columns of the chain, digest, chain, then the body's salt and text."""

PEOPLES = frozenset({"note", "decision", "finding", "action", "message", "approval", "request", "intent"})
"""Kinds that a person is behind: they carry where that person came from."""

REDACTED = SafeText("[redacted]")

_COLUMNS = "e.id, e.happened, e.recorded, e.who, e.host, e.kind, e.subject, e.facts, e.uniq"
SELECT = f"SELECT {_COLUMNS}, b.text FROM entry e LEFT JOIN body b ON b.id = e.id"
RAW = f"SELECT {_COLUMNS}, e.digest, e.chain, b.salt, b.text FROM entry e LEFT JOIN body b ON b.id = e.id ORDER BY e.id"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def new_salt() -> bytes:
    """A fresh salt for one body."""
    return secrets.token_bytes(SALT_BYTES)


def columns_of(entry: Entry) -> Columns:
    """The stored columns of an entry, as the chain covers them."""
    return (
        entry.id, _moment(entry.happened), _moment(entry.recorded), entry.who, entry.host, entry.kind, entry.subject,
        _encode(entry.facts).decode(), entry.unique,
    )  # fmt: skip


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entry_of(row: tuple[int, str, str, str, str, str, str, str, str, str | None]) -> Entry:
    """The entry in a row of `SELECT`; a redacted one reads "[redacted]"."""
    number, happened, recorded, who, host, kind, subject, facts, unique, text = row
    return Entry(
        id=number, happened=datetime.fromisoformat(happened), recorded=datetime.fromisoformat(recorded), who=who,
        host=host, kind=kind, text=REDACTED if text is None else SafeText(text), subject=subject,
        facts=_decode(facts), unique=unique,
    )  # fmt: skip
