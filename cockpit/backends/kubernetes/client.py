"""One cluster's client: finds it, asks with a deadline, renews its credentials, and says in words what fails."""

import asyncio
import contextlib
import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import errors
from cockpit.backends.kubernetes.access import Access, find_access, tls_context
from cockpit.backends.kubernetes.credentials import Credentials, Proof
from cockpit.backends.kubernetes.readonly import refusal
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend

if TYPE_CHECKING:
    from cockpit.backends.kubernetes.dial import Line, Reply

TIMEOUT = 10.0
"""Seconds for every request that is neither a page of a list nor a stream."""
ANSWER_LIMIT = 64 * 1024 * 1024
MESSAGE_LIMIT = 64 * 1024
TRIES = 3
"""How often a request is sent that the API asks to send again later."""
AT_ONCE = 24
"""Requests under way at once beside the streams: lists of all kinds, and still a ping. 42 at once, one for the log of
each pod of a service, held the interpreter for most of a second."""
AGENT = "incident-cockpit"

T = TypeVar("T")
R = TypeVar("R")
Query = Mapping[str, str | int]

_POOL = Pool("kubernetes-connect", 2)


class KubeClient:
    """Speaks with one API server on the running loop. Connects by itself; `reset` forgets connections and credentials.

    read_only: every request that would change the cluster is refused before it is sent.
    """

    def __init__(
        self,
        name: str,
        backend: Backend,
        clock: Clock,
        secrets: Secrets,
        *,
        read_only: bool,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self.clock = name, clock
        self.access: Access | None = None
        self.turn: Callable[[], Awaitable[None]] = _at_once
        """Awaited before what the first rows do not need."""
        self._backend, self._secrets, self._read_only = backend, secrets, read_only
        self._environ = os.environ if environ is None else environ
        self._credentials: Credentials | None = None
        self._line: Line | None = None
        self._certificate = ""
        self._lock = asyncio.Lock()
        self._turns = asyncio.Semaphore(AT_ONCE)

    @property
    def where(self) -> str:
        """The cluster as a sentence begins with it."""
        return errors.where(self.name, self.access)

    @property
    def secrets(self) -> Secrets:
        """What must not be seen of what goes through it."""
        return self._secrets

    async def connect(self) -> Access:
        """Find the cluster when that is not done yet. SourceError."""
        async with self._lock:
            if self.access is None or self._credentials is None:
                try:
                    self.access = await _POOL.run(find_access, self._backend, self._environ)
                    # What speaks HTTP takes 60 to 110 ms to import: in a thread, so that the loop goes on.
                    await _POOL.run(importlib.import_module, "cockpit.backends.kubernetes.dial")
                except (SourceError, PoolFull) as error:
                    raise SourceError(f"Kubernetes {self.name}: {error}") from None
                self._credentials = Credentials(self.access, self.clock, self._secrets, self._environ)
            return self.access

    async def proof(self) -> Proof:
        """What is sent to prove who one is, for connections that are not made here (WebSockets)."""
        await self.connect()
        assert self._credentials is not None
        return await self._credentials.proof()

    async def get(
        self, path: str, kind: type[T], query: Query | None = None, *, timeout: float = TIMEOUT, accept: str = ""
    ) -> T:
        """Ask and decode. SourceError; ApiAnswer with its status when the API refuses."""
        data = await self.raw(path, query, timeout=timeout, accept=accept)
        return self.decoded(path, data, kind)

    def decoded(self, path: str, data: bytes, kind: type[T]) -> T:
        """An answer as its type. SourceError."""
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.MsgspecError as error:
            raise SourceError(f"{self.where}: its answer to {path} cannot be read ({error})") from None

    async def raw(self, path: str, query: Query | None = None, *, timeout: float = TIMEOUT, accept: str = "") -> bytes:
        """Ask; the answer's bytes. What the API asks to send again later is, where the deadline leaves time for it."""
        return await self._whole("GET", path, query, None, timeout, accept)

    async def post(self, path: str, body: object, kind: type[T], timeout: float = TIMEOUT) -> T:
        """Send what the client is allowed to, and decode the answer."""
        data = await self._whole("POST", path, None, msgspec.json.encode(body), timeout, "")
        return self.decoded(path, data, kind)

    async def send(
        self, method: str, path: str, body: object, query: Query | None = None, *, content_type: str = "",
        timeout: float = TIMEOUT,
    ) -> dict[str, Any]:  # fmt: skip
        """Change something: the API's answer. Refused when it only reads. NoAnswer: whether it was done is not known.

        content_type: of a patch; empty: plain JSON.
        """
        content = msgspec.json.encode(body)
        data = await self._whole(method, path, query, content, timeout, "", content_type)
        return self.decoded(path, data, dict[str, Any])

    async def _whole(
        self, method: str, path: str, query: Query | None, content: bytes | None, timeout: float, accept: str,
        content_type: str = "",
    ) -> bytes:  # fmt: skip
        headers = {"Accept": accept or "application/json"}
        if content is not None:
            headers["Content-Type"] = content_type or "application/json"

        async def asked(last: bool) -> bytes:
            return await self._tried(method, path, query, content, headers, timeout, last)

        return await self._proven(asked, timeout)

    async def _tried(
        self, method: str, path: str, query: Query | None, content: bytes | None, headers: Mapping[str, str],
        timeout: float, last: bool,
    ) -> bytes:  # fmt: skip
        end = self.clock.monotonic() + timeout
        for left in reversed(range(TRIES)):
            async with self._turns:
                reply = await self._begin(method, path, query, content, headers, last)
                try:
                    data = await _bounded(reply, ANSWER_LIMIT)
                finally:
                    await reply.aclose()
            if reply.status_code < 300:
                return data
            failed = errors.answer(self.where, reply.status_code, reply.headers, data)
            wait = failed.retry_after or 1.0
            if failed.status != 429 or failed.budget or not left or self.clock.monotonic() + wait >= end:
                raise failed
            await self.clock.sleep(wait)
        raise AssertionError("the last try raises")

    async def _proven(self, ask: Callable[[bool], Awaitable[R]], timeout: float) -> R:
        """Ask within `timeout`; once more where the server does not accept what may be renewed.

        A login is no part of it: its command may take longer than any answer, and has a deadline of its own.
        """
        with self._in_words():
            for last in (False, True):
                await self.proof()
                with contextlib.suppress(_Rejected):
                    async with self.clock.timeout(timeout):
                        return await ask(last)
        raise AssertionError("the last is never rejected")

    @contextlib.asynccontextmanager
    async def stream(self, path: str, query: Query | None = None, accept: str = "") -> AsyncIterator["Reply"]:
        """An answer that may go on for ever: its head comes within TIMEOUT, its body has no deadline.

        Errors while the body is read are turned into SourceError here too.
        """
        headers = {"Accept": accept or "application/json", "Accept-Encoding": "identity"}
        with self._in_words():
            reply = await self._proven(lambda last: self._begin("GET", path, query, None, headers, last), TIMEOUT)
            try:
                if reply.status_code >= 300:
                    async with self.clock.timeout(TIMEOUT):
                        data = await _bounded(reply, MESSAGE_LIMIT)
                    raise errors.answer(self.where, reply.status_code, reply.headers, data)
                yield reply
            finally:
                await reply.aclose()

    async def reset(self) -> None:
        """Close every connection; the next request reads the kubeconfig anew."""
        async with self._lock:
            line, self._line, self._credentials = self._line, None, None
            if line is not None:
                await line.close()

    async def _begin(
        self, method: str, path: str, query: Query | None, content: bytes | None, headers: Mapping[str, str],
        last: bool,
    ) -> "Reply":  # fmt: skip
        if self._read_only and (why := refusal(method, path)):
            raise SourceError(why)
        access = await self.connect()
        credentials = self._credentials
        assert credentials is not None
        proof = await credentials.proof()
        line = await self._open(access, proof)
        # Lists are compressed to a tenth, which costs more time than it saves where nothing lies between. What is
        # streamed is not, for then each line would wait for the next.
        packed = {"Accept-Encoding": "identity" if access.near else "gzip"}
        reply = await line.send(method, path, query, content, [*{**packed, **headers}.items(), *proof.pairs])
        if reply.status_code == 401 and credentials.renewable and not last:
            await reply.aclose()
            credentials.reject(proof)
            raise _Rejected
        return reply

    async def _open(self, access: Access, proof: Proof) -> "Line":
        async with self._lock:
            if self._line is None or self._certificate != proof.certificate:
                from cockpit.backends.kubernetes.dial import Line

                context = await _POOL.run(tls_context, access, proof.certificate, proof.key)
                old, self._certificate = self._line, proof.certificate
                self._line = Line(access, context, AGENT)
                if old is not None:
                    await old.close()
            return self._line

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
        except (OSError, TimeoutError) as error:
            raise errors.unreachable(self.name, self.access, error) from error
        except RuntimeError as error:
            # httpcore says so of a pool that was closed under a request: a reset in the middle of it.
            raise errors.unreachable(self.name, self.access, error) from error
        except Exception as error:
            from cockpit.backends.kubernetes.dial import FAILURES

            if not isinstance(error, FAILURES):
                raise
            raise errors.unreachable(self.name, self.access, error) from error


class _Rejected(Exception):
    """The server does not accept what may be renewed."""


async def _at_once() -> None:
    """Nothing is waited for."""


async def _bounded(reply: "Reply", limit: int) -> bytes:
    parts, size = [], 0
    async for part in reply.aiter_bytes(limit + 1):
        size += len(part)
        if size > limit:
            raise SourceError(f"an answer of the Kubernetes API is larger than {limit >> 20} MiB")
        parts.append(part)
    return b"".join(parts)
