"""The wire may break in any way: what is known is kept or said to be unknown, and the API is not run over."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import dial
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.follow import Follower
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.wire import Meta
from cockpit.backends.resolver import Resolver
from cockpit.board.clock import ManualClock, SystemClock
from cockpit.board.model import Freshness, State
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster.access import Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.kubeconfig import kubeconfig, write
from cockpit.demo.kubernetes.server.wire import Answer, Call, Reply, Stream
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.test_observe import SHOP, counted, crash, live, pod_of
from tests.kubernetes.backend.watch import NAME, WITHIN, Watch
from tests.kubernetes.conftest import Kubernetes

FOLLOW = "cockpit.backends.kubernetes.follow"
CLIENT = "cockpit.backends.kubernetes.client"
OBSERVE = "cockpit.backends.kubernetes.observe"
LIST_OF_PODS = "GET /api/v1/namespaces/shop/pods"


def lists(still: Kubernetes) -> list[str]:
    """The requests for pods so far; a watch counts as one."""
    return [one for one in still.cluster.faults.seen if one == LIST_OF_PODS]


def client(kubernetes: Kubernetes, clock: Any = None, **environ: str) -> KubeClient:
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "HOME": "/nowhere"} | environ
    return KubeClient(
        NAME, Backend(kind="kubernetes"), clock or SystemClock(), Secrets(), read_only=True, environ=environ
    )


class Instead:
    """Another answer to some requests, from now until `back`. asked: those that got it."""

    def __init__(self, kubernetes: Kubernetes, fits: Callable[[Call], bool], answer: Callable[[Call], Answer]) -> None:
        self._server, self._api = kubernetes.emulator.server, kubernetes.emulator.api
        self._fits, self._answer = fits, answer
        self.asked: list[Call] = []
        self._server.handler = self._handle

    async def _handle(self, call: Call) -> Answer:
        if not self._fits(call):
            return await self._api.handle(call)
        self.asked.append(call)
        return self._answer(call)

    def back(self) -> None:
        self._server.handler = self._api.handle


async def eventually(holds: Callable[[], object], do: Callable[[], None] = lambda: None) -> None:
    """Once `holds()` is true, of what no board tells; until then `do` is done again and again."""
    async with asyncio.timeout(WITHIN):
        while not holds():
            do()
            await asyncio.sleep(0.05)


def watches_pods(call: Call) -> bool:
    return call.path.endswith("/pods") and call.flag("watch")


def streaming(*parts: bytes) -> Callable[[Call], Answer]:
    """A stream of these bytes, which then ends."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        for part in parts:
            yield part

    return lambda _: Stream(chunks())


async def test_a_token_that_expires_in_the_middle_of_a_list_begins_it_again(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FOLLOW}.FIRST_PAGE", 2)
    monkeypatch.setattr(f"{FOLLOW}.PAGE", 3)
    still.cluster.faults.add(Fault(status=410, where="/pods?continue=", times=2))
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)
        assert watch.lost == []


async def test_the_other_pages_of_a_list_wait_for_their_turn(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FOLLOW}.FIRST_PAGE", 2)
    turn = asyncio.Event()

    async def wait() -> None:
        await turn.wait()

    watch = Watch(still.kubeconfig)
    watch.source.give_way(wait)
    async with watch:
        await watch.until(lambda: any(one.instances for one in watch.board.workloads().values()))
        assert len(lists(still)) == 1
        assert not live(watch)
        turn.set()
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)
        assert len(lists(still)) > 1


async def test_a_list_that_always_expires_is_said_and_comes_when_it_can(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FOLLOW}.FIRST_PAGE", 2)
    monkeypatch.setattr(f"{FOLLOW}.FIRST_WAIT", 0.01)
    fault = still.cluster.faults.add(Fault(status=410, where="/pods?continue="))
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: any("lists of pods expire before their end" in why for why in watch.lost))
        assert not live(watch)
        still.cluster.faults.held.remove(fault)
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)


