"""What a cluster holds beside workloads, read on demand: kinds of objects, their lists as tables, one as text."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from cockpit.board.ages import AGED
from cockpit.board.model import Instance, SafeText

PAGE = 500
"""Rows of one page at most."""
Form = Literal["describe", "yaml"]
"""How an object is shown: what a reader wants to know of it with the events about it, or all of it as YAML."""


class ObjectKind(Struct, frozen=True, kw_only=True):
    """One kind of object that can be listed, as the cluster's discovery tells it. group: empty for the core's.

    watched: whether the cluster tells what happens to them.
    """

    group: SafeText
    version: SafeText
    plural: SafeText
    singular: SafeText
    kind: SafeText
    namespaced: bool = True
    watched: bool = False
    short: tuple[SafeText, ...] = ()

    @property
    def qualified(self) -> str:
        """As a role names it, and as it is found again: "deployments.apps"."""
        return f"{self.plural}.{self.group}" if self.group else str(self.plural)

    @property
    def names(self) -> tuple[str, ...]:
        """Every word that means it, the plural first."""
        words = (self.plural, *self.short, self.singular, self.kind.lower())
        return tuple(dict.fromkeys(word for word in words if word))


class ObjectColumn(Struct, frozen=True):
    """One column of a list. wide: only where there is room; number: its cells are numbers; name: the objects' own."""

    title: SafeText
    wide: bool = False
    number: bool = False
    name: bool = False

    @property
    def aged(self) -> bool:
        """Whether its cells are ages, as they were when their row was read."""
        return self.title.lower() in AGED


class ObjectOwner(Struct, frozen=True):
    """What keeps an object as it is. kind: as it is found ("replicasets.apps" or "replicaset")."""

    kind: str
    name: str


class ObjectRow(Struct, frozen=True):
    """One object of a list: a cell for each column. fault: None where nothing in its row tells.

    space: its namespace, empty for what has none; at: when its cells were as they are, by the clock of this machine.
    """

    space: SafeText
    name: SafeText
    uid: SafeText
    cells: tuple[SafeText, ...]
    fault: bool | None = None
    at: datetime | None = None
    owner: ObjectOwner | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Its identity: one that is made anew under the same name is another."""
        return (self.space, self.name, self.uid)


Since = tuple[int, str]
"""A place in what happens to a list: in which of its namespaces, and after which version of the cluster."""


class ObjectPage(Struct, frozen=True, kw_only=True):
    """One page of a list. token: what asks for the next one, empty at the end. remaining: how many follow, if told.

    spaces: which namespaces are listed, none for all of them; expired: the list changed too much to go on with it,
    it has to be read again from its beginning; since: from where what happens to them can be told.
    """

    kind: ObjectKind
    at: datetime
    spaces: tuple[SafeText, ...] = ()
    columns: tuple[ObjectColumn, ...] = ()
    rows: tuple[ObjectRow, ...] = ()
    token: str = ""
    remaining: int | None = None
    expired: bool = False
    since: Since | None = None


class ObjectChanges(Struct, frozen=True, kw_only=True):
    """What has happened to the objects of a list. rows: as new or changed ones are now; gone: keys of those that went.

    columns: of the rows, empty while there are none; since: from where it goes on.
    """

    at: datetime
    since: Since
    columns: tuple[ObjectColumn, ...] = ()
    rows: tuple[ObjectRow, ...] = ()
    gone: tuple[tuple[str, str, str], ...] = ()


class ObjectQuery(Struct, frozen=True, kw_only=True):
    """What is to be listed. kind: any of its names; space: None where the profile looks, empty for all namespaces.

    labels: a selector ("app=web,tier!=db"); token: of the page before.
    """

    kind: str
    space: str | None = None
    labels: str = ""
    token: str = ""


class ObjectRef(Struct, frozen=True):
    """One object of a source's cluster. kind: any of its names; space: empty for what has none."""

    source: str
    kind: str
    space: str
    name: str


class Catalogue(Protocol):
    """Reads what a cluster holds. SourceError says in one line why something cannot be read."""

    async def kinds(self) -> tuple[ObjectKind, ...]:
        """Every kind that can be listed; asked once, then remembered."""
        ...

    async def page(self, query: ObjectQuery) -> ObjectPage:
        """One page of a list."""
        ...

    async def watch(self, query: ObjectQuery, since: tuple[Since, ...], take: Callable[[ObjectChanges], None]) -> None:
        """Tell what happens to a list, until it has to be read anew. take: called at once when the watch stands."""
        ...

    async def show(self, kind: str, space: str, name: str, form: Form) -> SafeText:
        """One object. Secrets' values and those of variables are masked."""
        ...

    async def instances(self, one: ObjectRef) -> tuple[Instance, ...]:
        """The pods of an object, or it itself, whether or not a service runs on them; none when it is gone.

        SourceError for what has no pods. The source reads their logs.
        """
        ...


@runtime_checkable
class Catalogued(Protocol):
    """A source that has a catalogue."""

    @property
    def catalogue(self) -> Catalogue:
        """What it can list."""
        ...
