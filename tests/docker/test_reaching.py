"""Where an engine is, which version it speaks, what a reader may ask, and where ports are reached."""

import asyncio
import hashlib
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.docker.address import find_address
from cockpit.backends.docker.endpoint import Endpoint, find_endpoint
from cockpit.backends.docker.errors import unreachable
from cockpit.backends.docker.readonly import refusal
from cockpit.backends.docker.transport import dial_tcp
from cockpit.backends.docker.version import negotiate, too_new
from cockpit.backends.pool import Pool
from cockpit.backends.resolver import Resolver
from cockpit.board.model import Health, Identity, Instance, Phase, Port, SafeText, Workload
from cockpit.profile.schema import Backend

DOCKER = Backend(kind="docker")


def _context(home: Path, name: str, host: str, *, current: bool = False, tls: bool = False) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    if current:
        (home / ".docker" / "config.json").write_text(json.dumps({"auths": {}, "currentContext": name}))
    if tls:
        material = home / ".docker" / "contexts" / "tls" / digest / "docker"
        material.mkdir(parents=True)
        (material / "ca.pem").write_text("no certificate")


def test_who_says_where_the_engine_is(tmp_path: Path) -> None:
    _context(tmp_path, "prod", "ssh://ops@prod-1", current=True)
    _context(tmp_path, "lab", "tcp://lab:2375")
    home = {"HOME": str(tmp_path)}
    order = [
        (Backend(kind="docker", host="unix:///run/a.sock"), {"DOCKER_HOST": "tcp://b:1"}, "unix:///run/a.sock"),
        (Backend(kind="docker", context="lab"), {"DOCKER_HOST": "tcp://b:1"}, "tcp://lab:2375"),
        (DOCKER, {"DOCKER_HOST": "tcp://b:1", "DOCKER_CONTEXT": "lab"}, "tcp://b:1"),
        (DOCKER, {"DOCKER_CONTEXT": "lab"}, "tcp://lab:2375"),
        (DOCKER, {}, "ssh://ops@prod-1"),
        (DOCKER, {"DOCKER_CONTEXT": "default"}, "unix:///var/run/docker.sock"),
        (DOCKER, {"DOCKER_CONFIG": str(tmp_path / "none")}, "unix:///var/run/docker.sock"),
    ]
    for backend, environ, expected in order:
        assert find_endpoint(backend, home | environ).url == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("tcp://[::1]:2375", "tcp://[::1]:2375"),
        ("tcp://far", "tcp://far:2375"),
        ("ssh://me@far:2222", "ssh://me@far:2222"),
        ("unix:///a%20b.sock", "unix:///a%20b.sock"),
    ],
)
def test_addresses_that_are_understood(url: str, expected: str) -> None:
    assert find_endpoint(Backend(kind="docker", host=url), {}).url == expected


@pytest.mark.parametrize(
    "url",
    ["far:2375", "npipe:////./pipe/docker", "tcp://far:port", "ssh://-oProxyCommand=x", "ssh://-l@far", "unix://"],
)
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(SourceError, match="the profile names"):
        find_endpoint(Backend(kind="docker", host=url), {})


def test_contexts_that_cannot_be_used(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    with pytest.raises(SourceError, match="there is no Docker context 'ghost'"):
        find_endpoint(Backend(kind="docker", context="ghost"), home)
    _context(tmp_path, "tls", "tcp://far:2376", tls=True)
    with pytest.raises(SourceError, match=r"the authority .*ca\.pem cannot be used"):
        find_endpoint(Backend(kind="docker", context="tls"), home)
    (tmp_path / ".docker" / "config.json").write_text("{ broken")
    with pytest.raises(SourceError, match=r"config\.json cannot be read"):
        find_endpoint(DOCKER, home)


@pytest.mark.parametrize(
    ("offered", "spoken"),
    [("1.40", (1, 40)), ("1.41", (1, 41)), ("1.52", (1, 52)), ("1.70", (1, 52)), ("2.0", (1, 52))],
)
def test_the_version_that_both_know(offered: str, spoken: tuple[int, int]) -> None:
    assert negotiate("engine", offered) == spoken


def test_engines_that_cannot_be_spoken_to() -> None:
    with pytest.raises(SourceError, match=r"too old \(API 1\.39"):
        negotiate("engine", "1.39")
    with pytest.raises(SourceError, match="no Docker Engine"):
        negotiate("engine", "")
    words = "client version 1.52 is too old. Minimum supported API version is 1.60, please upgrade your client"
    newer = too_new("engine", words)
    assert newer is not None
    assert "the engine is too new" in str(newer)
    assert too_new("engine", "page not found") is None


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1.41/containers/json", True),
        ("HEAD", "/_ping", True),
        ("POST", "/v1.41/containers/0a1b/exec", True),
        ("POST", "/v1.41/exec/0a1b/start", True),
        ("POST", "/v1.41/containers/0a1b/restart", False),
        ("POST", "/v1.41/containers/create", False),
        ("POST", "/v1.41/containers/a/../b/exec", False),
        ("POST", "/v1.41/exec/0a1b/start/../../../containers/prune", False),
        ("POST", "/v1.41/containers/0a1b/exec\n", False),
        ("DELETE", "/v1.41/containers/0a1b", False),
        ("PUT", "/v1.41/containers/0a1b/archive", False),
    ],
)
def test_a_reader_may_only_read(method: str, path: str, allowed: bool) -> None:
    assert (refusal(method, path) == "") is allowed


