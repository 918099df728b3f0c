"""WebSockets to the API server, as exec and port-forward speak them: each message begins with its channel's number.

Loaded only when the first is opened: aiohttp takes 100 to 300 ms to import and 11 MiB.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import aiohttp

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import errors
from cockpit.backends.kubernetes.access import tls_context
from cockpit.backends.kubernetes.client import AGENT, TIMEOUT, KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer, Status
from cockpit.backends.pool import Pool

if TYPE_CHECKING:
    Socket = aiohttp.ClientWebSocketResponse[bool]

HEARTBEAT = 20.0
MESSAGE_LIMIT = 1024 * 1024

_POOL = Pool("kubernetes-tls", 1)


@contextlib.asynccontextmanager
async def channels(
    client: KubeClient, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str]
) -> AsyncIterator["Socket"]:
    """An open WebSocket. SourceError: the server cannot be reached; ApiAnswer: it refuses."""
    access, proof = await client.connect(), await client.proof()
    context = await _POOL.run(tls_context, access, proof.certificate, proof.key)
    connector = aiohttp.TCPConnector(ssl=context if context is not None else True, force_close=True)
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


def payload(kind: aiohttp.WSMsgType, data: object) -> bytes:
    """The bytes of a message, empty for one that has none. SourceError: the connection broke."""
    if kind is aiohttp.WSMsgType.ERROR:
        raise SourceError("the connection to the pod broke")
    if isinstance(data, str):
        return data.encode()
    return data if isinstance(data, bytes) else b""
