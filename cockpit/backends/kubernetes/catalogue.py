"""What a cluster holds, read on demand: kinds from discovery, lists in pages as the server's tables, one object."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import PAGE, Form, ObjectChanges, ObjectKind, ObjectPage, ObjectQuery, ObjectRef, Since
from cockpit.backends.kubernetes.about import Told, events_of
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.describe import described, whole
from cockpit.backends.kubernetes.discovery import Discovery
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.podsof import pods_of
from cockpit.backends.kubernetes.table import ACCEPT, Answer, columns_of, rows_of
from cockpit.backends.kubernetes.tablewatch import TableWatch
from cockpit.backends.pool import Pool
from cockpit.board.model import Instance, SafeText
from cockpit.board.text import safe, safe_block

TIMEOUT = 25.0
"""Seconds for one page: a slow API is waited for, and the reader sees how long."""
TEXT_LIMIT = 512 * 1024
SPACES_MOST = 50
WATCHES_MOST = 10
"""Namespaces of one list that are watched at once; a list of more is read again."""

_POOL = Pool("kubernetes-text", 1)
"""Objects of megabytes are written out in a thread: the loop goes on."""


class KubernetesCatalogue:
    """A `Catalogue`. spaces: where the profile looks; none means all namespaces, an empty one the context's own."""

    def __init__(self, client: KubeClient, spaces: frozenset[str], mask: Callable[[str], SafeText] = SafeText) -> None:
        self._client, self._spaces, self._mask = client, spaces, mask
        self._discovery = Discovery(client)

    async def kinds(self) -> tuple[ObjectKind, ...]:
        """Every kind that can be listed."""
        return await self._discovery.kinds()

    async def page(self, query: ObjectQuery) -> ObjectPage:
        """One page of a list; of several namespaces one after the other."""
        kind = await self._discovery.find(query.kind)
        spaces = await self._listed(kind, query.space)
        place, _, token = query.token.partition(":")
        index = min(int(place), len(spaces) - 1) if place.isdecimal() and len(place) < 4 else 0
        asked: dict[str, str | int] = {"limit": PAGE}
        asked |= {"labelSelector": query.labels} if query.labels else {}
        asked |= {"continue": token} if token else {}
        path = path_of(kind, spaces[index])
        named = tuple(safe(one, 253) for one in spaces if one)
        try:
            answer = await self._client.get(path, Answer, asked, timeout=TIMEOUT, accept=ACCEPT)
        except ApiAnswer as error:
            if error.status == 410 or (error.status == 400 and token):
                return ObjectPage(kind=kind, at=self._client.clock.now(), spaces=named, expired=True)
            raise self._refused(error, "list", kind, spaces[index]) from None
        columns, now = columns_of(answer), self._client.clock.now()
        rows, cut = rows_of(answer, columns, now)
        rest, more = answer.metadata.token, index + 1 < len(spaces)
        return ObjectPage(
            kind=kind,
            at=now,
            spaces=named,
            columns=columns,
            rows=rows,
            token=f"{index}:{rest}" if rest else f"{index + 1}:" if more else "",
            since=(index, version) if (version := answer.metadata.resource_version) else None,
            remaining=None if more or (rest and answer.metadata.remaining is None) else _more(answer, cut),
        )

    async def watch(self, query: ObjectQuery, since: tuple[Since, ...], take: Callable[[ObjectChanges], None]) -> None:
        """What happens to a list, each of its namespaces on a stream of its own."""
        kind = await self._discovery.find(query.kind)
        spaces = await self._listed(kind, query.space)
        if not 0 < len(since) <= WATCHES_MOST:
            raise SourceError(f"a list of {len(since)} namespaces is not watched: of {WATCHES_MOST} at most")
        watches = [
            TableWatch(self._client, path_of(kind, spaces[place]), query.labels, place, version, take)
            for place, version in since
            if place < len(spaces)
        ]
        tasks = [asyncio.create_task(one.run()) for one in watches]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def show(self, kind: str, space: str, name: str, form: Form) -> SafeText:
        """One object as text, everything secret in it masked."""
        found = await self._discovery.find(kind)
        try:
            data = await self._client.raw(path_of(found, space, name))
        except ApiAnswer as error:
            raise self._refused(error, "get", found, space, name) from None
        answer = self._client.decoded(path_of(found, space, name), data, dict[str, Any])
        del data
        text = await _POOL.run(await self._writer(form, answer, found, space))
        return self._mask(safe_block(text, TEXT_LIMIT))

    async def instances(self, one: ObjectRef) -> tuple[Instance, ...]:
        """The pods of an object, or the pod that it is; none when it is gone."""
        kind = await self._discovery.find(one.kind)
        try:
            found = await pods_of(self._client, kind, path_of(kind, one.space, one.name), one.space, one.name)
        except ApiAnswer as error:
            if error.status == 404:
                return ()
            raise self._refused(error, "get", kind, one.space, one.name) from None
        return tuple(replace(pod, error=self._mask(pod.error)) for pod in found)

    async def _writer(self, form: Form, answer: dict[str, Any], kind: ObjectKind, space: str) -> Callable[[], str]:
        if form == "yaml":
            return partial(whole, answer, kind.kind)
        meta = answer.get("metadata")
        uid = str(meta.get("uid", "")) if isinstance(meta, dict) else ""
        told = await events_of(self._client, space, uid) if uid else Told()
        return partial(described, answer, told, kind=kind.kind, now=self._client.clock.now())

    async def _listed(self, kind: ObjectKind, space: str | None) -> Sequence[str]:
        """The namespaces that are asked for, one by one; ("",) is all of them at once, or none at all."""
        if not kind.namespaced:
            return ("",)
        if space is not None:
            return (space,)
        access = await self._client.connect()
        found = sorted({one or access.namespace or "default" for one in self._spaces})
        return found if 0 < len(found) <= SPACES_MOST else ("",)

    def _refused(self, error: ApiAnswer, verb: str, kind: ObjectKind, space: str, name: str = "") -> SourceError:
        what = f"{kind.singular} {safe(name, 253)}" if name else str(kind.plural)
        where = f" in namespace {safe(space, 253)}" if space and kind.namespaced else ""
        if error.status == 403:
            return SourceError(f"{what}{where}: not permitted: needs {verb} on {kind.qualified}{where}")
        if error.status == 404:
            # Served when its kinds were asked for: a definition that was taken away, or only this object.
            self._discovery.forget()
            gone = "is gone" if name else "are not served by the cluster any more"
            return SourceError(f"{what}{where} {gone}")
        return error


def _more(answer: Answer, cut: int) -> int:
    """How many follow: what the API says, and what a server that knows no pages sent beyond the bound."""
    return (answer.metadata.remaining or 0) + cut


def path_of(kind: ObjectKind, space: str = "", name: str = "") -> str:
    """Where the API has a kind's objects, or one of them. SourceError for a word that would be another path."""
    base = f"/apis/{_part(kind.group)}/{_part(kind.version)}" if kind.group else f"/api/{_part(kind.version)}"
    inner = f"/namespaces/{_part(space)}" if space and kind.namespaced else ""
    return f"{base}{inner}/{_part(kind.plural)}" + (f"/{_part(name)}" if name else "")


def _part(word: str) -> str:
    # As the API's own rule for names: it takes a path apart only after %2F has become "/".
    if word in (".", "..") or "/" in word or "%" in word:
        raise SourceError(f"{safe(word, 253)} is no name that the API knows")
    return quote(word, safe="")
