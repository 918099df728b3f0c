"""How the columns of a list of objects are shown: as the cluster titles them, those of events so that they fit."""

from collections.abc import Callable, Mapping, Sequence

from cockpit.board.ages import later, later_within
from cockpit.board.model import SafeText
from cockpit.engine.port import ObjectColumn, ObjectRow
from cockpit.ui.look import Look
from cockpit.ui.widgets.natural import Natural

NEWEST = "last seen"
"""Events come without any order: those seen last are shown first."""
_EVENTS = frozenset({NEWEST, "type", "reason", "object", "message"})
_TITLES = {NEWEST: "SEEN", "type": " "}
_SHORT = {
    "pod": "po", "deployment": "deploy", "replicaset": "rs", "statefulset": "sts", "daemonset": "ds", "cronjob": "cj",
    "horizontalpodautoscaler": "hpa", "poddisruptionbudget": "pdb", "persistentvolumeclaim": "pvc", "ingress": "ing",
    "persistentvolume": "pv", "replicationcontroller": "rc", "service": "svc", "endpointslice": "eps",
}  # fmt: skip
"""What kubectl takes for these kinds too: the name beside them needs the room."""


def _type(look: Look, cell: str) -> str:
    """Whether it warns, in one cell: the words beside it say of what."""
    return " " if cell == "Normal" else look.glyphs.degraded


def _object(_: Look, cell: str) -> str:
    kind, slash, name = cell.partition("/")
    return f"{_SHORT.get(kind, kind)}{slash}{name}"


_CELLS: Mapping[str, Callable[[Look, str], str]] = {"type": _type, "object": _object}


class ObjectColumns:
    """The columns of one list. spaced: its rows are of several namespaces."""

    def __init__(self, columns: Sequence[ObjectColumn], spaced: bool) -> None:
        titles = [one.title.lower() for one in columns]
        events = set(titles) >= _EVENTS
        self.titles = tuple(one.title for one in columns)
        self.spaced = spaced
        self._aged = [one.aged for one in columns]
        self._cells = [_CELLS.get(title) if events else None for title in titles]
        named = [_TITLES.get(title, title.upper()) if events else title.upper() for title in titles]
        space = [Natural("NAMESPACE")] if spaced else []
        own = [
            Natural(title, one.number, one.wide, one.name) for title, one in zip(named, columns, strict=True)
        ]  # fmt: skip
        self.natural = (*space, *own)

    @property
    def first(self) -> int | None:
        """The column that the list is ordered by at first; None: as the cluster gives it."""
        return 0 if self.titles and self.titles[0].lower() == NEWEST else None

    def aged(self, column: int | None) -> bool:
        """Whether a column's cells are ages."""
        return column is not None and column < len(self._aged) and self._aged[column]

    def texts(self, look: Look, row: ObjectRow, spent: float, exact: bool) -> tuple[str, ...]:
        """What stands in a row that was read `spent` seconds ago; exact: its ages to the second."""
        count = len(self.titles)
        # A definition may get other columns between two pages.
        cells = row.cells if len(row.cells) == count else (*row.cells, *[SafeText("-")] * count)[:count]
        told = zip(cells, self._cells, self._aged, strict=True)
        texts = (_text(look, *one, spent, exact) for one in told)
        return (row.space, *texts) if self.spaced else tuple(texts)


def _text(
    look: Look, cell: str, shown: Callable[[Look, str], str] | None, aged: bool, spent: float, exact: bool
) -> str:
    if shown is not None:
        return shown(look, cell)
    return later(cell, spent, exact) if aged else later_within(cell, spent, exact)
