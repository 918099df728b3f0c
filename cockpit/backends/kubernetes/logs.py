"""Reads the log of one pod: of all its containers at once, each on a stream of its own.

The API reads `sinceTime` in whole seconds and ends a stream when its container does. Where several containers write,
one that is started later, or again, is followed here; of a pod with one container its new run is asked for anew.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.lines import LineReader
from cockpit.backends.kubernetes.times import since_time
from cockpit.backends.kubernetes.wire_pods import ContainerStatus, Pod
from cockpit.logs.line import LogRequest, RawLine

BATCH = 500
QUEUED = 64
"""Batches that wait to be read; beyond, the connections are left to wait."""
AT_ONCE_MOST = 16 * 1024 * 1024
"""Bytes of a log that is not followed: what a ring holds."""
STREAMS_MOST = 60
"""Containers of one cluster that are read at once."""
LOOK_EVERY = 2.0
"""Seconds between two looks whether a container that ended runs again, while others of its pod go on."""


class Room:
    """How many streams of one cluster are open, and how many may be."""

    def __init__(self, most: int = STREAMS_MOST) -> None:
        self.open, self._most = 0, most

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """One of them. SourceError when there is none left."""
        if self.open >= self._most:
            raise SourceError(f"{self._most} logs are read from this cluster already, the most there can be: close one")
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


class _End(Struct, frozen=True):
    """A container's stream ended, or broke."""

    container: str
    failure: SourceError | None = None


class PodLog:
    """One pod's log. path: where the API has it; uid: a pod of the same name that came later is not it.

    only: the one container whose log there is, where that is known and no other pod can have the name: nothing is asked
    before the log itself then. Of a service with 42 pods that is half of the requests.
    """

    def __init__(self, client: KubeClient, room: Room, path: str, uid: str, name: str, only: str = "") -> None:
        self._client, self._room, self._path, self._uid, self._name = client, room, path, uid, name
        self._only = only

    async def read(self, request: LogRequest) -> AsyncGenerator[Sequence[RawLine], None]:
        """Batches until every stream has ended. SourceError when one breaks, or there is no log that can be read."""
        # Closed with its reader, not when it is collected: connections hang on it.
        async with contextlib.aclosing(await self._chosen(request)) as batches:
            async for batch in batches:
                yield batch

    async def _chosen(self, request: LogRequest) -> AsyncGenerator[Sequence[RawLine], None]:
        """One container's log as it is where the pod has no other, else all of them together."""
        if self._only and not request.previous:
            return self._container(self._only, "", request)
        pod = await self._pod()
        names = readable(pod, previous=request.previous)
        if not names:
            which = "no run before the present one is kept" if request.previous else "no container has started yet"
            raise SourceError(f"{which}: {self._name}")
        count = len(pod.spec.containers or ()) + len(pod.spec.init_containers or ())
        if len(names) == count == 1:
            return self._container(names[0], "", request)
        return self._merged(names, count, request)

    async def _merged(
        self, names: Sequence[str], count: int, request: LogRequest
    ) -> AsyncGenerator[Sequence[RawLine], None]:
        queue: asyncio.Queue[Sequence[RawLine] | _End] = asyncio.Queue(QUEUED)
        last: dict[str, datetime] = {}
        async with contextlib.AsyncExitStack() as stack:
            running = {name: await _started(stack, self._pump(name, request, queue)) for name in names}
            again = await _started(stack, self._look(running, count, last, request, queue)) if request.follow else None
            while any(not task.done() for task in running.values()) or not queue.empty():
                one = await queue.get()
                if not isinstance(one, _End):
                    yield one
                    if (at := one[-1].at) is not None:
                        last[one[-1].part] = at
                    continue
                if one.failure is not None:
                    raise one.failure
                if all(name == one.container or task.done() for name, task in running.items()) and queue.empty():
                    break
            if again is not None and again.done() and (failure := again.exception()) is not None:
                raise failure

    async def _pump(self, name: str, request: LogRequest, queue: "asyncio.Queue[Sequence[RawLine] | _End]") -> None:
        failure = None
        try:
            async with contextlib.aclosing(self._container(name, name, request)) as batches:
                async for batch in batches:
                    await queue.put(batch)
        except SourceError as error:
            failure = error
        await queue.put(_End(name, failure))

    async def _look(
        self, running: dict[str, "asyncio.Task[None]"], count: int, last: dict[str, datetime], request: LogRequest,
        queue: "asyncio.Queue[Sequence[RawLine] | _End]",
    ) -> None:  # fmt: skip
        """Follow containers that run again, or only now, while others of the pod go on."""
        async with contextlib.AsyncExitStack() as stack:
            while True:
                await self._client.clock.sleep(LOOK_EVERY)
                if len(running) == count and not any(task.done() for task in running.values()):
                    continue
                for status in _statuses(await self._pod()):
                    name, task = status.name, running.get(status.name)
                    if status.state is None or status.state.running is None or (task and not task.done()):
                        continue
                    since = last.get(name, request.since)
                    begun = replace(request, since=since, tail=None if since else request.tail)
                    running[name] = await _started(stack, self._pump(name, begun, queue))

    async def _container(self, name: str, part: str, request: LogRequest) -> AsyncGenerator[Sequence[RawLine], None]:
        reader = LineReader(part)
        try:
            with self._room.taken():
                async with self._client.stream(f"{self._path}/log", log_query(name, request)) as reply:
                    async for data in reply.aiter_raw():
                        for batch in _inside(reader.feed(data), request):
                            yield batch
                    for batch in _inside(reader.rest(), request):
                        yield batch
        except ApiAnswer as error:
            raise SourceError(self._no_log(name, error)) from None

    async def _pod(self) -> Pod:
        try:
            pod = await self._client.get(self._path, Pod)
        except ApiAnswer as error:
            raise SourceError(self._no_log("", error)) from None
        if pod.metadata.uid != self._uid:
            raise SourceError(f"{self._name} is gone, and its log with it; another pod has its name now")
        return pod

    def _no_log(self, container: str, error: ApiAnswer) -> str:
        if error.status == 404:
            return f"{self._name} is gone, and its log with it"
        if error.status == 403:
            return f"the log of {self._name} may not be read: needs get on pods and pods/log"
        of = f"container {container} of {self._name}" if container else self._name
        return f"no log of {of}: {error.message}"


