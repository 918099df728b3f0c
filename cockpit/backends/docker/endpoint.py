"""Where an engine listens, and who says so: the profile, the environment, or a context of the Docker CLI. Reads files.

The order is the CLI's own: host, context, DOCKER_HOST, DOCKER_CONTEXT, the current context, /var/run/docker.sock.
"""

import hashlib
import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.profile.schema import Backend

DEFAULT_SOCKET = "/var/run/docker.sock"
_PORTS = {"tcp": 2375, "tls": 2376}


class Endpoint(Struct, frozen=True, kw_only=True):
    """One engine's address. scheme is "unix", "tcp" or "ssh"; origin says where it is written.

    port: 0 for ssh leaves it to ssh's own configuration.
    """

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    origin: str = ""
    tls: ssl.SSLContext | None = None

    @property
    def local(self) -> bool:
        """Whether the engine runs on this machine, as far as its address tells."""
        return self.scheme == "unix"

    @property
    def url(self) -> str:
        """As it is written in DOCKER_HOST."""
        if self.scheme == "unix":
            return f"unix://{self.path}"
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{user}{host}{port}"


class _Meta(Struct, frozen=True, rename="pascal"):
    """A context's meta.json, as much of it as is used."""

    name: str = ""
    endpoints: Mapping[str, "_DockerMeta"] = {}


class _DockerMeta(Struct, frozen=True, rename="pascal"):
    host: str = ""
    skip_tls_verify: bool = msgspec.field(name="SkipTLSVerify", default=False)


class _Config(Struct, frozen=True, rename="camel"):
    current_context: str = ""


# Made by the import, for the reason that `kubernetes.kubeconfig` gives: clients connect in threads, two at once.
_meta = msgspec.json.Decoder(_Meta).decode
_config = msgspec.json.Decoder(_Config).decode


def find_endpoint(backend: Backend, environ: Mapping[str, str]) -> Endpoint:
    """The engine that a backend of the profile means. Blocks on files: call it in a thread. SourceError."""
    if backend.host:
        return _from_url(backend.host, "the profile", _profile_tls(backend))
    if backend.context:
        return _from_context(backend.context, environ, "the profile")
    if environ.get("DOCKER_HOST"):
        tls = _environment_tls(environ) if environ["DOCKER_HOST"].startswith("tcp:") else None
        return _from_url(environ["DOCKER_HOST"], "DOCKER_HOST", tls)
    if environ.get("DOCKER_CONTEXT"):
        return _from_context(environ["DOCKER_CONTEXT"], environ, "DOCKER_CONTEXT")
    current = _current_context(environ)
    if current:
        return _from_context(current, environ, "the current Docker context")
    return Endpoint(scheme="unix", path=DEFAULT_SOCKET, origin="the default")


def _from_url(url: str, origin: str, tls: ssl.SSLContext | None) -> Endpoint:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SourceError(f"{origin} names {url!r}, which is no address of a Docker Engine") from None
    if parts.scheme == "unix" and parts.path:
        return Endpoint(scheme="unix", path=parts.netloc + parts.path, origin=origin)
    if parts.scheme in ("tcp", "http", "https") and parts.hostname:
        if parts.scheme == "https" and tls is None:
            tls = ssl.create_default_context()
        default = _PORTS["tls"] if tls is not None else _PORTS["tcp"]
        return Endpoint(scheme="tcp", host=parts.hostname, port=port or default, origin=origin, tls=tls)
    if parts.scheme == "ssh" and parts.hostname and not parts.hostname.startswith("-"):
        user = parts.username or ""
        if user.startswith("-"):
            raise SourceError(f"{origin} names {url!r}: a user may not begin with a dash")
        return Endpoint(scheme="ssh", host=parts.hostname, port=port or 0, user=user, origin=origin)
    raise SourceError(
        f"{origin} names {url!r}: a Docker Engine is reached by unix:///path, tcp://host:port or ssh://user@host"
    )


def _config_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/root")) / ".docker")


def _current_context(environ: Mapping[str, str]) -> str:
    file = _config_folder(environ) / "config.json"
    try:
        return _config(file.read_bytes()).current_context.strip()
    except FileNotFoundError:
        return ""
    except (OSError, msgspec.MsgspecError) as error:
        raise SourceError(f"{file} cannot be read ({error}): it says which Docker context is the current one") from None


def _from_context(name: str, environ: Mapping[str, str], origin: str) -> Endpoint:
    if name == "default":
        return Endpoint(scheme="unix", path=DEFAULT_SOCKET, origin=f"context default of {origin}")
    folder = _config_folder(environ) / "contexts"
    digest = hashlib.sha256(name.encode()).hexdigest()
    file = folder / "meta" / digest / "meta.json"
    try:
        meta = _meta(file.read_bytes()).endpoints["docker"]
    except FileNotFoundError:
        raise SourceError(f"there is no Docker context {name!r} ({origin} names it): see `docker context ls`") from None
    except (OSError, msgspec.MsgspecError, KeyError) as error:
        raise SourceError(f"Docker context {name!r} cannot be read from {file}: {error}") from None
    # The SDK reads the same three files, but takes 100 ms to import and drops a lone ca.pem. A test compares.
    material = folder / "tls" / digest / "docker"
    tls = _tls_of(material, verify=not meta.skip_tls_verify) if material.is_dir() else None
    return _from_url(meta.host or f"unix://{DEFAULT_SOCKET}", f"context {name}", tls)


def _profile_tls(backend: Backend) -> ssl.SSLContext | None:
    if not (backend.tls_ca or backend.tls_cert):
        return None
    return tls_context(backend.tls_ca, backend.tls_cert, backend.tls_key, verify=True)


def _environment_tls(environ: Mapping[str, str]) -> ssl.SSLContext | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    return _tls_of(Path(environ.get("DOCKER_CERT_PATH") or _config_folder(environ)), verify=verify)


def _tls_of(folder: Path, *, verify: bool) -> ssl.SSLContext:
    files = [folder / name for name in ("ca.pem", "cert.pem", "key.pem")]
    ca, cert, key = (str(file) if file.exists() else "" for file in files)
    return tls_context(ca, cert, key, verify=verify)


def tls_context(ca: str, cert: str, key: str, *, verify: bool) -> ssl.SSLContext:
    """How to speak TLS with these files (empty: none). SourceError names the one that cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(Path(ca).expanduser()) if ca else None)
    except (OSError, ssl.SSLError) as error:
        raise SourceError(f"TLS for the Docker Engine: the authority {ca} cannot be used: {error}") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert:
        try:
            context.load_cert_chain(str(Path(cert).expanduser()), str(Path(key).expanduser()) if key else None)
        except (OSError, ssl.SSLError) as error:
            raise SourceError(f"TLS for the Docker Engine: {cert} with key {key} cannot be used: {error}") from None
    return context
