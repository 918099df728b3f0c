"""Runs a login command (an exec plugin): no terminal, stdin closed, 30 s, its output bounded."""

import shlex
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.command import CannotRun, CommandTimeout, run_command
from cockpit.backends.kubernetes.access import Access
from cockpit.backends.kubernetes.kubeconfig import Exec
from cockpit.backends.kubernetes.times import moment
from cockpit.board.clock import Clock
from cockpit.board.text import safe_bytes

TIMEOUT = 30.0
LIMIT = 256 * 1024
VERSIONS = frozenset({"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"})


class Given(Struct, frozen=True, kw_only=True):
    """What a login command gave: a token, or a certificate and its key as PEM. until: when it ends, if it says."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    until: datetime | None = None


class _Status(Struct, frozen=True, rename="camel", kw_only=True):
    """What is null is not given."""

    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: str | None = None


class _Answer(Struct, frozen=True, rename="camel", kw_only=True):
    status: _Status | None = None


async def login(access: Access, clock: Clock, environ: Mapping[str, str], mask: Callable[[str], str] = str) -> Given:
    """Run the login command of a user. SourceError: it failed; the sentence says what to run outside."""
    wanted = access.user.exec
    assert wanted is not None
    if wanted.api_version not in VERSIONS:
        raise SourceError(f"{_where(access)} wants version {wanted.api_version}; known: {', '.join(sorted(VERSIONS))}")
    if wanted.interactive_mode == "Always":
        raise SourceError(f"{_where(access)} wants a terminal, which it does not get here: {_outside(access)}")
    # The user's own command with the user's own environment, as kubectl runs it: profiles of clouds are found by it.
    declared = dict(environ) | {one.name: one.value for one in wanted.env or ()}
    declared["KUBERNETES_EXEC_INFO"] = _information(access, wanted)
    try:
        ran = await run_command(
            [wanted.command, *(wanted.args or ())], clock, TIMEOUT,
            environ=environ, declared=declared, merge=False, limit=LIMIT,
        )  # fmt: skip
    except CannotRun as error:
        hint = f" ({wanted.install_hint.strip()})" if wanted.install_hint else ""
        raise SourceError(f"{_where(access)} cannot be run: {error}{mask(safe_bytes(hint.encode(), 200))}") from None
    except CommandTimeout:
        raise SourceError(f"{_where(access)} did not end in {TIMEOUT:g} s: {_outside(access)}") from None
    if ran.exit_code != 0:
        said = mask(safe_bytes(ran.errors.strip(), 200))
        raise SourceError(f"{_where(access)} failed with exit {ran.exit_code} ({said}): {_outside(access)}")
    return _given(access, ran.output)


def _given(access: Access, output: bytes) -> Given:
    try:
        status = msgspec.json.decode(output, type=_Answer).status
    except msgspec.MsgspecError:
        raise SourceError(f"{_where(access)} answered what is no ExecCredential: {_outside(access)}") from None
    if status is None or not (status.token or (status.client_certificate_data and status.client_key_data)):
        raise SourceError(f"{_where(access)} gave neither a token nor a certificate: {_outside(access)}")
    return Given(
        token=status.token or "", certificate=status.client_certificate_data or "", key=status.client_key_data or "",
        until=moment(status.expiration_timestamp),
    )  # fmt: skip


def _information(access: Access, wanted: Exec) -> str:
    spec: dict[str, object] = {"interactive": False}
    if wanted.provide_cluster_info:
        cluster = access.cluster
        spec["cluster"] = {
            "server": access.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": cluster.certificate_authority_data,
            "proxy-url": cluster.proxy_url,
        }
    answer = {"apiVersion": wanted.api_version, "kind": "ExecCredential", "spec": spec}
    return msgspec.json.encode(answer).decode()


def _where(access: Access) -> str:
    wanted = access.user.exec
    return f"the login command {wanted.command if wanted else ''} of context {access.context}"


def _outside(access: Access) -> str:
    return f"run outside: kubectl --context {shlex.quote(access.context)} get --raw /version"