def log_query(container: str, request: LogRequest) -> dict[str, str | int]:
    """What is asked of the API."""
    query: dict[str, str | int] = {"container": container, "timestamps": "true"}
    if request.previous:
        query |= {"previous": "true"}
    elif request.since is not None:
        query["sinceTime"] = since_time(request.since)
    if request.tail is not None:
        query["tailLines"] = max(0, request.tail)
    if request.follow:
        query["follow"] = "true"
    else:
        query["limitBytes"] = AT_ONCE_MOST
    return query


def readable(pod: Pod, *, previous: bool = False) -> list[str]:
    """Containers that have a log: those that started once; with `previous` those that were started again."""
    found = []
    for one in _statuses(pod):
        now, before = one.state, one.last_state
        ran = bool(now and (now.running or now.terminated)) or bool(before and before.terminated)
        if (one.restart_count > 0 and bool(before and before.terminated)) if previous else ran:
            found.append(one.name)
    return found


def _statuses(pod: Pod) -> list[ContainerStatus]:
    status = pod.status
    return [*(status.init_container_statuses or ()), *(status.container_statuses or ())]


def _inside(lines: list[RawLine], request: LogRequest) -> Iterator[Sequence[RawLine]]:
    """The lines that are wanted, in batches: the API knows no `until`, and `since` by the second only.

    Which run was the one before it knows itself: while a container waits to be started again, that is the last one.
    """
    if not request.previous and (request.until is not None or request.since is not None):
        lines = [line for line in lines if line.at is None or _within(line.at, request)]
    for start in range(0, len(lines), BATCH):
        yield lines[start : start + BATCH]


def _within(at: datetime, request: LogRequest) -> bool:
    early = request.since is not None and at < request.since
    return not early and (request.until is None or at <= request.until)


async def _started(stack: contextlib.AsyncExitStack, work: Coroutine[None, None, None]) -> "asyncio.Task[None]":
    task = asyncio.get_running_loop().create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return task