async def test_an_api_that_hangs_is_lost_and_comes_back_without_a_new_list(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{OBSERVE}.PING_EVERY", 0.2)
    defaults = KubeClient.raw.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "timeout", 3.0)
    begun: list[str] = []
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and set(counted(watch)) == set(SHOP))
        assert watch.source._now is not None
        followers = watch.source._now._followers
        await watch.until(lambda: all(one.standing.listed or one.standing.denied for one in followers))
        original = Follower._list

        async def noted(self: Follower) -> None:
            begun.append(self.kind.plural)
            await original(self)

        monkeypatch.setattr(Follower, "_list", noted)
        # Connections stand, and nothing comes over them any more.
        still.emulator.api.watches.moving.clear()
        still.cluster.faults.add(Fault(seconds=3600.0))
        await watch.until(lambda: any("no answer in time" in why for why in watch.lost))
        await watch.until(lambda: (one := watch.board.source(NAME)) and one.freshness is Freshness.LOST)
        assert {one.state for one in watch.board.snapshot().services} == {State.UNKNOWN}
        crash(still, "payments")
        still.cluster.faults.clear()
        still.emulator.api.watches.moving.set()
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        await watch.assessed("web", lambda one: one.state is State.OK)
    assert begun == []


async def test_a_watch_that_went_silent_is_opened_again(still: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.backends.kubernetes.watchlines.SILENCE", 0.5)
    monkeypatch.setattr(f"{FOLLOW}.LONGEST_WAIT", 0.5)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        still.emulator.api.watches.moving.clear()
        crash(still, "payments")
        before = len(lists(still))
        await eventually(lambda: len(lists(still)) > before + 1)
        still.emulator.api.watches.moving.set()
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        assert watch.lost == []


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((b'{"type":"MODIFIED","object":{"metadata":{"na\n',), "a change of pods cannot be read"),
        ((b'{"type":"MODIFIED","object":{"metadata":{"name":5}}}\n',), "a change of pods cannot be read"),
        ((b"\xff\xfe\n",), "a change of pods cannot be read"),
        (
            (b'{"type":"ADDED","object":{"metadata":{"name":"a\\u001b[31m","namespace":"shop"}}}\n',),
            "one pod has a name that no object can have",
        ),
        ((b"x" * 65536,) * 160, "one pod is larger than 8 MiB"),
        (
            (b'{"type":"ERROR","object":{"message":"etcd is gone","code":500}}\n',),
            "the watch of pods failed: etcd is gone",
        ),
    ],
    ids=["cut", "wrong", "binary", "no name", "endless", "error"],
)
async def test_what_cannot_be_read_is_said_and_followed_from_a_new_list(
    parts: tuple[bytes, ...], words: str, still: Kubernetes
) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        broken = Instead(still, watches_pods, streaming(*parts))
        # Cut as often as it takes: the first watch may be on its way yet.
        await eventually(lambda: broken.asked, still.emulator.api.watches.cut)
        await watch.until(lambda: any(words in why for why in watch.lost))
        assert not any("\n" in why or len(why) > 600 for why in watch.lost)
        crash(still, "payments")
        broken.back()
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)


async def test_a_watch_that_fails_from_where_it_stands_begins_with_a_list_again(still: Kubernetes) -> None:
    failed = streaming(b'{"type":"ERROR","object":{"message":"etcd event received with PrevKv=nil","code":500}}\n')
    versions: list[str] = []

    def stuck(call: Call) -> bool:
        if not watches_pods(call):
            return False
        versions.append(call.query("resourceVersion"))
        return versions[-1] == versions[0]

    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        broken = Instead(still, stuck, failed)
        await eventually(lambda: broken.asked, still.emulator.api.watches.cut)
        crash(still, "payments")
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)
        assert any("PrevKv" in why for why in watch.lost)


