"""Logs, ports, probes' commands: on the emulated cluster."""

import asyncio
import subprocess
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectRef
from cockpit.backends.kubernetes.execute import with_environment
from cockpit.backends.kubernetes.lines import LineReader, timed
from cockpit.backends.kubernetes.logs import Room, log_query, readable
from cockpit.backends.kubernetes.times import since_time
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.board.model import Identity, Instance, Phase
from cockpit.demo.kubernetes.kubelet.shell import Done
from cockpit.logs.line import LogRequest, RawLine
from tests.kubernetes.backend.made import pod, running, status, terminated, waiting
from tests.kubernetes.backend.recorded import exchanges
from tests.kubernetes.backend.watch import Watch
from tests.kubernetes.conftest import Kubernetes
from tests.patience import PATIENCE

WHO = Identity("kubernetes", "c1", "shop", "deployment", "web", "u1")
AT = datetime(2026, 3, 1, 13, 0, 0, 123456, tzinfo=UTC)


async def seen(watch: Watch, name: str = "web") -> Instance:
    """The first pod of a workload, once it is known."""
    one = await watch.sees(name, lambda one: one.instances)
    return min(one.instances, key=lambda pod: pod.name)


async def taken(watch: Watch, request: LogRequest, most: int) -> list[RawLine]:
    """The first lines of a log, at least `most` of them where it has so many."""
    found: list[RawLine] = []
    async with aclosing(watch.source.logs(request)) as batches:
        async for batch in batches:
            found += batch
            if len(found) >= most:
                break
    return found


def test_recorded_lines_are_read_in_any_pieces() -> None:
    text = exchanges("logs")[0]["response"]["body"].encode()
    whole = LineReader().feed(text)
    assert whole[0].at == datetime(2026, 11, 21, 9, 32, 38, 274, tzinfo=UTC)
    assert all(line.data.startswith(b"time=2026-11-21T09:32") for line in whole)
    for size in (1, 7, 100):
        reader = LineReader()
        pieces = [line for start in range(0, len(text), size) for line in reader.feed(text[start : start + size])]
        assert pieces + reader.rest() == whole


def test_a_line_that_is_too_long_is_cut_and_the_cut_counted() -> None:
    reader = LineReader()
    found = reader.feed(b"2026-03-01T13:00:00Z " + b"x" * 100_000)
    found += reader.feed(b"x" * 100_000 + b"\n2026-03-01T13:00:01Z next\n")
    assert [(len(line.data), line.cut > 100_000) for line in found] == [(65536, True), (4, False)]


@pytest.mark.parametrize(
    ("line", "at", "data"),
    [
        (b"2026-03-01T13:00:00.123456789Z hello", AT, b"hello"),
        (b"2026-03-01T14:00:00.123456+01:00 hello", AT, b"hello"),
        (b"2026-03-01T13:00:00Z ", AT.replace(microsecond=0), b""),
        (b"no time at all", None, b"no time at all"),
        (b"9999-99-99T99:99:99.999999999Z x", None, b"9999-99-99T99:99:99.999999999Z x"),
    ],
)
def test_the_time_before_a_line(line: bytes, at: datetime | None, data: bytes) -> None:
    assert timed(line) == (at, data)


def test_what_is_asked_of_the_api() -> None:
    follow = LogRequest(instance=WHO, since=AT, tail=None)
    assert log_query("web", follow) == {
        "container": "web", "timestamps": "true", "sinceTime": "2026-03-01T13:00:00Z", "follow": "true",
    }  # fmt: skip
    previous = LogRequest(instance=WHO, tail=10, follow=False, previous=True, until=AT)
    asked = log_query("web", previous)
    assert (asked["previous"], asked["tailLines"], "limitBytes" in asked) == ("true", 10, True)
    assert since_time(AT + timedelta(seconds=1)) == "2026-03-01T13:00:01Z"


@pytest.mark.parametrize(
    ("one", "now", "before"),
    [
        (pod(status("web", running())), ["web"], []),
        (pod(status("web", waiting("ContainerCreating"))), [], []),
        (
            pod(
                status("web", waiting("CrashLoopBackOff"), restarts=2, last=terminated(1)),
                initContainerStatuses=[status("migrate", terminated(0, "Completed"))],
            ),
            ["migrate", "web"],
            ["web"],
        ),
    ],
)
def test_which_containers_have_a_log(one: Pod, now: list[str], before: list[str]) -> None:
    assert readable(one) == now
    assert readable(one, previous=True) == before


