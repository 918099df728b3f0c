"""The http probe against servers that do what they should not: always a sentence, in time, of bounded size."""

import asyncio
import ssl
import zlib
from pathlib import Path

import pytest

from cockpit.board.model import ReadingState
from cockpit.probes.http import BODY_LIMIT
from tests.probes.hostile import Hostile, hostile, silent
from tests.probes.rig import ask, ask_late

OK, DOWN, UNKNOWN = ReadingState.OK, ReadingState.DOWN, ReadingState.UNKNOWN
TLS = Path(__file__).with_name("tls")
OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


def url(server: Hostile, path: str = "/", scheme: str = "http") -> dict[str, object]:
    """A probe of this server."""
    return {"kind": "http", "url": f"{scheme}://127.0.0.1:{server.port}{path}"}


def server_context(certificate: str) -> ssl.SSLContext:
    """TLS as the server speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{certificate}.pem", TLS / "key.pem")
    return context


async def test_a_redirect_loop_ends() -> None:
    async with hostile() as server:
        server.at("/", "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: /again")
        server.at("/again", "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: /")
        reading = await ask(url(server))
    assert (reading.state, reading.detail) == (DOWN, "redirect loop: more than 3 redirects, the last to /again")
    assert server.paths == ["/", "/again", "/", "/again"]


async def test_a_redirect_on_the_host_is_followed() -> None:
    async with hostile() as server:
        server.at("/", "HTTP/1.1 308 Moved\nContent-Length: 0\nLocation: /there")
        server.ok("/there", b"fine")
        reading = await ask({**url(server), "headers": {"x-key": "abcdef"}})
    assert (reading.state, reading.detail) == (OK, "HTTP 200")
    assert server.paths == ["/", "/there"]
    assert b"x-key: abcdef" in server.seen[1]


async def test_headers_do_not_go_to_another_port() -> None:
    async with hostile() as server, hostile() as other:
        server.at("/", f"HTTP/1.1 302 Found\nContent-Length: 0\nLocation: http://127.0.0.1:{other.port}/there")
        other.ok("/there", b"fine")
        reading = await ask({**url(server), "headers": {"x-key": "abcdef"}})
    assert reading.state is OK
    assert b"x-key" not in other.seen[0].lower()


@pytest.mark.parametrize(
    ("location", "detail"),
    [
        ("http://127.0.0.2/x", "redirects to another host, not followed: 127.0.0.2"),
        ("//b.example/x", "redirects to another host, not followed: b.example"),
        ("file:///etc/passwd", "redirects to another host, not followed: file:///etc/passwd"),
        ("http://[::1", "redirects to what is not a URL"),
    ],
)
async def test_no_redirect_leads_elsewhere(location: str, detail: str) -> None:
    async with hostile() as server:
        server.at("/", f"HTTP/1.1 302 Found\nContent-Length: 0\nLocation: {location}")
        reading = await ask(url(server))
    assert (reading.state, reading.detail) == (DOWN, detail)


async def test_an_expected_redirect_is_the_answer() -> None:
    async with hostile() as server:
        server.at("/", "HTTP/1.1 302 Found\nContent-Length: 0\nLocation: http://b.example/login")
        reading = await ask({**url(server), "status": ["302"]})
    assert (reading.state, reading.detail) == (OK, "HTTP 302")


async def test_a_body_of_100_mb_is_cut() -> None:
    sent = 0

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK_HEAD + b"Content-Length: 104857600\r\n\r\n")
        for _block in range(1600):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    async with hostile() as server:
        server.answers["/"] = flood
        reading = await ask(url(server))
        cut = await ask({**url(server), "json": {"status": "ok"}})
    assert (reading.state, reading.detail) == (OK, "HTTP 200")
    assert (cut.state, cut.detail) == (UNKNOWN, "HTTP 200, but the answer is larger than 256 KiB")
    assert sent < 100 * BODY_LIMIT


async def test_a_compressed_bomb_is_opened_no_further_than_the_limit() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    async with hostile() as server:
        server.at("/", f"HTTP/1.1 200 OK\nContent-Encoding: deflate\nContent-Length: {len(bomb)}", bomb)
        reading = await ask({**url(server), "matches": "healthy"})
    assert reading.state is UNKNOWN
    assert "larger than 256 KiB" in reading.detail


async def test_a_gzipped_answer_is_read() -> None:
    packer = zlib.compressobj(wbits=31)
    body = packer.compress(b'{"status": "ok"}') + packer.flush()
    async with hostile() as server:
        server.at("/", f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}", body)
        reading = await ask({**url(server), "json": {"status": "ok"}})
    assert (reading.state, reading.detail) == (OK, "HTTP 200")


async def test_a_dripping_answer_meets_the_deadline() -> None:
    drops = 0

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal drops
        writer.write(OK_HEAD + b"Content-Length: 100000\r\n\r\n")
        while True:
            writer.write(b".")
            await writer.drain()
            drops += 1
            await asyncio.sleep(0.02)

    async with hostile() as server:
        server.answers["/"] = drip
        reading = await ask_late({**url(server), "timeout": 3}, lambda: drops > 9)
    assert reading.state is DOWN
    assert reading.detail.startswith("the answer did not end in 3 s (")
    assert "first byte" in dict(reading.timings_ms)


async def test_silence_meets_the_deadline() -> None:
    async with hostile() as server:
        server.answers["/"] = silent
        reading = await ask_late({**url(server), "timeout": 3}, lambda: bool(server.seen))
    assert (reading.state, reading.detail) == (DOWN, "connected, but no answer in 3 s")


async def test_dripping_headers_meet_the_deadline() -> None:
    drops = 0

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal drops
        writer.write(OK_HEAD)
        while True:
            writer.write(b"X-A: b\r\n")
            await writer.drain()
            drops += 1
            await asyncio.sleep(0.02)

    async with hostile() as server:
        server.answers["/"] = drip
        reading = await ask_late({**url(server), "timeout": 3}, lambda: drops > 9)
    assert (reading.state, reading.detail) == (DOWN, "connected, but no answer in 3 s")


@pytest.mark.parametrize(
    ("raw", "detail"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is not HTTP"),
        (b"\x00\xff\x15\x03" * 40 + b"\r\n\r\n", "the answer is not HTTP"),
        (b"", "the connection was closed without an answer"),
        (OK_HEAD + b"Content-Length: 100\r\n\r\nshort", "the connection was closed in the middle of the answer"),
        (OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer's chunks are broken"),
        (OK_HEAD + b"X-Big: " + b"x" * 300_000 + b"\r\n\r\n", "the answer's headers are larger than 100 KiB"),
    ],
)
async def test_garbage_is_named(raw: bytes, detail: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with hostile() as server:
        server.answers["/"] = answer
        reading = await ask(url(server))
    assert (reading.state, reading.detail) == (DOWN, detail)


async def test_escape_sequences_never_come_through() -> None:
    evil = "\x1b]0;x\x07\x1b[2J[/][@click=app.quit]\u202e\u200bdown\x9b31m".encode()
    async with hostile() as server:
        server.at("/", f"HTTP/1.1 500 \x1b[31mNo\nContent-Length: {len(evil)}", evil)
        reading = await ask(url(server))
        server.ok("/json", b'{"components": {"\\u001b]0;x\\u0007db": {"status": "DOWN", "error": "\\u001b[2Jgone"}}}')
        listed = await ask(url(server, "/json"))
    assert (reading.state, reading.detail) == (DOWN, "HTTP 500 [/][@click=app.quit]down")
    assert [(part.name, part.state, part.detail) for part in listed.components] == [("db", DOWN, "gone")]


async def test_tls_that_cannot_be_trusted() -> None:
    async with hostile(server_context("expired")) as server:
        expired = await ask({**url(server, scheme="https"), "ca": str(TLS / "expired.pem")})
        unchecked = {**url(server, scheme="https"), "verify": False}
        server.ok("/", b"fine")
        accepted = await ask(unchecked)
    async with hostile(server_context("good")) as server:
        unknown = await ask(url(server, scheme="https"))
    async with hostile(server_context("other")) as server:
        other = await ask({**url(server, scheme="https"), "ca": str(TLS / "other.pem")})
    assert (expired.state, expired.detail) == (DOWN, "TLS: certificate has expired")
    assert (accepted.state, accepted.detail) == (OK, "HTTP 200")
    assert "tls" in dict(accepted.timings_ms)
    assert unknown.state is DOWN
    assert unknown.detail.startswith("TLS: self")  # OpenSSL 1.1 and 3 write "self signed" and "self-signed"
    assert other.state is DOWN
    assert "certificate is not valid for '127.0.0.1'" in other.detail


async def test_tls_with_its_own_authority_is_trusted() -> None:
    async with hostile(server_context("good")) as server:
        server.ok("/", b"fine")
        reading = await ask({**url(server, scheme="https"), "ca": str(TLS / "good.pem")})
    assert (reading.state, reading.detail) == (OK, "HTTP 200")


async def test_plain_http_where_tls_is_expected() -> None:
    async with hostile() as server:
        server.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        reading = await ask({**url(server, scheme="https"), "verify": False})
    assert (reading.state, reading.detail) == (DOWN, "TLS: the other side does not speak TLS on this port")


async def test_cookies_are_not_kept() -> None:
    async with hostile() as server:
        server.at("/", "HTTP/1.1 302 Found\nSet-Cookie: session=abc\nContent-Length: 0\nLocation: /in")
        server.ok("/in", b"fine")
        reading = await ask(url(server))
    assert reading.state is OK
    assert b"cookie" not in server.seen[1].lower()


async def test_a_ca_file_that_is_not_there_is_unknown() -> None:
    probe = {"kind": "http", "url": "https://127.0.0.1:1/", "ca": "/nowhere/ca.pem"}
    reading = await ask(probe)
    assert (reading.state, reading.detail) == (
        UNKNOWN,
        "CA file /nowhere/ca.pem cannot be used: No such file or directory",
    )
