"""The timeline: entries folded into rows, each as it reads now, with everything that was said about it since.

Curated: what tells the story (without hidden rows and without the steps of a mitigation whose verdict is there).
Raw: every entry as it was recorded.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.incident.edits import POINTING, WORDED
from cockpit.incident.entry import Entry
from cockpit.incident.releases import quiet
from cockpit.incident.rows import REDACTED

RUN_KINDS = frozenset({"intent", "result", "verdict"})


class Wording(Struct, frozen=True):
    """What was said of a row, and the entry that said it: a wording, an annotation, a link, a redaction's reason."""

    entry: Entry
    text: SafeText
    happened: datetime


class Row(Struct, frozen=True, kw_only=True):
    """One row of the timeline. entry: as recorded first; text and happened: as edited last, by the entry `said`.

    locked: recorded by the cockpit, annotated but never reworded. superseded: a step whose verdict has its own row, or
    what was only noted for planning.
    earlier: wordings before this one, oldest first. parts: of a verdict, the intent and results of its run.
    """

    entry: Entry
    said: Entry
    text: SafeText
    happened: datetime
    service: str
    locked: bool
    pinned: bool = False
    hidden: bool = False
    superseded: bool = False
    earlier: tuple[Wording, ...] = ()
    annotations: tuple[Wording, ...] = ()
    evidence: tuple[Wording, ...] = ()
    redaction: Wording | None = None
    parts: tuple[Entry, ...] = ()

    @property
    def saved(self) -> bool:
        """False: only set aside so far, shown as "not saved"."""
        return self.entry.id > 0


def row_of(entry: Entry) -> Row:
    """An entry as it was recorded."""
    service = next((value for name, value in entry.facts if name == "service"), "")
    return Row(
        entry=entry, said=entry, text=entry.text, happened=entry.happened, service=service,
        locked=entry.kind not in WORDED, superseded=quiet(entry),
    )  # fmt: skip


def _edited(row: Row, by: Entry) -> Row:
    if row.locked:
        return row
    earlier = (*row.earlier, Wording(row.said, row.text, row.happened))
    return replace(row, said=by, text=by.text, happened=by.happened, earlier=earlier)


def _wording(entry: Entry) -> Wording:
    return Wording(entry, entry.text, entry.happened)


def _redacted(row: Row, number: int, by: Entry) -> Row:
    """The row without what entry `number` said: a wording goes with all other wordings, a remark alone."""
    wordings = {row.entry.id, row.said.id, *(one.entry.id for one in row.earlier)}
    if number in wordings:
        earlier = tuple(replace(one, text=REDACTED) for one in row.earlier)
        return replace(row, text=REDACTED, earlier=earlier, redaction=_wording(by))

    def without(remarks: tuple[Wording, ...]) -> tuple[Wording, ...]:
        return tuple(replace(one, text=REDACTED) if one.entry.id == number else one for one in remarks)

    return replace(row, annotations=without(row.annotations), evidence=without(row.evidence))


_APPLY: Mapping[str, Callable[[Row, Entry], Row]] = {
    "edit": _edited,
    "pin": lambda row, _: replace(row, pinned=True),
    "unpin": lambda row, _: replace(row, pinned=False),
    "hide": lambda row, _: replace(row, hidden=True),
    "unhide": lambda row, _: replace(row, hidden=False),
    "annotate": lambda row, by: replace(row, annotations=(*row.annotations, _wording(by))),
    "evidence": lambda row, by: replace(row, evidence=(*row.evidence, _wording(by))),
}


class Timeline:
    """A fold that can go on: `add` what is new, then take the rows. The same entries give the same rows."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._rows: dict[int, Row] = {}
        self._about: dict[int, int] = {}
        self._runs: dict[str, list[int]] = {}
        self._unsaved: list[Row] = []
        self._sorted: tuple[Row, ...] | None = None
        self.add(entries)

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in entries, in the order of their ids; one whose id is 0 is shown until `forget_unsaved`."""
        for entry in entries:
            self._sorted = None
            if entry.id == 0:
                self._unsaved.append(row_of(entry))
            elif entry.kind in POINTING:
                self._point(entry)
            else:
                self._rows[entry.id] = row_of(entry)
                if entry.kind in RUN_KINDS:
                    self._run(entry)

    def forget_unsaved(self) -> None:
        """What was set aside has been imported."""
        self._unsaved.clear()
        self._sorted = None

    def rows(self) -> tuple[Row, ...]:
        """Every row, in the order in which things happened."""
        if self._sorted is None:
            rows = [*self._rows.values(), *self._unsaved]
            self._sorted = tuple(sorted(rows, key=lambda row: (row.happened, row.entry.id or 1 << 62)))
        return self._sorted

    def _point(self, entry: Entry) -> None:
        number = int(entry.subject) if entry.subject.isdecimal() else 0
        home = self._about.get(number, number)
        row = self._rows.get(home)
        if row is None:
            return  # older than what is kept here
        self._about[entry.id] = home
        if entry.kind == "redact":
            self._rows[home] = _redacted(row, number, entry)
        elif home == number:
            self._rows[home] = _APPLY[entry.kind](row, entry)

    def _run(self, entry: Entry) -> None:
        name = entry.unique.split(":")[1] if entry.unique.count(":") else ""
        if not name:
            return
        ids = self._runs.setdefault(name, [])
        if entry.kind != "verdict":
            ids.append(entry.id)
            return
        parts = tuple(self._rows[number].entry for number in ids)
        for number in ids:
            self._rows[number] = replace(self._rows[number], superseded=True)
        self._rows[entry.id] = replace(self._rows[entry.id], parts=parts)


def curated(rows: Iterable[Row]) -> tuple[Row, ...]:
    """What tells the story."""
    return tuple(row for row in rows if row.pinned or not (row.hidden or row.superseded))


def recorded(entries: Sequence[Entry]) -> tuple[Row, ...]:
    """The raw view; an entry that was hidden since says so, so that it can be shown again."""
    hidden: dict[str, bool] = {
        entry.subject: entry.kind == "hide" for entry in entries if entry.kind in ("hide", "unhide")
    }
    return tuple(replace(row, hidden=True) if hidden and hidden.get(str(row.entry.id)) else row for row in raw(entries))


def raw(entries: Iterable[Entry]) -> tuple[Row, ...]:
    """Every entry as it was recorded, in that order; what points at another says so."""
    return tuple(
        replace(row_of(entry), text=safe(f"{entry.kind} of entry {entry.subject}: {entry.text}"))
        if entry.kind in POINTING
        else row_of(entry)
        for entry in entries
    )
