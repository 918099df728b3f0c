"""The profile of a machine for which none was given: every engine and cluster that is found here, and all on it."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from cockpit.profile.schema import Backend, Profile

SYSTEM_SOCKET = "/var/run/docker.sock"
POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"

READ_LIMIT = 1 << 20
_SHOWN = 44
"""Letters of a context that the header has room for at 80 columns, beside its kind, the profile and the time."""
_CURRENT = re.compile(r"""^(?:current-context|[ \t]*"current-context")[ \t]*:[ \t]*["']?([^"'\s,#}]+)""", re.MULTILINE)
"""In YAML as kubectl writes it and in JSON, found without the 60 ms that a YAML reader takes to load."""


def _read(path: str) -> str:
    """The beginning of a file; empty where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(READ_LIMIT).decode("utf-8", "replace")
    except OSError:
        return ""


def discovered(
    environ: Mapping[str, str],
    exists: Callable[[str], bool] = os.path.exists,
    read: Callable[[str], str] = _read,
) -> Profile:
    """Docker as the environment and the current context name it, the user's rootless engine, and the current cluster.

    Without any sign of either Docker is named all the same: its source says why there is none and what to do.
    """
    backends: dict[str, Backend] = {}
    rootless = f"{environ.get('XDG_RUNTIME_DIR', '/nonexistent').rstrip('/')}/docker.sock"
    has_rootless = rootless.startswith("/") and exists(rootless)
    named = environ.get("DOCKER_HOST", "") or environ.get("DOCKER_CONTEXT", "")
    configs = [path for path in _kubeconfigs(environ) if exists(path)]
    if named or exists(SYSTEM_SOCKET) or not (has_rootless or configs):
        backends[_place(environ)] = Backend(kind="docker")
    if has_rootless and named != f"unix://{rootless}":
        backends["rootless"] = Backend(kind="docker", host=f"unix://{rootless}")
    if configs:
        context = next((found[1] for path in configs if (found := _CURRENT.search(read(path)))), "")
        # The header names it: which cluster this is must be seen before anything is done to it.
        name = _name(context)[-_SHOWN:].strip("-._") or "kubernetes"
        backends[name if name not in backends else "kubernetes"] = Backend(kind="kubernetes", context=context)
    return Profile(version=1, name="here", description="what runs on this machine", discover=True, backends=backends)


def _kubeconfigs(environ: Mapping[str, str]) -> list[str]:
    """Where a sign of a cluster may be: the files of KUBECONFIG, the user's own, the account of the pod around us."""
    named = [path for path in environ.get("KUBECONFIG", "").split(":") if path]
    home = environ.get("HOME", "").rstrip("/")
    inside = [POD_TOKEN] if environ.get("KUBERNETES_SERVICE_HOST") else []
    return [*(named or ([f"{home}/.kube/config"] if home.startswith("/") else [])), *inside]


def _place(environ: Mapping[str, str]) -> str:
    """A name for the engine that the header can show: the host of DOCKER_HOST, the context's name, else "local"."""
    host = environ.get("DOCKER_HOST", "")
    if not host:
        named = environ.get("DOCKER_CONTEXT", "")
    else:
        # ssh://user@host:port, tcp://host:port; a unix socket is this machine's.
        named = "" if host.startswith("unix:") else host.partition("://")[2].rpartition("@")[2].partition(":")[0]
    return _name(named) or "local"


def _name(text: str) -> str:
    """As a backend may be called. Of a long one the end is kept: contexts of clouds end with the cluster's name."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[-63:].strip("-._")
