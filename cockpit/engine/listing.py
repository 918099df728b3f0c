"""What the screen may ask of a cluster beyond the board: its kinds, their objects, one object. Read on demand only."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec import Struct

from cockpit.backends.base import Source, SourceError
from cockpit.backends.catalogue import Catalogue, Catalogued, Form, ObjectChanges, ObjectQuery, Since


class ListKinds(Struct, frozen=True):
    """The kinds of objects that a source's cluster serves. Yields tuple[ObjectKind, ...]."""

    source: str


class ListObjects(Struct, frozen=True):
    """One page of the objects of a kind, as the server prints them. Yields ObjectPage."""

    source: str
    query: ObjectQuery


class WatchObjects(Struct, frozen=True, kw_only=True):
    """What happens to a list that was read, until its future is cancelled. Yields None: it has to be read anew.

    since: from where each of its namespaces goes on. take: called in the engine's thread, first when it stands.
    """

    source: str
    query: ObjectQuery
    since: tuple[Since, ...]
    take: Callable[[ObjectChanges], None]


class DescribeObject(Struct, frozen=True, kw_only=True):
    """One object as text, what is secret in it masked. Yields SafeText."""

    source: str
    kind: str
    space: str
    name: str
    form: Form = "describe"


Asked = ListKinds | ListObjects | WatchObjects | DescribeObject


def catalogue_of(sources: Mapping[str, Source], name: str) -> Catalogue:
    """The catalogue of a source. SourceError when it has none."""
    source = sources.get(name)
    if source is None:
        raise SourceError(f"{name} is not watched")
    if not isinstance(source, Catalogued):
        raise SourceError(f"{name} has no kinds of objects to list: only clusters do")
    return source.catalogue


async def _kinds(catalogue: Catalogue, command: ListKinds) -> Any:
    return await catalogue.kinds()


async def _objects(catalogue: Catalogue, command: ListObjects) -> Any:
    return await catalogue.page(command.query)


async def _watch(catalogue: Catalogue, command: WatchObjects) -> Any:
    return await catalogue.watch(command.query, command.since, command.take)


async def _object(catalogue: Catalogue, command: DescribeObject) -> Any:
    return await catalogue.show(command.kind, command.space, command.name, command.form)


ANSWERS: Mapping[type, Callable[[Catalogue, Any], Awaitable[Any]]] = {
    ListKinds: _kinds,
    ListObjects: _objects,
    WatchObjects: _watch,
    DescribeObject: _object,
}
"""Which command does what with a catalogue."""
DEADLINE = 40.0
"""Seconds: above what a client's own deadlines come to, so that its words are heard."""
DEADLINES: Mapping[type, float | None] = {**dict.fromkeys(ANSWERS, DEADLINE), WatchObjects: None}
"""A watch goes on until nobody wants it any more."""
