"""Follows the objects of one kind: a list in pages, then a watch from there on; listed again only when it must be."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from random import Random
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.backends.kubernetes.kinds import Kind
from cockpit.backends.kubernetes.watchlines import whole_lines
from cockpit.backends.kubernetes.wire import Bookmark, Meta, Page, WatchLine

FIRST_PAGE, PAGE = 100, 500
"""Objects of the first page, so that rows appear at once, and of the others."""
PAGE_BYTES = 4 * 1024 * 1024
"""Pages that are larger are made smaller: decoding them would hold up the loop for more than 10 ms."""
PAGE_TIMEOUT = 30.0
SLICE = 100
"""Objects that are taken in between two turns of the loop."""
WATCH_SECONDS = 300
"""How long one watch lasts; the API ends it then, and it goes on from where it was."""
DENIED_AGAIN, MISSING_AGAIN = 60.0, 600.0
BUSY_AGAIN, BUSY_LONGEST = 5.0, 60.0
"""Seconds after which an API server that asks to wait is asked again where it names no time; the most it may name."""
BUSY_SHOWN = 20.0
"""Seconds that it may ask to wait until what is known counts as unknown: as long as for a source that is silent."""
SHORT, FIRST_WAIT, LONGEST_WAIT = 2.0, 0.5, 15.0
"""A watch that ends sooner than SHORT seconds is opened again after a growing wait."""
LISTS_MOST = 4
"""Lists begun in a row that expire before their end."""


def _seen(task: "asyncio.Task[Any]") -> None:
    """Its error is known, also where nobody waits for it any more: asyncio would write it onto the screen."""
    if not task.cancelled():
        task.exception()


class Taker(Protocol):
    """Where objects go."""

    def begin(self, kind: Kind, space: str) -> None: ...
    def put(self, kind: Kind, space: str, objects: list[Any]) -> None: ...
    def drop(self, kind: Kind, meta: Meta) -> None: ...
    def end(self, kind: Kind, space: str) -> None: ...


class Expired(Exception):
    """The API no longer knows what happened since: everything must be listed again."""


class Standing(Struct):
    """How following one kind goes. listed: its list was taken in once; denied: why it cannot be, empty while it can."""

    listed: bool = False
    denied: str = ""


class Follower:
    """One kind in one namespace (empty: all). It keeps its place over lost connections, so `run` may be called again.

    changed: called after anything was taken in, or its standing changed.
    """

    def __init__(self, client: KubeClient, kind: Kind, space: str, taker: Taker, changed: Callable[[], None]) -> None:
        self.kind, self.space = kind, space
        self.standing = Standing()
        self._client, self._taker, self._changed = client, taker, changed
        self._version = ""
        self._busy_since: float | None = None
        self._limit = PAGE
        self._random = Random()

    async def run(self) -> None:
        """Follow until the connection is lost: SourceError."""
        wait, expired = FIRST_WAIT, 0
        while True:
            began = self._client.clock.monotonic()
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                expired = 0
            except Expired:
                self._version = ""
                expired += 1
                if expired > LISTS_MOST:
                    raise SourceError(
                        f"{self._client.where}: lists of {self.kind.plural} expire before their end"
                    ) from None
            except ApiAnswer as error:
                await self._refused(error)
            if self._client.clock.monotonic() - began >= SHORT:
                wait = FIRST_WAIT
                continue
            await self._client.clock.sleep(wait * self._random.uniform(0.8, 1.2))
            wait = min(LONGEST_WAIT, wait * 2)

    async def _refused(self, error: ApiAnswer) -> None:
        """A refusal that concerns this kind alone is waited out; any other is the connection's."""
        if error.status == 429 and self.standing.listed:
            await self._wait(error.retry_after)
            return
        again = {403: DENIED_AGAIN, 404: MISSING_AGAIN}.get(error.status)
        if again is None:
            raise error
        self._version = ""
        missing = f"needs list and watch on {self._resource}"
        self.standing.denied = missing if error.status == 403 else f"the cluster has no {self.kind.resource}"
        self._changed()
        await self._client.clock.sleep(again)

    async def _wait(self, asked: float) -> None:
        """The API server is overloaded. What is known stays, until it has been so for too long."""
        now = self._client.clock.monotonic()
        if self._busy_since is None:
            self._busy_since = now
        if now - self._busy_since >= BUSY_SHOWN:
            self.standing.denied = f"the API server asks to wait with {self._resource}"
            self._changed()
        await self._client.clock.sleep(min(BUSY_LONGEST, asked or BUSY_AGAIN))

    @property
    def _resource(self) -> str:
        return f"{self.kind.resource} in namespace {self.space}" if self.space else self.kind.resource

    @property
    def _selected(self) -> dict[str, str]:
        wanted = {"fieldSelector": self.kind.selector, "labelSelector": self.kind.labels}
        return {name: words for name, words in wanted.items() if words}

    async def _list(self) -> None:
        self._taker.begin(self.kind, self.space)
        page = await self._page("", min(FIRST_PAGE, self._limit))
        while page.metadata.token:
            # The API server makes the next page while this one is taken in.
            coming = asyncio.create_task(self._later(page.metadata.token))
            coming.add_done_callback(_seen)
            try:
                await self._take(page.items or [])
                page = await coming
            finally:
                coming.cancel()
        await self._take(page.items or [])
        self._taker.end(self.kind, self.space)
        self._version = page.metadata.resource_version
        self.standing.listed = True
        self._permitted()
        self._changed()

    async def _later(self, token: str) -> Page[Any]:
        await self._client.turn()
        return await self._page(token, self._limit)

    async def _page(self, token: str, limit: int) -> Page[Any]:
        path = self.kind.path(self.space)
        query: dict[str, str | int] = {"limit": limit}
        query |= self._selected
        query |= {"continue": token} if token else {}
        try:
            data = await self._client.raw(path, query, timeout=PAGE_TIMEOUT, accept=self.kind.accept)
        except ApiAnswer as error:
            if error.status == 410 or (error.status == 400 and token):
                raise Expired from None
            raise
        if len(data) > PAGE_BYTES:
            self._limit = max(20, min(self._limit, limit) * PAGE_BYTES // len(data))
        page: Page[Any] = self._client.decoded(path, data, self.kind.page)
        return page

    def _permitted(self) -> None:
        self._busy_since = None
        if self.standing.denied:
            self.standing.denied = ""
            self._changed()

    async def _take(self, items: list[Any]) -> None:
        for start in range(0, len(items), SLICE):
            self._check(items[start : start + SLICE])
            self._taker.put(self.kind, self.space, items[start : start + SLICE])
            self._changed()
            await asyncio.sleep(0)

    async def _watch(self) -> None:
        """Until the API ends it or its connection breaks; what then fails to open again is raised."""
        query: dict[str, str | int] = {
            "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": self._version,
            "timeoutSeconds": WATCH_SECONDS,
        }  # fmt: skip
        query |= self._selected
        opened = False
        try:
            async with self._client.stream(self.kind.path(self.space), query, self.kind.accept_one) as reply:
                opened = True
                self._permitted()
                lines = whole_lines(self._client.clock, reply.aiter_raw(), self._too_long)
                async with aclosing(lines) as batches:
                    async for batch in batches:
                        self._happened(batch)
        except ApiAnswer as error:
            if error.status == 410:
                raise Expired from None
            raise
        except (NoAnswer, TimeoutError):
            if not opened:
                raise

    def _happened(self, lines: list[bytes]) -> None:
        for line in lines:
            if line.strip():
                self._one(line)
        self._changed()

    def _one(self, line: bytes) -> None:
        try:
            told = msgspec.json.decode(line, type=WatchLine)
            if told.type == "ERROR":
                status = msgspec.json.decode(told.object, type=Status)
                if status.code == 410 or status.reason in ("Expired", "Gone"):
                    raise Expired
                raise self._unreadable(f"the watch of {self.kind.plural} failed: {status.message[:200]}")
            if told.type == "BOOKMARK":
                self._version = msgspec.json.decode(told.object, type=Bookmark).metadata.resource_version
                return
            one = msgspec.json.decode(told.object, type=self.kind.type)
        except msgspec.MsgspecError as error:
            raise self._unreadable(f"a change of {self.kind.plural} cannot be read ({error})") from None
        self._check([one])
        if told.type == "DELETED":
            self._taker.drop(self.kind, one.metadata)
        else:
            self._taker.put(self.kind, self.space, [one])
        self._version = one.metadata.resource_version

    def _check(self, objects: list[Any]) -> None:
        """Names are shown as they are: what no API server has for one is no answer of an API server."""
        for one in objects:
            name = one.metadata.name + one.metadata.namespace
            if not (name.isascii() and name.isprintable()):
                raise self._unreadable(f"one {self.kind.singular} has a name that no object can have")

    def _too_long(self, why: str) -> SourceError:
        return self._unreadable(f"one {self.kind.singular} {why}")

    def _unreadable(self, why: str) -> SourceError:
        """What came cannot be used. The same would come again from here: what follows begins with a list."""
        self._version = ""
        return SourceError(f"{self._client.where}: {why}")
