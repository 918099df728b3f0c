"""Which instances a log follows: those that are there, those that come, those that run again; and declared files."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from cockpit.backends.base import Source
from cockpit.backends.catalogue import ObjectRef
from cockpit.board.board import Board
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Instance, Phase
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.follow import Read, Sink
from cockpit.engine.instancelog import ENDING_WITHIN, RUNS, InstanceLog
from cockpit.engine.lookout import Lookout
from cockpit.engine.port import OpenTail
from cockpit.engine.requests import follows, request_for
from cockpit.engine.seen import Seen

MAX_STREAMS = 50
"""Instances followed at once by one log; how many are left out is said in its status."""
REMEMBERED = 100
"""Instances that are gone of which is remembered how far they were read, should they come back."""

MAY_WRITE = RUNS | {Phase.RESTARTING}

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Around(Struct, frozen=True, kw_only=True):
    """What streams are made with. files: reads log files, None where that is not possible. file_logs: (name, path) of
    the files that the profile declares, by service. background: so many services in trouble are read unasked."""

    sources: Mapping[str, Source]
    board: Board
    clock: Clock
    mask: Callable[[str], str]
    files: Read | None = None
    file_logs: Mapping[str, tuple[tuple[str, str], ...]] = {}
    background: int = 10


class Streams:
    """The streams of one log. sink: where the lines of an instance go, made once for each."""

    def __init__(
        self,
        spec: OpenTail,
        around: Around,
        sink: Callable[[Identity, str], Sink],
        changed: Callable[[], None],
        most: int = MAX_STREAMS,
    ) -> None:
        self.spec, self._around, self._sink, self._changed, self._most = spec, around, sink, changed, most
        self.left_out = 0
        self._live = follows(spec)
        self._opened = around.clock.now()
        self._logs: dict[Identity, InstanceLog] = {}
        self._departed: dict[Identity, Seen] = {}
        self._looked: Sequence[ServiceStatus] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._endings, self._ending_since = 0, 0.0
        self._closed = False
        self._lookout = Lookout(spec.objects, around.sources, around.clock, self._looked_up, self._tell)
        self._add_files()
        if spec.objects:
            self._keep(asyncio.get_running_loop().create_task(self._lookout.run(self._live)))

    @property
    def looking(self) -> bool:
        """Whether it is not known yet what there is to read."""
        return self._lookout.looking

    @property
    def active(self) -> int:
        """How many streams are open."""
        return sum(log.open for log in self._logs.values())

    @property
    def speaking(self) -> int:
        """How many may put something into the log: open streams, and ends that are about to be told."""
        return self.active + self._endings

    @property
    def catching_up(self) -> bool:
        """Whether something is about to come that is older than what others write now."""
        ending = self._endings > 0 and self._around.clock.monotonic() - self._ending_since < ENDING_WITHIN
        return ending or any(log.catching_up for log in self._logs.values())

    @property
    def read(self) -> int:
        """How many are read, or were to their end."""
        return len(self._logs) - self.left_out - sum(log.seen.broken for log in self._logs.values())

    @property
    def total(self) -> int:
        """How many instances and files the log is of."""
        return len(self._logs)

    def look(self, services: Sequence[ServiceStatus]) -> None:
        """`sync`, unless nothing of what the log is of differs from the last time."""
        of = services if self.spec.instances else [one for one in services if one.key in self.spec.services]
        if len(of) != len(self._looked) or any(one is not old for one, old in zip(of, self._looked, strict=True)):
            self._looked = of
            self.sync()

    def sync(self) -> None:
        """Follow every instance that is there now and is not followed yet, or runs again."""
        if self._closed:
            return
        found = {instance.id: (source, instance) for source, instance in self._instances()}
        found.update(self._lookout.found)
        for identity in [one for one, log in self._logs.items() if log.instance is not None and one not in found]:
            self._depart(identity)
        for identity, (source, instance) in found.items():
            log = self._logs.get(identity) or self._arrive(identity, source, instance)
            if log.see(instance) and self._live:
                self._end(log.tell_end(instance, partial(self._last_words, instance)))
        self._open_wanted()

    async def close(self) -> None:
        """End every stream."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*(log.close() for log in self._logs.values()))

    def _open_wanted(self) -> None:
        wanted = [log for log in self._logs.values() if log.wants(self._live)]
        # What runs comes first, and of that what started last.
        wanted.sort(key=lambda log: (log.runs, log.started or _LONG_AGO), reverse=True)
        room = max(0, self._most - self.active)
        self.left_out = max(0, len(wanted) - room)
        for log in wanted[:room]:
            request = request_for(self.spec, self._opened, log.id, log.begun, log.seen)
            self._keep(log.start(request))

    def _arrive(self, identity: Identity, source: Source, instance: Instance) -> InstanceLog:
        log = self._log(identity, instance.name, source.logs)
        log.seen = self._departed.pop(identity, log.seen)
        return log

    def _depart(self, identity: Identity) -> None:
        log = self._logs.pop(identity)
        self._departed[identity] = log.seen
        while len(self._departed) > REMEMBERED:
            del self._departed[next(iter(self._departed))]
        self._end(log.leave() if self._live else log.close())

    def _add_files(self) -> None:
        if self._around.files is None or self.spec.previous:
            return
        for service in self.spec.services:
            for name, path in self._around.file_logs.get(service, ()):
                shown = name if len(self.spec.services) == 1 else f"{service}/{name}"
                self._log(Identity("file", "", "", "file", service, path), shown, self._around.files)

    def _log(self, identity: Identity, name: str, read: Read) -> InstanceLog:
        around = self._around
        log = InstanceLog(identity, name, read, self._sink(identity, name), self._now, around.board, around.clock)
        self._logs[identity] = log
        return log

    def _instances(self) -> Iterator[tuple[Source, Instance]]:
        wanted = set(self.spec.instances)
        for service in self._around.board.snapshot().services:
            named = service.key in self.spec.services
            if not named and not wanted:
                continue
            for workload in service.workloads:
                source = self._around.sources.get(workload.source)
                if source is None:
                    continue
                for instance in workload.instances:
                    if named or instance.id in wanted:
                        yield source, instance

    def _now(self, identity: Identity) -> Instance | None:
        """An instance as it is known now."""
        if looked_up := self._lookout.found.get(identity):
            return looked_up[1]
        workload = self._around.board.workloads().get(identity.workload)
        return next((one for one in workload.instances if one.id == identity), None) if workload else None

    def _looked_up(self) -> None:
        self.sync()
        self._changed()

    def _tell(self, one: ObjectRef, words: str) -> None:
        identity = Identity("object", one.source, one.space, one.kind, one.name)
        self._sink(identity, one.name).say(words)

    def _last_words(self, ended: Instance) -> str:
        """What is added to the end of a run: nobody wrote after it, and nobody will."""
        for other in (log.instance for log in self._logs.values()):
            if other is None or other.phase in MAY_WRITE:
                return ""
            # Of several that have ended only the last one has left nobody.
            if other.id != ended.id and _end_key(other) > _end_key(ended):
                return ""
        return "; nothing is writing any more"

    def _end(self, work: Coroutine[None, None, None]) -> None:
        """Tell an end, or that an instance is gone; what others write meanwhile waits for it."""
        self._endings += 1
        self._ending_since = self._around.clock.monotonic()
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._told)
        self._keep(task)

    def _told(self, _: object) -> None:
        self._endings -= 1

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "a log's task failed", "exception": error})
        if not self._closed:
            # It may run again by now, or there is room for one that was left out.
            self.sync()
            self._changed()


def _end_key(instance: Instance) -> tuple[datetime, str]:
    return instance.finished_at or _LONG_AGO, instance.id.instance