async def test_numbers_that_are_all_old_are_not_shown_and_that_is_said(still: Kubernetes) -> None:
    def old(_: Call) -> Reply:
        pods = still.cluster.store.each("pods", "shop")
        usage = {"name": "web", "usage": {"cpu": "100m", "memory": "64Mi"}}
        items = [
            {"metadata": one["metadata"], "timestamp": "2026-01-01T00:00:00Z", "containers": [usage]} for one in pods
        ]
        return Reply(200, msgspec.json.encode({"items": items}))

    Instead(still, lambda call: call.path.startswith("/apis/metrics.k8s.io"), old)
    async with Watch(still.kubeconfig) as watch:
        words = "CPU and memory are not known: metrics.k8s.io measured them last 2026-01-01 00:00Z, or a clock is wrong"
        await watch.until(lambda: (one := watch.board.source(NAME)) and words in one.why)
        assert all(one.cpu is None for one in watch.board.snapshot().services)


async def test_a_line_that_breaks_off_with_its_stream_is_no_change(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        broken = Instead(still, watches_pods, streaming(b'{"type":"DELETED","object":{"metadata":{"uid":'))
        await eventually(lambda: broken.asked, still.emulator.api.watches.cut)
        broken.back()
        still.cluster.store.remove("pods", "shop", pod_of(still, "web")["metadata"]["name"])
        await watch.sees("web", lambda one: len(one.instances) == 2)
        assert watch.lost == []


async def test_an_object_of_ten_megabytes_is_taken_in_and_holds_nothing_up(still: Kubernetes) -> None:
    pod = pod_of(still, "web")
    meta = {**pod["metadata"], "annotations": {"note": "x" * 10_000_000}}
    still.cluster.store.put("pods", {**pod, "metadata": meta})
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch) and counted(watch) == SHOP)
        crash(still, "payments")
        await watch.assessed("payments", lambda one: one.state is State.DEGRADED)


