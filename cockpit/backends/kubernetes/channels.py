"""WebSockets to the API server, as exec and port-forward speak them: each message begins with its channel's number.

Loaded only when the first is opened: aiohttp takes 100 to 300 ms to import and 11 MiB.
"""

import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import errors
from cockpit.backends.kubernetes.access import tls_context
from cockpit.backends.kubernetes.client import AGENT, TIMEOUT, KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import LookupFailed, NoSuchHost, Resolver

if TYPE_CHECKING:
    Socket = aiohttp.ClientWebSocketResponse[bool]

HEARTBEAT = 20.0
MESSAGE_LIMIT = 1024 * 1024

_POOL = Pool("kubernetes-tls", 1)
_LOOKUPS = Pool("kubernetes-channel-names", 2)


@contextlib.asynccontextmanager
async def channels(
    client: KubeClient, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
) -> AsyncIterator["Socket"]:
    """An open WebSocket. SourceError: the server cannot be reached; ApiAnswer: it refuses."""
    access, proof = await client.connect(), await client.proof()
    context = await _POOL.run(tls_context, access, proof.certificate, proof.key)
    names = _Names()
    connector = aiohttp.TCPConnector(ssl=context if context is not None else True, force_close=True, resolver=names)
    try:
        async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
            async with client.clock.timeout(TIMEOUT):
                socket = await session.ws_connect(
                    f"{access.server}{path}",
                    params=list(query),
                    headers=[("User-Agent", AGENT), *proof.pairs],
                    protocols=tuple(protocols),
                    proxy=access.proxy or None,
                    server_hostname=access.cluster.tls_server_name or None,
                    heartbeat=HEARTBEAT,
                    max_msg_size=MESSAGE_LIMIT,
                )
            try:
                yield socket
            finally:
                await socket.close()
    except aiohttp.WSServerHandshakeError as error:
        # Its body is not kept: the status must do.
        raise ApiAnswer(client.where, error.status, Status(message=error.message)) from None
    except (OSError, aiohttp.ClientError, TimeoutError) as error:
        raise errors.unreachable(client.name, access, error) from error
    finally:
        await names.close()


class _Names(AbstractResolver):
    """Looks names up in threads of their own, never in those that everything else of the loop waits for."""

    def __init__(self) -> None:
        self._resolver = Resolver(_LOOKUPS)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of a host. OSError."""
        try:
            found = await self._resolver.addresses(host, port)
        except (NoSuchHost, LookupFailed) as error:
            raise OSError(None, str(error)) from error
        return [
            ResolveResult(
                hostname=host, host=one, port=port, flags=socket.AI_NUMERICHOST, proto=0,
                family=socket.AF_INET6 if ":" in one else socket.AF_INET,
            )
            for one in found
        ]  # fmt: skip

    async def close(self) -> None:
        """Stop waiting for lookups in flight."""
        await self._resolver.close()


def payload(kind: aiohttp.WSMsgType, data: object) -> bytes:
    """The bytes of a message, empty for one that has none. SourceError: the connection broke."""
    if kind is aiohttp.WSMsgType.ERROR:
        raise SourceError("the connection to the pod broke")
    if isinstance(data, str):
        return data.encode()
    return data if isinstance(data, bytes) else b""


async def receive(socket: "Socket") -> bytes | None:
    """The next message, empty for one without bytes; None: none will come any more. SourceError: it broke."""
    message = await socket.receive()
    if message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED):
        return None
    return payload(message.type, message.data)
