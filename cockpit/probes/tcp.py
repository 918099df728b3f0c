"""The tcp probe: connect; optionally send a text and expect a pattern in what comes back."""

import asyncio

from cockpit.backends.base import SourceError
from cockpit.backends.resolver import LookupFailed, NoSuchHost
from cockpit.board.model import ReadingState
from cockpit.probes import regex
from cockpit.probes.ask import Answer, CannotAsk, Means, Stopwatch
from cockpit.probes.sentence import sentence
from cockpit.profile.probes import TcpProbe

BODY_LIMIT = 64 * 1024
SHOWN = 60
ANOTHER_TRY = 1.0
"""Seconds for a connection before the host's next address is tried."""


class TcpAsker:
    """Asks one tcp probe."""

    slack = 0.0

    def __init__(self, service: str, spec: TcpProbe, means: Means) -> None:
        self._service, self._spec, self._means = service, spec, means

    async def ask(self, watch: Stopwatch) -> Answer:
        """Ask once."""
        host, port = await self._where(watch)
        send = self._means.expand(self._spec.send).encode()
        try:
            reader, writer = await self._connect(host, port, watch)
        except NoSuchHost as error:
            return Answer(state=ReadingState.DOWN, detail=str(error))
        except LookupFailed as error:
            return Answer(state=ReadingState.UNKNOWN, detail=str(error))
        except OSError as error:
            return Answer(state=ReadingState.DOWN, detail=sentence(error))
        try:
            return await self._talk(reader, writer, send, watch)
        except OSError as error:
            return Answer(state=ReadingState.DOWN, detail=sentence(error))
        finally:
            # Nothing is owed to the other side: a close that waits for it could hang as long as it likes.
            writer.transport.abort()

    async def _where(self, watch: Stopwatch) -> tuple[str, int]:
        spec = self._spec
        if spec.address:
            watch.target = f"tcp {spec.address}"
            host, _, port = self._means.expand(spec.address).rpartition(":")
            if not port.isdigit() or not 0 < int(port) < 65536 or not host:
                raise CannotAsk("not an address of the form host:port")
            return host.strip("[]"), int(port)
        watch.target = f"tcp :{spec.port}"
        try:
            address = await self._means.resolve(self._service, spec.port)
        except SourceError as error:
            raise CannotAsk(str(error)) from None
        watch.target = f"tcp {address.host}:{address.port} ({address.how})"
        if address.relayed and not spec.expect:
            raise CannotAsk("needs expect: a port-forward connects to every port, whether or not it is open")
        return address.host, address.port

    async def _connect(
        self, host: str, port: int, watch: Stopwatch
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        watch.begin("dns")
        addresses = await self._means.resolver.addresses(host, port)
        watch.end("dns")
        watch.begin("connect")
        for address in addresses[:-1]:
            try:
                async with self._means.clock.timeout(ANOTHER_TRY):
                    opened = await asyncio.open_connection(address, port, limit=BODY_LIMIT)
            except OSError:  # refused, unreachable or (TimeoutError is one) too slow: the next address
                continue
            watch.end("connect")
            return opened
        opened = await asyncio.open_connection(addresses[-1], port, limit=BODY_LIMIT)
        watch.end("connect")
        return opened

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, send: bytes, watch: Stopwatch
    ) -> Answer:
        spec = self._spec
        if send:
            writer.write(send)
            await writer.drain()
        if not spec.expect and not spec.samples:
            return Answer(state=ReadingState.OK, detail="connected")
        watch.begin("first byte")
        body = b""
        while len(body) < BODY_LIMIT:
            chunk = await reader.read(BODY_LIMIT - len(body))
            watch.end("first byte")
            body += chunk
            watch.received = len(body)
            watch.begin("body")
            if spec.expect and regex.matches(spec.expect, body):
                return Answer(state=ReadingState.OK, detail="connected, the expected answer", body=body)
            if not chunk:
                break
        if not spec.expect:
            return Answer(state=ReadingState.OK, detail="connected", body=body)
        text = " ".join(body[: SHOWN * 8].decode("utf-8", "replace").split())[:SHOWN]
        got = f"answers {text!r}" if text else "closed without an answer"
        return Answer(state=ReadingState.DOWN, detail=f"{got}, expected {spec.expect!r}", body=body)
