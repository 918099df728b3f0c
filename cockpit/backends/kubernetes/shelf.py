"""What is known of the objects of one kind: reduced to facts as they come in, and swept after a new list."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from cockpit.backends.kubernetes.owners import Key
from cockpit.backends.kubernetes.wire import Meta

Wire = TypeVar("Wire")
Fact = TypeVar("Fact")


class Shelf(Generic[Wire, Fact]):
    """Facts by namespace and name. make: reduces an object; changed: told (key, old, new) of what is other than it was.

    A list is taken in between `begin` and `end`: what it did not name is gone then. space: the namespace that is
    listed, empty for all of them.
    """

    def __init__(
        self, make: Callable[[Wire], Fact], changed: Callable[[Key, Fact | None, Fact | None], None], most: int = 0
    ) -> None:
        """most: so many facts are kept at most, the oldest go; 0: all."""
        self._make, self._changed, self._most = make, changed, most
        self._facts: dict[Key, Fact] = {}
        self._seen: dict[str, set[Key]] = {}
        self.whole: set[str] = set()
        """Namespaces that were listed to their end."""

    @property
    def facts(self) -> Mapping[Key, Fact]:
        """All of them; a view."""
        return self._facts

    def begin(self, space: str) -> None:
        """A list begins, anew."""
        self._seen[space] = set()

    def put(self, space: str, meta: Meta, one: Wire) -> None:
        """An object as it is now."""
        key = (meta.namespace, meta.name)
        if (seen := self._seen.get(space)) is not None:
            seen.add(key)
        old, new = self._facts.get(key), self._make(one)
        if old == new:
            return
        self._facts[key] = new
        self._changed(key, old, new)
        if self._most and len(self._facts) > self._most:
            self.drop(next(iter(self._facts)))

    def replace(self, key: Key, new: Fact) -> None:
        """What is known of an object is other than was thought, though it has not changed."""
        old = self._facts.get(key)
        if old is not None:
            self._facts[key] = new
            self._changed(key, old, new)

    def drop(self, key: Key) -> None:
        """It exists no more."""
        old = self._facts.pop(key, None)
        if old is not None:
            self._changed(key, old, None)

    def end(self, space: str) -> None:
        """The list is whole: what was not in it is gone."""
        seen = self._seen.pop(space, None)
        if seen is None:
            return
        self.whole.add(space)
        for key in [one for one in self._facts if one not in seen and space in ("", one[0])]:
            self.drop(key)
