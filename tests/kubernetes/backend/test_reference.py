"""The official package reads kubeconfigs as the cockpit does: where a server is, who one is there, how it is trusted.

It takes the last file's current context where kubectl takes the first's, so each context is named here, and kubectl
itself says which one is current.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as official_client
from kubernetes import config as official
from kubernetes.config.incluster_config import InClusterConfigLoader

from cockpit.backends.kubernetes.access import Access, find_access
from cockpit.backends.kubernetes.credentials import Credentials
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.test_kubeconfig import config, written
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing

PEM = (Path(__file__).parents[2] / "probes" / "tls" / "good.pem").read_text("ascii")
DATA = base64.b64encode(PEM.encode()).decode()
Told = dict[str, Any]

MATRIX: Mapping[str, tuple[str, ...]] = {
    "plain": (config("http://h:8080/"),),
    "token": (config("https://h", user="{token: abc}"),),
    "token-file": (config("https://h", user="{tokenFile: token}"),),
    "password": (config("https://h", user="{username: ops, password: 'a:b'}"),),
    "token-before-password": (config("https://h", user="{token: abc, username: ops, password: x}"),),
    "nobody": (config("https://h"),),
    "authority": (config("https://h", cluster=", certificate-authority: ca.pem"),),
    "authority-data": (config("https://h", cluster=f", certificate-authority-data: {DATA}"),),
    "authority-both": (
        config("https://h", cluster=f", certificate-authority: gone.pem, certificate-authority-data: {DATA}"),
    ),
    "certificate": (config("https://h", user="{client-certificate: ca.pem, client-key: sub/key.pem}"),),
    "certificate-data": (config("https://h", user=f"{{client-certificate-data: {DATA}, client-key-data: {DATA}}}"),),
    "certificate-mixed": (config("https://h", user=f"{{client-certificate-data: {DATA}, client-key: sub/key.pem}}"),),
    "insecure": (config("https://h", cluster=", insecure-skip-tls-verify: true"),),
    "server-name": (config("https://10.0.0.1", cluster=", tls-server-name: api.example"),),
    "proxy": (config("https://h", cluster=", proxy-url: 'http://p:3128'"),),
    "path": (config("https://h/k8s/clusters/c-1/"),),
    "two-files": (config("https://first", user="{token: abc}"), config("https://second", user="{token: def}")),
    "scattered": (
        "contexts: [{name: prod, context: {cluster: far, user: me}}]",
        "clusters: [{name: far, cluster: {server: 'https://far'}}]",
        "users: [{name: me, user: {token: abc}}]\nclusters: [{name: far, cluster: {server: 'https://other'}}]",
    ),
}


def files(folder: Path, texts: tuple[str, ...]) -> dict[str, str]:
    """The kubeconfigs, and what they name, beside them."""
    (folder / "sub").mkdir()
    (folder / "ca.pem").write_text(PEM, "ascii")
    (folder / "sub" / "key.pem").write_text(PEM + "\n", "ascii")
    (folder / "token").write_text("from-a-file", "ascii")
    return written(folder, *texts)


def content(path: str | None, data: str = "") -> str:
    """A file, or what stands in the kubeconfig itself, which comes first."""
    if data:
        return base64.b64decode(data).decode()
    return Path(path).read_text("ascii") if path else ""


async def ours(access: Access) -> Told:
    made = await Credentials(access, SystemClock(), Secrets(), {}).proof()
    cluster, user = access.cluster, access.user
    return {
        "server": access.server,
        "authorization": dict(made.pairs).get("Authorization", ""),
        "authority": content(cluster.certificate_authority, cluster.certificate_authority_data),
        "certificate": content(user.client_certificate, user.client_certificate_data),
        "key": content(user.client_key, user.client_key_data),
        "verified": not cluster.insecure_skip_tls_verify,
        "server name": cluster.tls_server_name,
        "proxy": access.proxy,
    }


def read(environ: Mapping[str, str], folder: Path) -> official_client.Configuration:
    """Context prod as the package reads it. What it writes into files goes into the folder."""
    made = official_client.Configuration()
    load: Any = official.load_kube_config  # the package has no types
    load(environ["KUBECONFIG"], "prod", made, persist_config=False, temp_file_path=str(folder))
    return made


def theirs(made: official_client.Configuration) -> Told:
    return {
        "server": made.host,
        "authorization": made.api_key.get("BearerToken", ""),
        "authority": content(made.ssl_ca_cert),
        "certificate": content(made.cert_file),
        "key": content(made.key_file),
        "verified": made.verify_ssl,
        "server name": made.tls_server_name or "",
        "proxy": made.proxy or "",
    }


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No proxy is named by the environment that the tests run in: the package always reads that."""
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", MATRIX)
async def test_a_kubeconfig_means_the_same_to_both(name: str, tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    environ = files(tmp_path, MATRIX[name])
    told = await ours(find_access(Backend(kind="kubernetes", context="prod"), environ))
    assert told == theirs(read(environ, tmp_path))


async def test_the_environments_proxy_means_the_same_to_both(tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    environ = files(tmp_path, MATRIX["token"]) | {"HTTPS_PROXY": "http://p:3128"}
    alone.setenv("HTTPS_PROXY", environ["HTTPS_PROXY"])
    told = await ours(find_access(Backend(kind="kubernetes"), environ))
    assert told == theirs(read(environ, tmp_path))
    assert told["proxy"] == "http://p:3128"


@pytest.mark.parametrize("host", ["10.0.0.1", "fd00::1"])
async def test_a_pods_account_means_the_same_to_both(host: str, tmp_path: Path, alone: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("abc", "ascii")
    (tmp_path / "ca.crt").write_text(PEM, "ascii")
    environ = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "6443"}
    reference = official_client.Configuration()
    loader: Any = InClusterConfigLoader  # the package has no types
    loader(str(tmp_path / "token"), str(tmp_path / "ca.crt"), environ=environ).load_and_set(reference)
    told = await ours(find_access(Backend(kind="kubernetes"), environ, tmp_path))
    wanted = theirs(reference)
    # The scheme's name is written in both ways; servers do not tell them apart.
    assert told.pop("authorization").lower() == wanted.pop("authorization").lower()
    assert told == wanted


async def test_kubectl_takes_the_same_context_and_files(tmp_path: Path) -> None:
    if reason := why_not():
        missing(reason)
    first, second = config("https://first", current=False), config("https://second", name="stage")
    environ = files(tmp_path, (first, second, config("https://third")))
    # kubectl's flag names one file: its list comes by the environment, as everybody's does.
    kubectl = Kubectl(None, tmp_path, KUBECONFIG=environ["KUBECONFIG"])
    access = find_access(Backend(kind="kubernetes"), environ)
    assert (await kubectl.ask("config", "current-context")).strip() == access.context == "stage"
    server = "jsonpath={.clusters[?(@.name=='prod')].cluster.server}"
    named = find_access(Backend(kind="kubernetes", context="prod"), environ)
    assert await kubectl.ask("config", "view", "-o", server) == named.server == "https://first"
