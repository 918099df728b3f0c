"""Who is at the keyboard: the login uid's name (`su` and `sudo` leave it alone) and where the session comes from."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.board.text import safe

UNSET = 4294967295
"""The login uid of a process that no login started (a service, a container)."""


class Person(Struct, frozen=True, kw_only=True):
    """name: as entries show it. login: the account behind it. address: of the SSH client, empty when local."""

    name: str
    login: str
    address: str = ""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is recorded beside the name: the account when the name is only a claim, and where it came from."""
        login = (("login", self.login),) if self.login != self.name else ()
        return login + ((("from", self.address),) if self.address else ())


def login_name(loginuid: Path = Path("/proc/self/loginuid")) -> str:
    """The account that logged in; the effective one where the kernel does not say."""
    try:
        uid = int(loginuid.read_text())
    except (OSError, ValueError):
        uid = UNSET
    if uid == UNSET:
        uid = os.getuid()
    try:
        return safe(pwd.getpwuid(uid).pw_name, 64)
    except KeyError:
        return f"uid {uid}"


def whoami(environ: Mapping[str, str], override: str = "", login: str = "") -> Person:
    """The person of this session. override: a name given with `--as`, kept beside the login, never instead of it."""
    account = login or login_name()
    # SSH_CONNECTION: client address, client port, server address, server port.
    address = (environ.get("SSH_CONNECTION", "").split() or [""])[0]
    name = " ".join(safe(override, 64).split())
    return Person(name=name or account, login=account, address=safe(address, 64))
