"""The http probe against a server of its own: what is asked, and what the answer means."""

import pytest

from cockpit.board.model import ReadingState
from tests.probes.hostile import hostile
from tests.probes.rig import ask

OK, DEGRADED, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DEGRADED, ReadingState.DOWN, ReadingState.UNKNOWN


async def test_a_healthy_answer_is_ok_with_its_times() -> None:
    async with hostile() as server:
        server.ok("/health", b'{"status": "ok"}')
        reading = await ask({"kind": "http", "url": f"http://127.0.0.1:{server.port}/health"})
    assert (reading.state, reading.detail, reading.kind) == (OK, "HTTP 200", "http")
    assert reading.target == f"GET http://127.0.0.1:{server.port}/health"
    assert [name for name, _ in reading.timings_ms] == ["dns", "connect", "first byte", "body", "total"]
    assert reading.latency_ms is not None
    assert reading.latency_ms > 0
    assert b"host: 127.0.0.1:" in server.seen[0].lower()


async def test_a_port_is_resolved_by_the_backend_and_shown() -> None:
    async with hostile() as server:
        server.ok("/health", b"fine")
        reading = await ask({"kind": "http", "port": 8001, "path": "/health"}, port=server.port)
    assert reading.state is OK
    assert reading.target == f"GET 127.0.0.1:{server.port}/health (published port of 8001)"


async def test_a_port_without_a_running_instance_is_unknown() -> None:
    reading = await ask({"kind": "http", "port": 8001})
    assert (reading.state, reading.detail) == (UNKNOWN, "no running instance to ask")
    assert reading.latency_ms is None


async def test_an_unset_secret_is_unknown_and_names_it() -> None:
    probe = {"kind": "http", "url": "http://127.0.0.1:1/", "headers": {"api-key": "${QDRANT_API_KEY}"}}
    reading = await ask(probe)
    assert (reading.state, reading.detail) == (UNKNOWN, "QDRANT_API_KEY is not set")


async def test_a_secret_is_sent_and_never_shown() -> None:
    async with hostile() as server:
        server.at("/", "HTTP/1.1 403 Forbidden\nConnection: close", b"bad key hunter2hunter2 for you")
        probe = {"kind": "http", "url": f"http://127.0.0.1:{server.port}/?k=${{KEY}}", "headers": {"x-key": "${KEY}"}}
        reading = await ask(probe, environ={"KEY": "hunter2hunter2"})
    assert b"x-key: hunter2hunter2" in server.seen[0]
    assert (reading.state, reading.detail) == (DOWN, "HTTP 403 bad key *** for you")
    assert reading.target.endswith("/?k=${KEY}")


async def test_a_refused_connection_is_down(unused_tcp_port: int) -> None:
    reading = await ask({"kind": "http", "url": f"http://127.0.0.1:{unused_tcp_port}/"})
    assert (reading.state, reading.detail) == (DOWN, "connection refused")


@pytest.mark.parametrize(
    ("head", "body", "state", "detail"),
    [
        ("HTTP/1.1 503 Service Unavailable\nConnection: close", b"", DOWN, "HTTP 503 Service Unavailable"),
        ("HTTP/1.1 503 No\nConnection: close", b"<p>" + b"x" * 100, DOWN, "HTTP 503 <p>" + "x" * 77 + "…"),
        ("HTTP/1.0 200 OK", b"closed by the server", OK, "HTTP 200"),
        ("HTTP/1.1 302 Found\nLocation: http://b.example/", b"", DOWN, "redirects to another host, not followed: b.example"),  # noqa: E501
    ],
)  # fmt: skip
async def test_answers(head: str, body: bytes, state: ReadingState, detail: str) -> None:
    async with hostile() as server:
        server.at("/", head, body)
        reading = await ask({"kind": "http", "url": f"http://127.0.0.1:{server.port}/"})
    assert (reading.state, reading.detail) == (state, detail)
