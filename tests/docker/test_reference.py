"""The docker package finds the same engine as the cockpit: by DOCKER_HOST, by the current context, by default.

It knows no DOCKER_CONTEXT, and wants a port where the cockpit takes the usual one; those are not asked here.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import docker.utils
import pytest
from docker.context import ContextAPI

from cockpit.backends.docker.endpoint import find_endpoint
from cockpit.profile.schema import Backend

DOCKER = Backend(kind="docker")
PEM = Path(__file__).parents[1] / "probes" / "tls" / "good.pem"


def official(url: str, tls: bool) -> str:
    """An address as it stands in DOCKER_HOST, from how the package writes it for its HTTP library."""
    made = str(docker.utils.parse_host(url, tls=tls))
    for scheme, written in (("http+unix:", "unix:"), ("http:", "tcp:"), ("https:", "tcp:")):
        if made.startswith(scheme):
            return written + made.removeprefix(scheme)
    return made


@pytest.mark.parametrize(
    "url",
    [
        "unix:///var/run/docker.sock",
        "unix:///run/user/1000/docker.sock",
        "tcp://far:2375",
        "tcp://[::1]:2375",
        "http://far:8080",
        "ssh://me@far:2222",
    ],
)
def test_an_address_means_the_same_to_both(url: str) -> None:
    environ = {"DOCKER_HOST": url, "HOME": "/nowhere"}
    told = docker.utils.kwargs_from_env(environ)
    assert find_endpoint(DOCKER, environ).url == official(told["base_url"], tls=False)


@pytest.mark.parametrize(
    ("more", "encrypted"),
    [
        ({}, False),
        ({"DOCKER_CERT_PATH": ""}, False),
        ({"DOCKER_TLS_VERIFY": "1"}, True),
        ({"DOCKER_TLS_VERIFY": ""}, False),
    ],
)
def test_tls_is_asked_for_in_the_same_words(more: Mapping[str, str], encrypted: bool, tmp_path: Path) -> None:
    for name in ("ca.pem", "cert.pem"):
        (tmp_path / name).write_bytes(PEM.read_bytes())
    (tmp_path / "key.pem").write_bytes(PEM.with_name("key.pem").read_bytes())
    environ = {"DOCKER_HOST": "tcp://far:2376", "HOME": "/nowhere", **more}
    environ |= {"DOCKER_CERT_PATH": str(tmp_path)} if encrypted else {}
    told = docker.utils.kwargs_from_env(environ)
    assert ("tls" in told, find_endpoint(DOCKER, environ).tls is not None) == (encrypted, encrypted)


def stored(home: Path, name: str, host: str, *, current: bool, tls: bool) -> None:
    """A context as `docker context create` and `docker context use` leave it."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    folder = home / ".docker" / "contexts" / "meta" / digest
    folder.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    told = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (folder / "meta.json").write_text(json.dumps(told), "utf-8")
    login = base64.b64encode(b"me:secret").decode()
    config = {"auths": {"registry.example.com": {"auth": login}}} | ({"currentContext": name} if current else {})
    (home / ".docker" / "config.json").write_text(json.dumps(config), "utf-8")
    if tls:
        material = home / ".docker" / "contexts" / "tls" / digest / "docker"
        material.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem"):
            (material / file).write_bytes(PEM.read_bytes())
        (material / "key.pem").write_bytes(PEM.with_name("key.pem").read_bytes())


@pytest.mark.parametrize(
    ("host", "current", "tls"),
    [
        ("tcp://far:2376", True, True),
        ("ssh://ops@far:22", True, False),
        ("unix:///run/other.sock", True, False),
        ("tcp://far:2376", False, False),
    ],
)
def test_a_context_means_the_same_to_both(
    host: str, current: bool, tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path, "prod", host, current=current, tls=tls)
    for name in ("DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    theirs = ContextAPI.get_current_context()
    ours = find_endpoint(DOCKER, {"HOME": str(tmp_path)})
    assert ours.url == official(str(theirs.Host), tls)
    assert (ours.tls is not None) == (theirs.TLSConfig is not None) == tls