UNIX = Endpoint(scheme="unix", path="/var/run/docker.sock")
FAR = Endpoint(scheme="tcp", host="far", port=2376)


@pytest.mark.parametrize(
    ("endpoint", "error", "words"),
    [
        (UNIX, FileNotFoundError(2, "No such file"), "no such socket: start Docker"),
        (UNIX, ConnectionRefusedError(111, "refused"), "nothing listens on this socket"),
        (UNIX, OSError(88, "Socket operation on non-socket"), "this is no socket"),
        (UNIX, ConnectionResetError(104, "reset"), "the daemon ended or restarts"),
        (UNIX, TimeoutError(), "the daemon hangs"),
        (FAR, ConnectionRefusedError(111, "refused"), "does the daemon listen on this port"),
        (FAR, OSError(113, "No route to host"), "no route to this host"),
        (FAR, socket.gaierror(-2, "Name or service not known"), "the name far cannot be resolved"),
        (FAR, ssl.SSLCertVerificationError(1, "self-signed"), "its certificate is not trusted"),
        (FAR, ssl.SSLError(1, "wrong version number"), "does the daemon speak TLS on this port"),
        (FAR, OSError(5, "Input/output error"), "Input/output error"),
    ],
)
def test_errors_say_what_where_why_and_what_to_do(endpoint: Endpoint, error: Exception, words: str) -> None:
    told = str(unreachable("main", endpoint, error))
    assert told.startswith(f"Docker Engine main ({endpoint.url}): ")
    assert words in told
    assert "\n" not in told


def workload(*instances: Instance) -> Workload:
    return Workload(id=Identity("docker", "e", "shop", "compose", "web"), source="main", instances=instances)


def instance(
    *ports: Port, phase: Phase = Phase.RUNNING, health: Health = Health.NONE, address: str = "172.17.0.2"
) -> Instance:
    return Instance(
        id=Identity("docker", "e", "shop", "compose", "web", "c"),
        name=SafeText("web_1"),
        phase=phase,
        health=health,
        ports=ports,
        addresses=(address,) if address else (),
    )


def reached(what: Workload, endpoint: Endpoint, *, host_network: bool = False, inside: bool = True) -> tuple[str, int]:
    found = find_address(what, 8080, endpoint, host_network=host_network, inside=inside)
    return found.host, found.port


def test_where_ports_are_reached() -> None:
    everywhere, loopback = Port(8080, "tcp", "0.0.0.0", 18080), Port(8080, "tcp", "127.0.0.1", 18080)
    assert reached(workload(instance(everywhere)), UNIX) == ("127.0.0.1", 18080)
    assert reached(workload(instance(loopback)), UNIX) == ("127.0.0.1", 18080)
    assert reached(workload(instance(everywhere)), FAR) == ("far", 18080)
    assert reached(workload(instance(Port(8080))), UNIX) == ("172.17.0.2", 8080)
    assert reached(workload(instance(address="")), UNIX, host_network=True) == ("127.0.0.1", 8080)
    assert reached(workload(instance(address="")), FAR, host_network=True) == ("far", 8080)
    ill = instance(Port(8080, "tcp", "0.0.0.0", 1), health=Health.UNHEALTHY)
    assert reached(workload(ill, instance(Port(8080, "tcp", "0.0.0.0", 2))), UNIX) == ("127.0.0.1", 2)


@pytest.mark.parametrize(
    ("what", "endpoint", "inside", "words"),
    [
        (workload(), UNIX, True, "no running container"),
        (workload(instance(phase=Phase.EXITED)), UNIX, True, "no running container"),
        (workload(instance(Port(8080, "tcp", "127.0.0.1", 1))), FAR, False, "on 127.0.0.1 of far only"),
        (workload(instance(Port(9090, "tcp", "0.0.0.0", 1))), FAR, False, "published are 9090"),
        (workload(instance(address="")), UNIX, True, "its container has no address"),
        (workload(instance()), UNIX, False, "inside a virtual machine"),
        (workload(instance(Port(8080, "udp", "0.0.0.0", 1), address="")), UNIX, True, "is not published"),
    ],
)
def test_ports_that_are_not_reached(what: Workload, endpoint: Endpoint, inside: bool, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        find_address(what, 8080, endpoint, host_network=False, inside=inside)


async def test_names_are_looked_up_in_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(host: str, port: int, *_: object) -> list[tuple[Any, ...]]:
        if host != "far":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.9.9.9", "127.0.0.1")]

    def shared(*_: object) -> Any:
        raise AssertionError("the executor that everything shares")

    names = Resolver(Pool("names", 1), lookup)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    monkeypatch.setattr(asyncio.get_running_loop(), "run_in_executor", shared)
    opened = await dial_tcp("far", port, None, names)()
    await opened.aclose()
    server.close()
    with pytest.raises(socket.gaierror, match="no such host: gone"):
        await dial_tcp("gone", port, None, names)()
