"""The client against engines of other versions, of other ways to be reached, and against what is no engine."""

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import httpcore
import httpx
import pytest

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.docker import client as client_module
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.transport import EngineTransport, NotDialled, Refused
from cockpit.backends.docker.wire import ContainerRow, Info
from cockpit.board.clock import ManualClock, SystemClock
from cockpit.board.model import Health, Identity, Phase
from cockpit.logs.line import LogRequest
from cockpit.profile.schema import Backend
from tests.docker.fake import Answer, FakeEngine, frames, recorded_answers
from tests.docker.watch import Watch
from tests.parts.need import missing
from tests.patience import PATIENCE

STAMP = b"2026-03-01T14:27:52.118000000Z "


def client_of(
    engine: FakeEngine, *, read_only: bool = True, ca: str = "", cert: str = "", key: str = ""
) -> EngineClient:
    backend = Backend(kind="docker", host=engine.url, tls_ca=ca, tls_cert=cert, tls_key=key)
    return EngineClient("main", backend, SystemClock(), read_only=read_only, environ={})


async def test_a_new_engine_is_observed() -> None:
    answers = recorded_answers("1.52")
    async with FakeEngine("1.52", answers) as engine, Watch(Backend(kind="docker", host=engine.url)) as watch:
        ill = await watch.sees("shop_search_1", lambda one: one.health is Health.UNHEALTHY)
        assert ill.id.scope == "6f0b1a52-0d7b-4a9d-9f55-0c1d2e3f4a5b"
        assert (await watch.sees("billing_report_1", lambda one: one.phase is Phase.EXITED)).exit_code == 137
        assert watch.lost == []
    assert all(asked.startswith(("GET /v1.52/", "GET /_ping", "HEAD /_ping")) for asked in engine.asked)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (
            "vnd.docker.multiplexed-stream",
            frames((1, STAMP + b"one\n"), (2, STAMP + b"two\n")),
            [("out", b"one"), ("err", b"two")],
        ),
        ("vnd.docker.raw-stream", STAMP + b"one\r\n", [("", b"one")]),
    ],
)
async def test_a_new_engine_says_which_kind_a_log_is(kind: str, body: bytes, expected: list[tuple[str, bytes]]) -> None:
    answers = recorded_answers("1.52") | {"/containers/c/logs": (200, f"application/{kind}", body)}
    async with FakeEngine("1.52", answers) as engine, Watch(Backend(kind="docker", host=engine.url)) as watch:
        request = LogRequest(instance=Identity("docker", "e", "", "container", "c", "c"))
        found = [(line.stream, line.data) async for batch in watch.source.logs(request) for line in batch]
        assert found == expected
    assert not any(asked.startswith("GET /v1.52/containers/c/json") for asked in engine.asked)


@pytest.mark.parametrize(
    ("offered", "info", "words"),
    [
        ("1.39", None, r"the engine is too old \(API 1\.39, not 1\.40\): upgrade it"),
        ("", None, "what answers there is no Docker Engine"),
        (
            "1.70",
            (400, "application/json", b'{"message":"client version 1.52 is too old. Minimum supported is 1.60"}'),
            r"the engine is too new \(it refuses API 1\.52.*\): upgrade the cockpit",
        ),
        ("1.41", (500, "application/json", b'{"message":"disk \\u001b[31mfull"}'), "answered: disk full"),
        ("1.41", (200, "text/html", b"<html>login</html>"), "its answer to /info cannot be read"),
        ("1.41", (200, "application/json", b'{"ID": 7}'), "its answer to /info cannot be read"),
    ],
)
async def test_what_cannot_be_spoken_to(offered: str, info: Answer | None, words: str) -> None:
    answers = recorded_answers("1.41") | ({"/info": info} if info else {})
    async with FakeEngine(offered, answers) as engine:
        client = client_of(engine)
        with pytest.raises(SourceError, match=words):
            await client.get("/info", Info)
        await client.close()


async def test_an_answer_has_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "ANSWER_LIMIT", 1 << 20)
    answers: dict[str, Answer] = {"/containers/json": (200, "application/json", b"[" + b" " * (2 << 20) + b"]")}
    async with FakeEngine("1.41", answers) as engine:
        client = client_of(engine)
        with pytest.raises(SourceError, match="larger than 1 MiB"):
            await client.get("/containers/json", list[ContainerRow])
        await client.close()


