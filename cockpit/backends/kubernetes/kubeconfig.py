"""The kubeconfig: which files, how they are merged, which cluster and user a context means. Reads files.

Read here and not by the `kubernetes` package: importing its configuration takes 0.75 s and 20 MiB, it runs login
plugins on the terminal without a deadline, and it writes client certificates into temporary files that stay. A test
holds both to the same meaning. The rules are kubectl's: of several files the first that names a thing counts, and paths
are relative to the file they stand in.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.board.text import safe

SIZE_LIMIT = 4 * 1024 * 1024
DEEP = 4
"""Maps from the file to a variable of a login command, the deepest that is read."""
_WITHIN = frozenset({"clusters", "users", "contexts", "cluster", "user", "context", "exec", "env"})


class _Entry(Struct, frozen=True, rename="kebab", kw_only=True):
    """Base: names as kubectl writes them."""


class Cluster(_Entry, frozen=True, kw_only=True):
    """Where an API server is. The authority is a file, or its content in base64."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: str = ""


class Variable(Struct, frozen=True):
    """An environment variable of a login command."""

    name: str
    value: str = ""


class Exec(Struct, frozen=True, rename="camel", kw_only=True):
    """A login command (an exec plugin)."""

    command: str
    api_version: str = "client.authentication.k8s.io/v1"
    args: Sequence[str] | None = None
    env: Sequence[Variable] | None = None
    interactive_mode: str = ""
    provide_cluster_info: bool = False
    install_hint: str = ""


class User(_Entry, frozen=True, kw_only=True):
    """How one proves who one is."""

    token: str = ""
    token_file: str = field(name="tokenFile", default="")
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""
    username: str = ""
    password: str = ""
    exec: Exec | None = None
    auth_provider: Mapping[str, Any] | None = None
    as_user: str = field(name="as", default="")
    as_groups: Sequence[str] | None = None


class Context(_Entry, frozen=True, kw_only=True):
    """A cluster and a user by name."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _Named(Struct, frozen=True):
    name: str
    cluster: Cluster | None = None
    user: User | None = None
    context: Context | None = None


class _File(_Entry, frozen=True, kw_only=True):
    current_context: str | None = None
    clusters: Sequence[_Named] | None = None
    users: Sequence[_Named] | None = None
    contexts: Sequence[_Named] | None = None


# msgspec (0.22) builds what it knows of a type when it first meets it, and two threads may do so at once: clients
# connect in threads, and the second would read what is half built and end the program (SIGSEGV). Here the import's
# lock holds.
msgspec.convert({}, _File)


class Kubeconfig(Struct, frozen=True):
    """All files merged. files: those that exist."""

    files: tuple[Path, ...]
    current: str
    clusters: Mapping[str, Cluster]
    users: Mapping[str, User]
    contexts: Mapping[str, Context]


def config_files(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that KUBECONFIG names, else ~/.kube/config; whether they exist or not."""
    named = environ.get("KUBECONFIG", "")
    if named:
        return tuple(dict.fromkeys(Path(one).expanduser() for one in named.split(":") if one))
    return (Path(environ.get("HOME", "/root")) / ".kube" / "config",)


def load(environ: Mapping[str, str]) -> Kubeconfig:
    """Every file, merged. Blocks: call it in a thread. SourceError names the file that cannot be read."""
    current = ""
    found: list[Path] = []
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}
    for path in config_files(environ):
        one = _read(path)
        if one is None:
            continue
        found.append(path)
        current = current or one.current_context or ""
        for name, cluster in _entries(one.clusters, "cluster", Cluster()):
            clusters.setdefault(name, _whole(cluster, ("certificate_authority",), path.parent))
        for name, user in _entries(one.users, "user", User()):
            whole = _whole(user, ("client_certificate", "client_key", "token_file"), path.parent)
            users.setdefault(name, _whole_command(whole, path.parent))
        for name, context in _entries(one.contexts, "context", Context()):
            contexts.setdefault(name, context)
    return Kubeconfig(tuple(found), current, clusters, users, contexts)


def _entries(named: Iterable[_Named] | None, field: str, empty: Any) -> Iterable[tuple[str, Any]]:
    for one in named or ():
        value = getattr(one, field)
        yield one.name, empty if value is None else value


def _whole(entry: Any, fields: tuple[str, ...], folder: Path) -> Any:
    """An entry with its relative paths made whole."""
    changed = {name: str(folder / value) for name in fields if (value := getattr(entry, name))}
    return replace(entry, **changed) if changed else entry


def _whole_command(user: User, folder: Path) -> User:
    command = user.exec.command if user.exec else ""
    if user.exec is None or "/" not in command:
        return user
    return replace(user, exec=replace(user.exec, command=str(folder / command)))


def _read(path: Path) -> _File | None:
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SourceError(f"the kubeconfig {path} cannot be read: {error.strerror or error}") from None
    if len(data) > SIZE_LIMIT:
        raise SourceError(f"the kubeconfig {path} is larger than {SIZE_LIMIT >> 20} MiB")
    try:
        return msgspec.convert(_said(_parsed(data) or {}), _File, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        # Never the text itself: it may hold a token.
        raise SourceError(f"the kubeconfig {path} cannot be understood: {safe(str(error), 200)}") from None


def _said(value: Any, deep: int = DEEP) -> Any:
    """Without what is null: to kubectl that is as if it were not written. What templates leave empty becomes null."""
    if isinstance(value, dict):
        said = {name: one for name, one in value.items() if one is not None}
        return {name: _said(one, deep - 1) if deep and name in _WITHIN else one for name, one in said.items()}
    if isinstance(value, list):
        return [_said(one, deep) if isinstance(one, dict) else one for one in value]
    return value


def _parsed(data: bytes) -> Any:
    """YAML as plain data. ValueError says where it is wrong, without quoting it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).load(data)
    except MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ValueError(f"it is no YAML{place} ({error.problem})") from None
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise ValueError(f"it is no YAML ({type(error).__name__})") from None
