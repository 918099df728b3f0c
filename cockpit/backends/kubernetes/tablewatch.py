"""What happens to the objects of a list, told as rows of the server's table, from a version of the list on."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from random import Random

import msgspec

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.catalogue import ObjectChanges, ObjectColumn, ObjectRow
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.backends.kubernetes.table import ACCEPT_ONE, Answer, changed_of, columns_of, rows_of
from cockpit.backends.kubernetes.watchlines import whole_lines
from cockpit.backends.kubernetes.wire import WatchLine

WATCH_SECONDS = 300
"""How long one watch lasts; the API ends it then, and it goes on from where it was."""
SHORT, FIRST_WAIT, LONGEST_WAIT = 2.0, 0.5, 15.0
"""A watch that ends sooner than SHORT seconds is opened again after a growing wait."""


class _Expired(Exception):
    """The API no longer knows what happened since."""


class TableWatch:
    """One list in one namespace, or in all of them. place: which of the query's namespaces; version: where it begins.

    take: called with what has happened, and with nothing but the version once the watch stands, and each minute.
    """

    def __init__(
        self, client: KubeClient, path: str, labels: str, place: int, version: str,
        take: Callable[[ObjectChanges], None],
    ) -> None:  # fmt: skip
        self._client, self._path, self._labels = client, path, labels
        self._place, self._version, self._take = place, version, take
        self._columns: Sequence[ObjectColumn] = ()
        self._random = Random()

    async def run(self) -> None:
        """Until the list has to be read anew. SourceError: it cannot be watched, or the connection is lost."""
        wait = FIRST_WAIT
        while True:
            began = self._client.clock.monotonic()
            try:
                await self._once()
            except _Expired:
                return
            except ApiAnswer as error:
                if error.status == 410:
                    return
                raise
            if self._client.clock.monotonic() - began >= SHORT:
                wait = FIRST_WAIT
                continue
            await self._client.clock.sleep(wait * self._random.uniform(0.8, 1.2))
            wait = min(LONGEST_WAIT, wait * 2)

    async def _once(self) -> None:
        """Until the API ends it or its connection breaks."""
        query: dict[str, str | int] = {
            "watch": "true", "allowWatchBookmarks": "true", "resourceVersion": self._version,
            "timeoutSeconds": WATCH_SECONDS,
        }  # fmt: skip
        query |= {"labelSelector": self._labels} if self._labels else {}
        opened = False
        try:
            async with self._client.stream(self._path, query, ACCEPT_ONE) as reply:
                opened = True
                # Each stream names its columns anew.
                self._columns = ()
                self._tell([])
                lines = whole_lines(self._client.clock, reply.aiter_raw(), self._too_long)
                async with aclosing(lines) as batches:
                    async for batch in batches:
                        self._tell([line for line in batch if line.strip()])
        except (NoAnswer, TimeoutError):
            if not opened:
                raise

    def _tell(self, lines: Sequence[bytes]) -> None:
        rows: list[ObjectRow] = []
        gone: list[tuple[str, str, str]] = []
        for line in lines:
            try:
                told = msgspec.json.decode(line, type=WatchLine)
                if told.type == "ERROR":
                    self._failed(msgspec.json.decode(told.object, type=Status))
                one, version = changed_of(told.object)
            except msgspec.MsgspecError as error:
                raise self._unreadable(f"a change cannot be read ({error})") from None
            if told.type != "BOOKMARK":
                found = self._rows(one)
                if told.type == "DELETED":
                    gone += [row.key for row in found]
                else:
                    rows += found
            self._version = version or self._version
        changes = ObjectChanges(
            at=self._client.clock.now(), since=(self._place, self._version), columns=tuple(self._columns),
            rows=tuple(rows), gone=tuple(gone),
        )  # fmt: skip
        self._take(changes)

    def _rows(self, one: Answer) -> Sequence[ObjectRow]:
        if one.kind != "Table" or one.column_definitions:
            self._columns = columns_of(one)
        return rows_of(one, self._columns, self._client.clock.now())[0]

    def _failed(self, status: Status) -> None:
        if status.code == 410 or status.reason in ("Expired", "Gone"):
            raise _Expired
        raise SourceError(f"{self._client.where}: the watch of {self._path} failed: {status.message[:200]}")

    def _too_long(self, why: str) -> SourceError:
        return self._unreadable(f"one object {why}")

    def _unreadable(self, why: str) -> SourceError:
        return SourceError(f"{self._client.where}: the watch of {self._path}: {why}")
