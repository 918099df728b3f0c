"""What happens to a list is told as rows, from where it was read: also of several namespaces, until it is forgotten."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectChanges, ObjectPage, ObjectQuery, ObjectRow
from cockpit.backends.kubernetes.catalogue import KubernetesCatalogue
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.profile.schema import Backend
from tests.kubernetes.conftest import Kubernetes

pytestmark = pytest.mark.emulated("changes its objects by hand, and refuses as it is told")
WITHIN = 60.0
"""Seconds: a bound on hanging."""


@pytest.fixture
async def client(still: Kubernetes) -> AsyncIterator[KubeClient]:
    environ = {"KUBECONFIG": str(still.kubeconfig), "HOME": str(still.kubeconfig.parent)}
    made = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    yield made
    await made.reset()


class Told:
    """What was told of one list: its rows as they are by now."""

    def __init__(self, page: ObjectPage) -> None:
        self.rows: dict[str, ObjectRow] = {row.name: row for row in page.rows}
        self.heard: list[ObjectChanges] = []
        self.ended: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def take(self, changes: ObjectChanges) -> None:
        self.heard.append(changes)
        self.rows |= {row.name: row for row in changes.rows}
        for _, name, uid in changes.gone:
            if name in self.rows and self.rows[name].uid == uid:
                del self.rows[name]
        self._news.set()

    async def until(self, held: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN):
            while not held():
                assert self.ended is None or not self.ended.done(), "the watch has ended"
                await self._news.wait()
                self._news.clear()


@contextlib.asynccontextmanager
async def watched(catalogue: KubernetesCatalogue, kind: str, **query: str) -> AsyncIterator[Told]:
    """A list that was read and is watched; the watch stands."""
    asked = ObjectQuery(kind=kind, **query)
    page = await catalogue.page(asked)
    since = [page.since]
    while page.token:
        page = await catalogue.page(ObjectQuery(kind=kind, token=page.token, **query))
        since.append(page.since)
    told = Told(page)
    places = tuple(dict(one for one in since if one).items())
    told.ended = asyncio.create_task(catalogue.watch(asked, places, told.take))
    try:
        await told.until(lambda: len({one.since[0] for one in told.heard}) == len(places))
        yield told
    finally:
        told.ended.cancel()
        await asyncio.gather(told.ended, return_exceptions=True)


def changed(still: Kubernetes, name: str, phase: str) -> str:
    """A pod of a Deployment has another phase now; its name."""
    pod = next(one for one in still.cluster.store.each("pods", "shop") if one["metadata"]["name"].startswith(name))
    still.cluster.store.put("pods", {**pod, "status": {**pod["status"], "phase": phase, "reason": phase}})
    return str(pod["metadata"]["name"])


async def test_rows_change_come_and_go(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({""}))
    async with watched(catalogue, "po") as told:
        columns = (await catalogue.page(ObjectQuery(kind="po"))).columns
        name = changed(still, "web", "Evicted")
        await told.until(lambda: "Evicted" in told.rows[name].cells)
        assert told.rows[name].fault is True
        assert told.heard[-1].columns == columns
        pod = still.cluster.store.get("pods", "shop", name)
        assert pod is not None
        made = {**pod, "metadata": {**pod["metadata"], "name": "web-made", "uid": "uid-made"}}
        still.cluster.store.put("pods", made)
        still.cluster.store.remove("pods", "shop", name)
        await told.until(lambda: name not in told.rows and "web-made" in told.rows)


async def test_it_goes_on_where_it_was(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({""}))
    still.emulator.api.watches.bookmark_every = 0.01
    async with watched(catalogue, "po") as told:
        first = changed(still, "web", "Evicted")
        await told.until(lambda: "Evicted" in told.rows[first].cells)
        # The API ends every watch, as one that is started again does.
        still.emulator.api.watches.cut()
        second = changed(still, "payments", "Evicted")
        await told.until(lambda: "Evicted" in told.rows[second].cells)
        asked = [one for one in still.cluster.faults.seen if one.endswith("/namespaces/shop/pods")]
        versions = [one.since[1] for one in told.heard]
        assert versions == sorted(versions, key=int), "from where it was, never from before"
        assert len(asked) >= 3


async def test_several_namespaces_are_watched_at_once(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({"shop", "kube-system"}))
    async with watched(catalogue, "cm") as told:
        kept = still.cluster.store.get("configmaps", "shop", "web-config")
        assert kept is not None
        for space in ("shop", "kube-system"):
            meta = {**kept["metadata"], "namespace": space, "name": f"new-{space}", "uid": f"uid-{space}"}
            still.cluster.store.put("configmaps", {**kept, "metadata": meta})
        await told.until(lambda: {"new-shop", "new-kube-system"} <= set(told.rows))
        assert {row.space for row in told.rows.values() if row.name.startswith("new-")} == {"shop", "kube-system"}


async def test_only_what_the_labels_select_is_told(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({""}))
    async with watched(catalogue, "po", labels="app.kubernetes.io/name=web") as told:
        changed(still, "payments", "Evicted")
        name = changed(still, "web", "Evicted")
        await told.until(lambda: "Evicted" in told.rows[name].cells)
        assert {row.name.partition("-")[0] for row in told.rows.values()} == {"web"}


async def test_what_the_api_has_forgotten_is_to_be_read_anew(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({""}))
    page = await catalogue.page(ObjectQuery(kind="po"))
    assert page.since is not None
    changed(still, "web", "Evicted")
    still.emulator.api.compact()
    async with asyncio.timeout(WITHIN):
        await catalogue.watch(ObjectQuery(kind="po"), (page.since,), lambda _: None)


async def test_who_may_not_watch_is_told_so(still: Kubernetes, client: KubeClient) -> None:
    catalogue = KubernetesCatalogue(client, frozenset({""}))
    page = await catalogue.page(ObjectQuery(kind="po"))
    assert page.since is not None
    assert page.kind.watched
    still.cluster.policy.grants[ADMIN] = (Grant(("list",), ("pods",)),)
    with pytest.raises(SourceError, match="not permitted"):
        await catalogue.watch(ObjectQuery(kind="po"), (page.since,), lambda _: None)
    still.cluster.faults.add(Fault(status=503, retry_after=0))
    with pytest.raises(SourceError):
        await catalogue.watch(ObjectQuery(kind="po"), (page.since,), lambda _: None)
    with pytest.raises(SourceError, match="a list of 11 namespaces is not watched"):
        await catalogue.watch(ObjectQuery(kind="po"), (page.since,) * 11, lambda _: None)