async def test_an_answer_that_never_comes_is_given_up() -> None:
    async with FakeEngine("1.41", {"/info": (0, "application/json", b"")}) as engine:
        clock = ManualClock()
        client = EngineClient("main", Backend(kind="docker", host=engine.url), clock, read_only=True, environ={})
        asking = asyncio.ensure_future(client.get("/info", Info))
        await engine.until(lambda: any("/info" in asked for asked in engine.asked))
        await clock.advance(4.9)
        assert not asking.done()
        await clock.advance(0.2)
        with pytest.raises(NoAnswer, match="no answer in time"):
            await asking
        await client.close()


async def test_a_reader_sends_nothing_that_changes() -> None:
    async with FakeEngine("1.41", {"/containers/c/restart": (204, "text/plain", b"")}) as engine:
        reader, operator = client_of(engine), client_of(engine, read_only=False)
        with pytest.raises(Refused, match=r"POST /v1\.41/containers/c/restart is refused"):
            await reader.post("/containers/c/restart")
        with pytest.raises(Refused):
            await reader.delete("/containers/c")
        assert not any("restart" in asked or "DELETE" in asked for asked in engine.asked)
        await operator.post("/containers/c/restart")
        with pytest.raises(EngineAnswer) as refused:
            await operator.delete("/containers/c")
        assert refused.value.status == 501
        await reader.close()
        await operator.close()


async def test_a_client_that_was_closed_opens_nothing_any_more() -> None:
    async with FakeEngine("1.52", recorded_answers("1.52")) as engine:
        client = client_of(engine)
        await client.ping()
        await client.close()
        asked = len(engine.asked)
        with pytest.raises(SourceError, match="the connection was given up"):
            await client.ping()
        assert len(engine.asked) == asked


class _Silent(httpcore.AsyncNetworkStream):
    """A connection that says nothing. closed: whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("long", [False, True])
async def test_a_connection_that_is_there_after_all_were_closed_is_closed_too(long: bool) -> None:
    stream, begun, there = _Silent(), asyncio.Event(), asyncio.Event()

    async def dial() -> httpcore.AsyncNetworkStream:
        begun.set()
        await there.wait()
        return stream

    transport = EngineTransport(dial, connections=2, streams=2, read_only=True)
    http = httpx.AsyncClient(transport=transport, base_url="http://docker", timeout=None, trust_env=False)
    asking = asyncio.create_task(http.send(http.build_request("GET", "/info", extensions={"long": long}), stream=True))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        await http.aclose()
        there.set()
        with pytest.raises(NotDialled, match="the connection was given up"):
            await asking
    assert stream.closed


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a server and a client that it vouches for."""
    if shutil.which("openssl") is None:
        missing("no openssl here")
    folder = tmp_path_factory.mktemp("tls")

    def run(*argv: str) -> None:
        subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True, timeout=PATIENCE)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("server", "client"):
        run("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", f"{name}.pem", "-days", "2", "-extfile", "names",
        )  # fmt: skip
    return folder


def server_side(certificates: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def test_tls_with_both_certificates(certificates: Path) -> None:
    ca, cert, key = (str(certificates / name) for name in ("ca.pem", "client.pem", "client.key"))
    async with FakeEngine("1.41", recorded_answers("1.41"), server_side(certificates)) as engine:
        client = client_of(engine, ca=ca, cert=cert, key=key)
        assert (await client.get("/info", Info)).server_version == "20.10.24+dfsg1"
        await client.close()
        for wrong, words in (
            (client_of(engine, cert=cert, key=key), "its certificate is not trusted"),
            (client_of(engine, ca=ca), "accept this client's certificate|TLS failed|the connection was"),
            (client_of(engine), "the connection was reset|the connection was closed"),
            (client_of(engine, ca="/nowhere/ca.pem"), r"the authority /nowhere/ca\.pem cannot be used"),
        ):
            with pytest.raises(SourceError, match=words):
                await wrong.get("/info", Info)
            await wrong.close()
