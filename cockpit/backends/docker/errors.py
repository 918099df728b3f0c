"""Why an engine cannot be reached, in one sentence: what, where, why, what to do."""

import errno
import grp
import os
import pwd
import socket
import ssl
import stat

from cockpit.backends.base import SourceError
from cockpit.backends.docker.endpoint import Endpoint
from cockpit.board.text import safe

_ADVICE = "see `systemctl status docker`"


class EngineAnswer(SourceError):
    """The engine answered with an error. status: of HTTP; message: its own words."""

    def __init__(self, name: str, status: int, message: str) -> None:
        self.status = status
        self.message = str(safe(message.strip(), 400)) or f"HTTP status {status}"
        super().__init__(f"Docker Engine {name} answered: {self.message}")


def where(name: str, endpoint: Endpoint | None) -> str:
    """The engine as a sentence begins with it: "Docker Engine main (unix:///var/run/docker.sock)"."""
    return f"Docker Engine {name} ({endpoint.url})" if endpoint is not None else f"Docker Engine {name}"


def unreachable(name: str, endpoint: Endpoint, error: BaseException) -> SourceError:
    """The sentence for a connection that could not be made, or broke."""
    return SourceError(f"{where(name, endpoint)}: {_reason(endpoint, error)}")


def _reason(endpoint: Endpoint, error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return _tls(error)
    if isinstance(error, socket.gaierror):
        return f"the name {endpoint.host} cannot be resolved ({error.strerror}): check its spelling and the DNS"
    if isinstance(error, TimeoutError):
        return f"no answer in time: the daemon hangs or the machine is overloaded, {_ADVICE}"
    if isinstance(error, OSError):
        words = _unix(endpoint, error) if endpoint.scheme == "unix" else _tcp(endpoint, error)
        return words or f"{error.strerror or error}"
    return "the connection was closed: the daemon ended or restarts"


def _unix(endpoint: Endpoint, error: OSError) -> str:
    path = endpoint.path
    if isinstance(error, FileNotFoundError):
        return f"there is no such socket: start Docker ({_ADVICE}), or name another in DOCKER_HOST or the profile"
    if isinstance(error, PermissionError):
        return f"permission denied ({_owner(path)}; you are {_user(os.geteuid())}): {_permission_advice(path)}"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens on this socket: start Docker, {_ADVICE}"
    if error.errno == errno.ENOTSOCK:
        return "this is no socket: check the path"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return "the connection was closed: the daemon ended or restarts"
    return ""


def _tcp(endpoint: Endpoint, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused: does the daemon listen on this port, and do the firewalls let it through?"
    if isinstance(error, (ConnectionResetError, BrokenPipeError)):
        return "the connection was reset: the daemon ended, or it expects TLS here"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "there is no route to this host: check the network or the VPN"
    return ""


def _tls(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or error
        return f"its certificate is not trusted ({why}): check tls_ca and the name in the address"
    if "CERTIFICATE_REQUIRED" in str(error) or "BAD_CERTIFICATE" in str(error):
        return "it does not accept this client's certificate: check tls_cert and tls_key"
    return f"TLS failed ({getattr(error, 'reason', '') or error}): does the daemon speak TLS on this port?"


def _owner(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return "the folder of the socket may not be entered"
    return f"socket {_user(found.st_uid)}:{_group(found.st_gid)} {stat.S_IMODE(found.st_mode):04o}"


def _permission_advice(path: str) -> str:
    try:
        group = _group(os.stat(path).st_gid)
    except OSError:
        group = "docker"
    if group == "root":
        return "run it as root, or let the daemon's socket belong to the group docker"
    return f"become a member of the group {group} (usermod -aG {group} ..., then log in again)"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
