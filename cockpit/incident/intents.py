"""Intents: what somebody is about to change. Open until a verdict of the same run; dangling when its owner ended first.

A run's entries belong together by their unique keys: "intent:RUN", "result:RUN:N", "verdict:RUN".
"""

from collections.abc import Iterable, Mapping

from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import TargetBusy
from cockpit.incident.lease import Session
from cockpit.incident.rows import SELECT, entry_of
from cockpit.incident.store import Stamp, Store

_OPEN = (
    f"{SELECT} WHERE e.kind = 'intent' AND NOT EXISTS"
    " (SELECT 1 FROM entry v WHERE v.uniq = 'verdict:' || substr(e.uniq, 8) AND v.uniq <> '') ORDER BY e.id"
)


def values(entry: Entry, name: str) -> list[str]:
    """Every value that an entry has for a fact."""
    return [value for key, value in entry.facts if key == name]


def fact(entry: Entry, name: str) -> str:
    """The first value of a fact, or nothing."""
    return next((value for key, value in entry.facts if key == name), "")


def run_of(entry: Entry) -> str:
    """The run that an intent, result or verdict belongs to."""
    return entry.unique.split(":")[1] if ":" in entry.unique else ""


def open_intents(store: Store) -> list[Entry]:
    """Intents without a verdict, oldest first."""
    return [entry_of(row) for row in store.connection.execute(_OPEN).fetchall()]


def conflict(intents: Iterable[Entry], owners: Mapping[str, Session], targets: Iterable[str]) -> Entry | None:
    """The open intent of a running cockpit on one of these targets. One whose owner is dead holds nothing."""
    wanted = set(targets)
    for entry in intents:
        if fact(entry, "owner") in owners and wanted.intersection(values(entry, "target")):
            return entry
    return None


def dangling(intents: Iterable[Entry], owners: Mapping[str, Session]) -> list[Entry]:
    """The open intents that nobody will finish."""
    return [entry for entry in intents if fact(entry, "owner") not in owners]


def open_intent(store: Store, draft: Draft, owners: Mapping[str, Session], stamp: Stamp) -> Entry:
    """Check and write in one transaction. The draft's facts name "owner" and each "target".

    Raises TargetBusy (nothing is written) when another running cockpit, or this one, has an open intent on a target.
    """
    targets = [value for name, value in draft.facts if name == "target"]
    with store.transaction():
        other = conflict(open_intents(store), owners, targets)
        if other is not None:
            raise TargetBusy(other.who, other.happened, other.text)
        return store.add(draft, stamp)
