"""The HTTP clients of probes: one for each TLS setting, a new connection for each question.

A kept connection would answer long after the listener is gone, and would hide what DNS, connect and TLS take.
httpx is imported on first use, in a thread: it takes 150 ms, TLS settings with the system's authorities 30 ms more.
"""

import asyncio
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

from cockpit.backends.pool import Pool
from cockpit.probes.ask import CannotAsk

if TYPE_CHECKING:
    import httpx

    from cockpit.backends.connections import Connections

    Built = tuple[httpx.AsyncClient, Connections]

Setting = tuple[bool, bool, str]
"""(https, verify, CA file)"""


class Clients:
    """Makes clients when they are first needed and keeps them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._clients: dict[Setting, asyncio.Task[Built]] = {}

    async def client(self, https: bool, verify: bool = True, ca: str = "") -> "httpx.AsyncClient":
        """The client for a TLS setting. CannotAsk when its CA file cannot be used."""
        setting = (https, verify, ca) if https else (False, False, "")
        task = self._clients.get(setting)
        if task is None or (task.done() and task.exception() is not None):
            task = asyncio.get_running_loop().create_task(self._pool.run(_build, setting))
            self._clients[setting] = task
            task.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, if all have given up
        return (await asyncio.shield(task))[0]

    async def close(self) -> None:
        """Close every client."""
        tasks, self._clients = list(self._clients.values()), {}
        for task in tasks:
            task.cancel()
        for done in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(done, BaseException):
                client, connections = done
                await client.aclose()
                await connections.settled()


def _build(setting: Setting) -> "Built":
    import httpcore
    import httpx

    from cockpit.backends.connections import Connections

    # No limit of connections (the runner bounds what is in flight) and none of time (each question has its deadline).
    context, connections = _context(setting), Connections()
    transport = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=context, max_connections=None, max_keepalive_connections=0, network_backend=connections
    )
    # No cookies: one answer must not change the next question, nor fill the memory.
    nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    client = httpx.AsyncClient(
        transport=transport, cookies=nothing, trust_env=False, follow_redirects=False, timeout=None
    )
    return client, connections


def _context(setting: Setting) -> ssl.SSLContext:
    https, verify, ca = setting
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not https or not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not ca:
        return _system_authorities(context)
    try:
        context.load_verify_locations(cafile=ca)
    except OSError as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
        raise CannotAsk(f"CA file {ca} cannot be used: {reason or 'it holds no certificate'}") from None
    return context


def _system_authorities(context: ssl.SSLContext) -> ssl.SSLContext:
    """The system's authorities, where a company's own stand too; certifi's only where the system has none."""
    context.load_default_certs()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.capath:
        import certifi

        context.load_verify_locations(cafile=certifi.where())
    return context
