"""Over TLS: the cluster's authority, the user's certificate, and what is said when one of them does not fit."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import errors
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.test_kubeconfig import config, written
from tests.program import CHECKOUT

CERTIFICATE = CHECKOUT / "tests" / "probes" / "tls" / "good.pem"
KEY, EXPIRED = CERTIFICATE.with_name("key.pem"), CERTIFICATE.with_name("expired.pem")


def data(path: Path) -> str:
    """A file as a kubeconfig holds it."""
    return base64.b64encode(path.read_bytes()).decode()


@asynccontextmanager
async def serving(*, asks: bool, certificate: Path = CERTIFICATE) -> AsyncIterator[Emulator]:
    """An emulator behind TLS. asks: it wants a certificate of the client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, KEY)
    if asks:
        context.load_verify_locations(CERTIFICATE)
        context.verify_mode = ssl.CERT_REQUIRED
    async with Emulator(moving=False, tls=context) as emulator:
        yield emulator


async def version(folder: Path, url: str, *, cluster: str, user: str = "{}") -> str:
    """What the server says of itself, asked with a kubeconfig."""
    environ = written(folder, config(url, cluster=cluster, user=user))
    client = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    try:
        return (await client.get("/version", dict[str, str]))["gitVersion"]
    finally:
        await client.reset()


@pytest.mark.parametrize(
    "cluster",
    [
        f", certificate-authority: '{CERTIFICATE}'",
        f", certificate-authority-data: {data(CERTIFICATE)}",
        ", insecure-skip-tls-verify: true",
    ],
    ids=["file", "data", "not verified"],
)
async def test_the_server_is_trusted_as_the_kubeconfig_says(cluster: str, tmp_path: Path) -> None:
    async with serving(asks=False) as emulator:
        assert (await version(tmp_path, emulator.url, cluster=cluster)).startswith("v1.")


@pytest.mark.parametrize(
    "user",
    [
        f"{{client-certificate: '{CERTIFICATE}', client-key: '{KEY}'}}",
        f"{{client-certificate-data: {data(CERTIFICATE)}, client-key-data: {data(KEY)}}}",
    ],
    ids=["files", "data"],
)
async def test_the_users_certificate_is_shown(user: str, tmp_path: Path) -> None:
    async with serving(asks=True) as emulator:
        cluster = f", certificate-authority: '{CERTIFICATE}'"
        assert (await version(tmp_path, emulator.url, cluster=cluster, user=user)).startswith("v1.")


async def test_a_server_that_nobody_vouches_for_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(asks=False) as emulator:
        with pytest.raises(SourceError, match="its certificate is not trusted"):
            await version(tmp_path, emulator.url, cluster="")


async def test_of_a_certificate_that_has_expired_it_is_said_who_renews_it(tmp_path: Path) -> None:
    cluster = f", certificate-authority: '{EXPIRED}'"
    async with serving(asks=False, certificate=EXPIRED) as emulator:
        with pytest.raises(SourceError, match=r"\(certificate has expired\): it must be renewed on the cluster"):
            await version(tmp_path, emulator.url, cluster=cluster)


@pytest.mark.parametrize("alert", ["CERTIFICATE_EXPIRED", "CERTIFICATE_REVOKED", "UNKNOWN_CA", "CERTIFICATE_REQUIRED"])
def test_whose_certificate_is_refused_is_told_to_log_in(alert: str) -> None:
    refused = ssl.SSLError(1, f"[SSL: SSLV3_ALERT_{alert}] sslv3 alert (_ssl.c:2580)")
    assert "does not accept this client's certificate: has it expired? log in again" in str(
        errors.unreachable("main", None, refused)
    )
