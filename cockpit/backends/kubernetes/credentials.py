"""What proves who one is: a token, a file that holds one, a login command, a password. Renewed when it runs out."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from weakref import WeakValueDictionary

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import plugin
from cockpit.backends.kubernetes.access import Access
from cockpit.backends.kubernetes.kubeconfig import User
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets

FILE_EVERY = 60.0
"""Seconds after which a file with a token is read again: a pod's account gets a new one each hour or so."""
EARLY = timedelta(seconds=60)
"""How long before its end a token of a login command is renewed."""
AT_LEAST = 10.0
"""Seconds for which what a login command gave, or that it failed, stands: a command that gives what has already run
out (one of the clocks is wrong) would be run for each request else, and one that hangs once for each that waits."""

_POOL = Pool("kubernetes-files", 2)
# One login at a time for each user entry, whichever clusters it is used for: many write a cache of their own.
_TURNS: WeakValueDictionary[str, "_Turn"] = WeakValueDictionary()


class _Turn:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()


class Proof(Struct, frozen=True, kw_only=True):
    """What goes with a request: headers; and PEM of a certificate when a login command gave one.

    groups: as which one asks, a header each.
    """

    headers: Mapping[str, str] = {}
    groups: Sequence[str] = ()
    certificate: str = ""
    key: str = ""
    until: datetime | None = None
    read_at: float = 0.0

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every header that is sent."""
        return [*self.headers.items(), *(("Impersonate-Group", group) for group in self.groups)]


class Credentials:
    """Of one user. `proof` is cheap while what it has is good."""

    def __init__(self, access: Access, clock: Clock, secrets: Secrets, environ: Mapping[str, str]) -> None:
        self._access, self._clock, self._secrets, self._environ = access, clock, secrets, environ
        self._proof: Proof | None = None
        self._failed: tuple[float, str] | None = None
        self._turn = _TURNS.get(access.entry) or _Turn()
        _TURNS[access.entry] = self._turn

    @property
    def renewable(self) -> bool:
        """Whether asking again may give something else."""
        return bool(self._access.user.exec or self._access.user.token_file)

    def reject(self, proof: Proof) -> None:
        """The server did not accept it: the next is made anew."""
        if self._proof is proof:
            self._proof = None

    async def proof(self) -> Proof:
        """What to send now. SourceError says what is missing, and what to run outside."""
        if (known := self._proof) is not None and self._is_good(known):
            return known
        async with self._turn.lock:
            if self._proof is None or not self._is_good(self._proof):
                self._proof = await self._made()
            return self._proof

    async def _given(self) -> plugin.Given:
        """What the login command gives, or that it failed just now."""
        if (failed := self._failed) is not None and self._clock.monotonic() - failed[0] < AT_LEAST:
            raise SourceError(failed[1])
        try:
            return await plugin.login(self._access, self._clock, self._environ, self._secrets.mask)
        except SourceError as error:
            self._failed = (self._clock.monotonic(), str(error))
            raise

    def _is_good(self, proof: Proof) -> bool:
        age = self._clock.monotonic() - proof.read_at
        if proof.until is not None:
            return age < AT_LEAST or self._clock.now() < proof.until - EARLY
        return not self._access.user.token_file or age < FILE_EVERY

    async def _made(self) -> Proof:
        user = self._access.user
        made = await self._proven(user)
        extra = {"Impersonate-User": user.as_user} if user.as_user else {}
        return replace(made, headers={**made.headers, **extra}, groups=tuple(user.as_groups or ()))

    async def _proven(self, user: User) -> Proof:
        # kubectl's order: a token, its file, a password, a login command.
        if user.token_file:
            token = await self._from_file(user.token_file)
            return Proof(headers=self._bearer(token), read_at=self._clock.monotonic())
        if user.token:
            return Proof(headers=self._bearer(user.token))
        if user.username:
            self._secrets.register(user.password)
            pair = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
            return Proof(headers={"Authorization": f"Basic {pair}"})
        if user.exec is not None:
            given = await self._given()
            self._secrets.register(given.key)
            headers = self._bearer(given.token) if given.token else {}
            now = self._clock.monotonic()
            return Proof(headers=headers, certificate=given.certificate, key=given.key, until=given.until, read_at=now)
        if user.auth_provider is not None:
            name = str(user.auth_provider.get("name", ""))[:60]
            raise SourceError(
                f"context {self._access.context} logs in by auth-provider {name!r}, which Kubernetes gave up: use exec"
            )
        return Proof()

    def _bearer(self, token: str) -> dict[str, str]:
        self._secrets.register(token)
        if not token.isascii() or not token.isprintable():
            raise SourceError(f"context {self._access.context}: its token holds characters that no token has")
        return {"Authorization": f"Bearer {token}"}

    async def _from_file(self, path: str) -> str:
        try:
            return await _POOL.run(_read_token, path)
        except (OSError, UnicodeDecodeError, PoolFull) as error:
            raise SourceError(f"the token of context {self._access.context} cannot be read: {error}") from None


def _read_token(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(65536).decode("utf-8").strip()
