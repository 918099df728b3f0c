"""One engine's client: finds it, agrees on the API version, asks with a deadline, and says in words what fails."""

import asyncio
import contextlib
import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

import msgspec

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.docker import version
from cockpit.backends.docker.endpoint import Endpoint, find_endpoint
from cockpit.backends.docker.errors import EngineAnswer, unreachable, where
from cockpit.backends.docker.version import Version
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import Clock
from cockpit.profile.schema import Backend

if TYPE_CHECKING:
    import httpx

TIMEOUT = 5.0
"""Seconds for every request that is not a stream."""
ANSWER_LIMIT = 64 * 1024 * 1024
MESSAGE_LIMIT = 64 * 1024

T = TypeVar("T")
Query = Mapping[str, str | int]

_POOL = Pool("docker-connect", 2)


class _Message(msgspec.Struct, frozen=True):
    message: str = ""


class EngineClient:
    """Speaks with one engine on the running loop. Connects by itself; `reset` forgets everything, also the version.

    read_only: every request that would change the engine is refused before it is sent.
    """

    def __init__(
        self, name: str, backend: Backend, clock: Clock, *, read_only: bool, environ: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.clock = name, clock
        self._backend, self._read_only = backend, read_only
        self._environ = os.environ if environ is None else environ
        self._endpoint: Endpoint | None = None
        self._version: Version | None = None
        self._http: httpx.AsyncClient | None = None
        self._hang_up: Callable[[], Awaitable[None]] | None = None
        self._lock = asyncio.Lock()
        self._closed = False

    @property
    def endpoint(self) -> Endpoint | None:
        """Where the engine is; None before it was first looked for."""
        return self._endpoint

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which the engine was looked for."""
        return self._environ

    @property
    def lanes(self) -> int:
        """How many requests of one sort may run side by side: few over ssh, which bears nine streams in all."""
        return 2 if self._endpoint is not None and self._endpoint.scheme == "ssh" else 10

    @property
    def where(self) -> str:
        """The engine as a sentence begins with it."""
        return where(self.name, self._endpoint)

    async def connect(self) -> Version:
        """The agreed version of the API; asks the engine when that is not known yet. SourceError."""
        async with self._lock:
            if self._closed:
                raise SourceError(f"{self.where}: the connection was given up")
            if self._version is None:
                await self._open()
                try:
                    self._version = version.negotiate(self.where, await self._offered())
                except BaseException:
                    await self._shut()
                    raise
            return self._version

    async def reset(self) -> None:
        """Close every connection; the next request finds the engine anew (another socket, another version)."""
        async with self._lock:
            await self._shut()

    async def ping(self) -> None:
        """One round trip. SourceError when it takes longer than TIMEOUT."""
        await self.connect()
        await self._whole("HEAD", "/_ping", {}, None, TIMEOUT)

    async def get(self, path: str, kind: type[T], query: Query | None = None) -> T:
        """Ask and decode. SourceError; EngineAnswer with its status when the engine refuses."""
        data = await self.raw(path, query)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise SourceError(f"{self.where}: its answer to {path} cannot be read ({error})") from None

    async def exists(self, path: str, query: Query | None = None) -> bool:
        """Whether there is such a thing, asked by HEAD."""
        try:
            await self._whole("HEAD", await self._target(path), query or {}, None, TIMEOUT)
        except EngineAnswer as error:
            if error.status == 404:
                return False
            raise
        return True

    async def raw(self, path: str, query: Query | None = None) -> bytes:
        """Ask; the answer's bytes."""
        return await self._whole("GET", await self._target(path), query or {}, None, TIMEOUT)

    async def post(
        self, path: str, body: object = None, query: Query | None = None, timeout: float | None = None
    ) -> bytes:
        """Send what the client is allowed to. timeout: else TIMEOUT. NoAnswer: whether it was done is not known."""
        content = None if body is None else msgspec.json.encode(body)
        return await self._whole("POST", await self._target(path), query or {}, content, timeout or TIMEOUT)

    async def delete(self, path: str, query: Query | None = None, timeout: float | None = None) -> bytes:
        """Remove something. As `post`."""
        return await self._whole("DELETE", await self._target(path), query or {}, None, timeout or TIMEOUT)

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, query: Query | None = None, body: object = None, *, upgrade: bool = False
    ) -> AsyncIterator["httpx.Response"]:
        """An answer that may go on for ever: its head comes within TIMEOUT, its body has no deadline.

        upgrade: bytes may be sent too from then on, by the `write` of its extension "network_stream".
        Errors while the body is read are turned into SourceError here too.
        """
        target = await self._target(path)
        content = None if body is None else msgspec.json.encode(body)
        with self.in_words():
            async with self.clock.timeout(TIMEOUT):
                method = "GET" if body is None else "POST"
                answer = await self._begin(method, target, query or {}, content, long=True, upgrade=upgrade)
            try:
                if answer.status_code >= 300:
                    async with self.clock.timeout(TIMEOUT):
                        raise self._refusal(answer.status_code, await _bounded(answer, MESSAGE_LIMIT))
                yield answer
            finally:
                await answer.aclose()

    async def close(self) -> None:
        """Let go of every connection, for good: whoever still asks gets SourceError, and opens none that would stay."""
        self._closed = True
        await self.reset()

    async def _target(self, path: str) -> str:
        return f"/v{version.text(await self.connect())}{path}"

    async def _open(self) -> None:
        try:
            self._endpoint = await _POOL.run(find_endpoint, self._backend, self._environ)
            # What speaks HTTP takes 60 to 110 ms to import: in a thread, so that the loop goes on.
            await _POOL.run(importlib.import_module, "cockpit.backends.docker.dial")
        except PoolFull as error:
            raise SourceError(f"{self.where}: {error}") from None
        import httpx

        from cockpit.backends.docker.dial import line_to
        from cockpit.backends.docker.transport import EngineTransport

        line = line_to(self.name, self._endpoint, self.clock, self._environ)
        transport = EngineTransport(
            line.dial, connections=line.connections, streams=line.streams, read_only=self._read_only
        )
        self._hang_up = line.close
        self._http = httpx.AsyncClient(transport=transport, base_url="http://docker", timeout=None, trust_env=False)

    async def _shut(self) -> None:
        http, self._http, self._version = self._http, None, None
        if http is not None:
            await http.aclose()
        hang_up, self._hang_up = self._hang_up, None
        if hang_up is not None:
            await hang_up()

    async def _offered(self) -> str:
        with self.in_words():
            async with self.clock.timeout(TIMEOUT):
                answer = await self._begin("GET", "/_ping", {}, None)
                try:
                    data = await _bounded(answer, MESSAGE_LIMIT)
                finally:
                    await answer.aclose()
        if answer.status_code >= 300:
            raise self._refusal(answer.status_code, data)
        return str(answer.headers.get("api-version", ""))

    async def _whole(self, method: str, target: str, query: Query, content: bytes | None, timeout: float) -> bytes:
        with self.in_words():
            async with self.clock.timeout(timeout):
                answer = await self._begin(method, target, query, content)
                try:
                    data = await _bounded(answer, ANSWER_LIMIT)
                finally:
                    await answer.aclose()
        if answer.status_code >= 400:
            raise self._refusal(answer.status_code, data)
        return data

    async def _begin(
        self,
        method: str,
        target: str,
        query: Query,
        content: bytes | None,
        *,
        long: bool = False,
        upgrade: bool = False,
    ) -> "httpx.Response":
        if self._http is None:
            raise SourceError(f"{self.where}: the connection was given up")
        headers = {} if content is None else {"Content-Type": "application/json"}
        if upgrade:
            headers["Upgrade"] = "tcp"
        request = self._http.build_request(
            method, target, params=query or None, content=content, headers=headers, extensions={"long": long}
        )
        return await self._http.send(request, stream=True)

    def _refusal(self, status: int, data: bytes) -> SourceError:
        try:
            message = msgspec.json.decode(data, type=_Message).message
        except msgspec.MsgspecError:
            message = data[:400].decode("utf-8", "replace")
        return version.too_new(self.where, message) or EngineAnswer(self.name, status, message)

    @contextlib.contextmanager
    def in_words(self) -> Iterator[None]:
        """Errors of a connection become SourceError with one sentence; for whoever reads and writes one by itself."""
        import httpcore
        import httpx

        from cockpit.backends.docker.transport import NotDialled

        try:
            yield
        except NotDialled as error:
            raise self._unreachable(error.reason) from error
        except (OSError, TimeoutError, httpcore.ProtocolError, httpcore.NetworkError, httpx.HTTPError) as error:
            raise NoAnswer(str(self._unreachable(error))) from error

    def _unreachable(self, error: BaseException) -> SourceError:
        assert self._endpoint is not None
        return unreachable(self.name, self._endpoint, error)


async def _bounded(answer: "httpx.Response", limit: int) -> bytes:
    parts, size = [], 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > limit:
            raise SourceError(f"an answer of the Docker Engine is larger than {limit >> 20} MiB")
        parts.append(part)
    return b"".join(parts)