async def test_an_answer_without_end_is_given_up(still: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{CLIENT}.ANSWER_LIMIT", 1 << 20)
    Instead(still, lambda call: call.path == "/version", lambda _: Reply(200, b" " * (2 << 20)))
    asker = client(still)
    with pytest.raises(SourceError, match="an answer of the Kubernetes API is larger than 1 MiB"):
        await asker.raw("/version")
    await asker.reset()


async def test_a_watch_that_the_api_asks_to_wait_with_says_so_and_goes_on(
    still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FOLLOW}.BUSY_AGAIN", 0.2)
    monkeypatch.setattr(f"{FOLLOW}.BUSY_SHOWN", 0.0)
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        before = len(lists(still))
        fault = still.cluster.faults.add(Fault(status=429, where=f"{LIST_OF_PODS}?", retry_after=0))
        await eventually(lambda: len(lists(still)) > before + 1, still.emulator.api.watches.cut)
        one = await watch.assessed("web", lambda one: one.state is State.UNKNOWN)
        assert one.why == "its pods cannot be seen: the API server asks to wait with pods in namespace shop"
        still.cluster.faults.held.remove(fault)
        await watch.assessed("web", lambda one: one.state is State.OK)
        assert watch.lost == []


class _Hasty(SystemClock):
    """Notes how long it was to sleep, and does not."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_pods_that_may_not_be_seen_any_more_are_not_shown_as_they_were(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        await watch.until(lambda: live(watch))
        kinds = ("deployments", "replicasets", "namespaces")
        before = len(lists(still))
        still.cluster.policy.grants["system:admin"] = (Grant(("get", "list", "watch"), kinds),)
        await eventually(lambda: len(lists(still)) > before, still.emulator.api.watches.cut)
        one = await watch.assessed("web", lambda one: one.state is State.UNKNOWN)
        assert one.why == "its pods cannot be seen: needs list and watch on pods in namespace shop"


async def test_retry_after_is_kept_to_and_a_long_one_is_said(still: Kubernetes) -> None:
    clock = _Hasty()
    asker = client(still, clock)
    still.cluster.faults.add(Fault(status=429, where="/version", retry_after=3, times=2))
    assert b"gitVersion" in await asker.raw("/version", timeout=600)
    assert clock.slept == [3.0, 3.0]
    still.cluster.faults.add(Fault(status=429, where="/version", retry_after=3600))
    with pytest.raises(ApiAnswer, match="it is overloaded and asks to wait") as failed:
        await asker.raw("/version", timeout=600)
    assert failed.value.retry_after == 3600
    assert clock.slept == [3.0, 3.0]
    await asker.reset()


class _Nothing:
    """Takes nothing in."""

    def begin(self, kind: Any, space: str) -> None: ...
    def put(self, kind: Any, space: str, objects: list[Any]) -> None: ...
    def drop(self, kind: Any, meta: Meta) -> None: ...
    def end(self, kind: Any, space: str) -> None: ...


class _Closing:
    """A client of an API server that ends each watch at once."""

    where = "Kubernetes main"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.asked: list[str] = []

    async def raw(self, path: str, query: Any, **_: Any) -> bytes:
        self.asked.append("list")
        return b'{"metadata":{"resourceVersion":"5"},"items":[]}'

    def decoded(self, path: str, data: bytes, kind: type[Any]) -> Any:
        return msgspec.json.decode(data, type=kind)

    @contextlib.asynccontextmanager
    async def stream(self, path: str, query: Any, *_: Any) -> AsyncIterator["_Closing"]:
        self.asked.append("watch")
        yield self

    async def aiter_raw(self) -> AsyncGenerator[bytes, None]:
        nothing: list[bytes] = []
        for part in nothing:
            yield part


async def test_a_server_that_ends_each_watch_at_once_is_not_run_over() -> None:
    clock = ManualClock()
    asker: Any = _Closing(clock)
    task = asyncio.ensure_future(Follower(asker, PODS, "shop", _Nothing(), lambda: None).run())
    for _ in range(600):
        await clock.advance(1.0)
    assert not task.done(), task.exception()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert asker.asked.count("list") == 1
    # Ten minutes, a watch each 15 s but for the first few.
    assert 30 <= asker.asked.count("watch") <= 70


def everywhere(answers: dict[str, list[str]]) -> Callable[..., list[tuple[Any, ...]]]:
    """A name server."""

    def lookup(host: str, port: int, *_: object) -> list[tuple[Any, ...]]:
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in answers[host]]

    return lookup


@pytest.mark.parametrize("host", ["127.0.0.1", "api.example"])
async def test_long_answers_are_compressed_on_their_way_from_afar(
    host: str, still: Kubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial, "Resolver", partial(_resolver, everywhere({"api.example": ["127.0.0.1"]})))
    write(still.kubeconfig, kubeconfig(still.url.replace("127.0.0.1", host)))
    body = b'{"gitVersion":"' + b"1" * 200_000 + b'"}'
    answered = Instead(still, lambda call: call.path == "/version", lambda _: Reply(200, body))
    asker = client(still)
    assert await asker.raw("/version") == body
    asked = "identity" if host == "127.0.0.1" else "gzip"
    assert [call.headers["accept-encoding"] for call in answered.asked] == [asked]
    await asker.reset()


async def test_names_are_looked_up_in_threads_of_their_own(still: Kubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    names = everywhere({"api.example": ["127.9.9.9", "127.0.0.1"]})
    monkeypatch.setattr(dial, "Resolver", partial(_resolver, names))
    loop = asyncio.get_running_loop()

    def shared(*_: object) -> Any:
        raise AssertionError("the executor that everything shares")

    monkeypatch.setattr(loop, "run_in_executor", shared)
    monkeypatch.setattr(loop, "getaddrinfo", shared)
    write(still.kubeconfig, kubeconfig(still.url.replace("127.0.0.1", "api.example")))
    asker = client(still)
    assert b"gitVersion" in await asker.raw("/version")
    await asker.reset()
    write(still.kubeconfig, kubeconfig("http://gone.example:80"))
    missing = client(still)
    with pytest.raises(SourceError, match=r"no such host: gone\.example: check the VPN and the DNS$"):
        await missing.raw("/version")
    await missing.reset()


def _resolver(lookup: Any, pool: Any) -> Resolver:
    return Resolver(pool, lookup)