def test_streams_have_a_limit_and_say_so() -> None:
    room = Room(1)
    with room.taken(), pytest.raises(SourceError, match="1 logs are read from this cluster already"), room.taken():
        pass
    assert room.open == 0


@pytest.mark.emulated("let a pod be three days old")
async def test_a_log_is_followed(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await seen(watch)
        old = await taken(watch, LogRequest(instance=one.id, tail=5, follow=False), 5)
        assert len(old) == 5
        assert all(line.at is not None and line.part == "" for line in old)
        times = [line.at for line in old if line.at]
        assert times == sorted(times)
        # More than there was: what is written from now on comes too.
        more = await taken(watch, LogRequest(instance=one.id, tail=1), 3)
        assert len(more) >= 3
        assert more[-1].at is not None
        assert more[-1].at >= times[-1]


@pytest.mark.emulated("let a pod be three days old")
async def test_a_window_has_two_ends(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await seen(watch)
        last = (await taken(watch, LogRequest(instance=one.id, tail=1, follow=False), 1))[0].at
        assert last is not None
        since, until = last - timedelta(seconds=20), last - timedelta(seconds=10)
        request = LogRequest(instance=one.id, since=since, until=until, tail=None, follow=False)
        found = await taken(watch, request, 10_000)
        assert found
        assert all(line.at is not None and since <= line.at <= until for line in found)


async def test_a_pod_that_is_gone_has_no_log(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        one = await seen(watch)
        still.cluster.store.remove("pods", "shop", one.name)
        await watch.until(lambda: one.id not in {pod.id for pod in watch.pods("web")})
        with pytest.raises(SourceError, match="is gone, and its log with it"):
            await taken(watch, LogRequest(instance=one.id), 1)


async def test_a_pod_is_read_where_nothing_is_watched(still: Kubernetes) -> None:
    (stored, *_) = (
        pod for pod in still.cluster.store.each("pods", "shop") if pod["metadata"]["name"].startswith("web-")
    )
    meta = stored["metadata"]
    async with Watch(still.kubeconfig, spaces=frozenset({"default"})) as watch:
        (one,) = await watch.source.catalogue.instances(ObjectRef("main", "pods", "shop", meta["name"]))
        assert len(await taken(watch, LogRequest(instance=one.id, tail=5, follow=False), 5)) == 5
        other = replace(one.id, instance="another")
        with pytest.raises(SourceError, match="is gone, and its log with it; another pod has its name now"):
            await taken(watch, LogRequest(instance=other), 1)


async def test_a_run_before_that_is_not_kept_is_said(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await seen(watch)
        with pytest.raises(SourceError, match="no run before the present one is kept"):
            await taken(watch, LogRequest(instance=one.id, follow=False, previous=True), 1)


async def test_every_container_of_a_pod_is_read(still: Kubernetes) -> None:
    stored = next(pod for pod in still.cluster.store.each("pods", "shop") if pod["metadata"]["name"].startswith("web-"))
    first = stored["spec"]["containers"][0]
    told = stored["status"]["containerStatuses"][0]
    changed = {
        **stored,
        "spec": {**stored["spec"], "containers": [first, {**first, "name": "side"}]},
        "status": {**stored["status"], "containerStatuses": [told, {**told, "name": "side"}]},
    }
    still.cluster.store.put("pods", changed)
    async with Watch(still.kubeconfig) as watch:
        web = await watch.sees("web", lambda one: one.instances)
        one = next(one for one in web.instances if one.name == stored["metadata"]["name"])
        found: list[RawLine] = []
        async with (
            asyncio.timeout(PATIENCE),
            aclosing(watch.source.logs(LogRequest(instance=one.id, tail=3))) as batches,
        ):
            async for batch in batches:
                found += batch
                if {line.part for line in found} == {"web", "side"}:
                    break
        assert {line.part for line in found} == {"web", "side"}


async def test_a_container_that_starts_after_its_sidecar_is_read_too(still: Kubernetes) -> None:
    stored = next(pod for pod in still.cluster.store.each("pods", "shop") if pod["metadata"]["name"].startswith("web-"))
    told = stored["status"]["containerStatuses"][0]
    side = {**stored["spec"]["containers"][0], "name": "side", "restartPolicy": "Always"}
    waits = {**told, "state": {"waiting": {"reason": "PodInitializing"}}, "ready": False, "lastState": {}}

    def put(web: dict[str, object]) -> None:
        states = {"containerStatuses": [web], "initContainerStatuses": [{**told, "name": "side"}]}
        spec = {**stored["spec"], "initContainers": [side]}
        still.cluster.store.put("pods", {**stored, "spec": spec, "status": {**stored["status"], **states}})

    put(waits)
    async with Watch(still.kubeconfig) as watch:
        await watch.sees("web", lambda one: any(pod.preparing_at for pod in one.instances))
        one = next(one for one in watch.pods("web") if one.preparing_at)
        parts: set[str] = set()
        async with (
            asyncio.timeout(PATIENCE),
            aclosing(watch.source.logs(LogRequest(instance=one.id, tail=3))) as batches,
        ):
            async for batch in batches:
                if not parts:
                    assert {line.part for line in batch} == {"side"}
                    put(told)
                parts |= {line.part for line in batch}
                if parts == {"web", "side"}:
                    break
        assert parts == {"web", "side"}


async def test_the_run_before_is_whole_also_while_the_next_one_waits(still: Kubernetes) -> None:
    stored = next(pod for pod in still.cluster.store.each("pods", "shop") if pod["metadata"]["name"].startswith("web-"))
    told = stored["status"]["containerStatuses"][0]
    begun = str(told["state"]["running"]["startedAt"])
    ended = (datetime.fromisoformat(begun) + timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    last = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": begun, "finishedAt": ended}}
    loops = {**told, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": last, "restartCount": 1}
    status = {**stored["status"], "containerStatuses": [{**loops, "ready": False}]}
    still.cluster.store.put("pods", {**stored, "status": status})
    async with Watch(still.kubeconfig) as watch:
        await watch.sees("web", lambda one: any(pod.phase is Phase.RESTARTING for pod in one.instances))
        one = next(one for one in watch.pods("web") if one.phase is Phase.RESTARTING)
        request = LogRequest(instance=one.id, until=one.started_at, tail=None, follow=False, previous=True)
        assert len(await taken(watch, request, 10)) >= 10


async def test_a_port_is_reached_through_the_api(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await watch.sees("web", lambda one: one.instances)
        port = one.instances[-1].ports[0].number
        address = await watch.source.address(one, port)
        assert address.host == "127.0.0.1"
        assert address.how.startswith("forwarded to web-")
        assert address.relayed
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        head = await reader.readuntil(b"\r\n")
        assert head == b"HTTP/1.1 200 OK\r\n"
        writer.close()
        again = await watch.source.address(one, port)
        assert again == address


async def test_a_port_that_nothing_listens_on_closes_the_connection(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await watch.sees("web", lambda one: one.instances)
        address = await watch.source.address(one, 1)
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_a_command_in_a_pod(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.shell.programs["ready"] = lambda inside, argv, _: Done(
        3, f"{' '.join(argv)} in {inside.container['name']}\n", "and an error\n"
    )
    async with Watch(kubernetes.kubeconfig) as watch:
        one = await seen(watch)
        result = await watch.source.execute(one.id, ["ready", "-x", "a b"], 60)
        assert (result.exit_code, result.dropped) == (3, 0)
        assert result.output == "-x a b in web\nand an error\n"


async def test_a_command_that_is_not_there_or_not_allowed_says_so(still: Kubernetes) -> None:
    async with Watch(still.kubeconfig) as watch:
        one = await seen(watch)
        with pytest.raises(SourceError, match=r'cannot be run in .*exec: "absent": executable file not found'):
            await watch.source.execute(one.id, ["absent"], 60)
        still.cluster.store.remove("pods", "shop", one.name)
        with pytest.raises(SourceError, match="no command can be run in it"):
            await watch.source.execute(one.id, ["ready"], 60)


def test_variables_reach_a_command_and_stand_in_no_argument() -> None:
    argv, given = with_environment(
        ["sh", "-c", 'printf "%s|%s" "$PASSWORD" "$1"', "x", "y z"], {"PASSWORD": "a b'c\"$d"}
    )
    assert not any("a b" in word for word in argv)
    done = subprocess.run(argv, input=given, capture_output=True, timeout=60, check=True)
    assert done.stdout == b"a b'c\"$d|y z"
    assert with_environment(["true"], {}) == (["true"], b"")
    with pytest.raises(SourceError, match="KEY has several lines"):
        with_environment(["true"], {"KEY": "a\nb"})
