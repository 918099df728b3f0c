"""Whose log it is where no service here runs it: the pods of named objects, looked up as long as their log is open."""

from collections.abc import Callable, Mapping, Sequence

from cockpit.backends.base import Source, SourceError
from cockpit.backends.catalogue import ObjectRef
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance
from cockpit.engine.listing import catalogue_of
from cockpit.engine.supervise import Backoff

EVERY = 2.0
"""Seconds between two looks: pods that come are followed, and runs that end are told, within this."""


class Lookout:
    """found: the instances that are there now, each with its source.

    changed: called when they are others, or other than they were; say: what there is to tell of an object, in one line.
    """

    def __init__(
        self,
        objects: Sequence[ObjectRef],
        sources: Mapping[str, Source],
        clock: Clock,
        changed: Callable[[], None],
        say: Callable[[ObjectRef, str], None],
    ) -> None:
        self._objects, self._sources, self._clock = objects, sources, clock
        self._changed, self._say = changed, say
        self._pods: dict[ObjectRef, tuple[Instance, ...]] = {}
        self._told: dict[ObjectRef, str] = {}
        self.found: Mapping[Identity, tuple[Source, Instance]] = {}

    @property
    def looking(self) -> bool:
        """Whether the first look is not over."""
        return len(self._told) < len(self._objects)

    async def run(self, again: bool) -> None:
        """Look, and go on doing so; without `again` only until each could be looked up."""
        backoff = Backoff()
        while self._objects:
            missed = [one for one in self._objects if not await self._look(one)]
            self._changed()
            if not missed and not again:
                return
            backoff = backoff if missed else Backoff()
            await self._clock.sleep(EVERY + (backoff.next() if missed else 0.0))

    async def _look(self, one: ObjectRef) -> bool:
        try:
            pods = await catalogue_of(self._sources, one.source).instances(one)
        except SourceError as error:
            self._tell(one, str(error))
            return False
        except Exception as error:
            # A fault of ours is told like a broken connection: the log goes on.
            self._tell(one, f"{type(error).__name__}: {error}")
            return False
        self._tell(one, "" if pods or self._pods.get(one) else f"{one.name}: no pod is there now")
        if self._pods.get(one) != pods:
            self._pods[one] = pods
            self.found = {pod.id: (self._sources[of.source], pod) for of, pods in self._pods.items() for pod in pods}
        return True

    def _tell(self, one: ObjectRef, words: str) -> None:
        """Each thing once, until it is otherwise."""
        if words and self._told.get(one) != words:
            self._say(one, words)
        self._told[one] = words
