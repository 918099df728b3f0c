"""`cockpit init`: what was found here, as a commented profile to go on from.

A profile knows nothing of the board, so what is read of a snapshot is said here as protocols.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Final, Protocol

from cockpit.profile.schema import Backend, Profile

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./:-]*[A-Za-z0-9_/]|[A-Za-z]")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_SELECTED: Final = (
    "compose", "swarm", "container", "deployment", "statefulset", "daemonset", "cronjob", "job", "pod", "service",
)  # fmt: skip
"""Kinds of identities that a selector of the same name finds."""
_KINDS: Final = frozenset({"docker", "kubernetes", "demo"})
"""Kinds of backends in which workloads are found without being named."""


class IdentityLike(Protocol):
    """As `board.model.Identity`."""

    @property
    def space(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...


class PortLike(Protocol):
    """As `board.model.Port`."""

    @property
    def number(self) -> int: ...
    @property
    def protocol(self) -> str: ...


class InstanceLike(Protocol):
    """As `board.model.Instance`."""

    @property
    def ports(self) -> Sequence[PortLike]: ...


class WorkloadLike(Protocol):
    """As `board.model.Workload`."""

    @property
    def id(self) -> IdentityLike: ...
    @property
    def source(self) -> str: ...
    @property
    def image(self) -> str: ...
    @property
    def instances(self) -> Sequence[InstanceLike]: ...
    @property
    def depends_on(self) -> Sequence[str]: ...


class ServiceLike(Protocol):
    """As `board.snapshot.ServiceStatus`."""

    @property
    def name(self) -> str: ...
    @property
    def workloads(self) -> Sequence[WorkloadLike]: ...


class SourceLike(Protocol):
    """As `board.snapshot.SourceStatus`."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


class SnapshotLike(Protocol):
    """As `board.snapshot.Snapshot`."""

    @property
    def services(self) -> Sequence[ServiceLike]: ...
    @property
    def sources(self) -> Sequence[SourceLike]: ...


def profile_text(snapshot: SnapshotLike, profile: Profile | None = None, name: str = "here") -> str:
    """A profile with a service for each that was found. `profile`: the one it was found with, for its backends.

    What only people know stands in it as comments; without their `# ` they are valid too.
    """
    backends = profile.backends if profile else {}
    kinds = {source.name: source.kind for source in snapshot.sources} | {
        key: backend.kind for key, backend in backends.items()
    }
    found = _named(snapshot.services)
    lines = [
        *_head(name, kinds, backends, [workload for _, workload in found]),
        *_services(found, kinds),
        *_tail(),
    ]
    return "\n".join(lines) + "\n"


def _head(
    name: str, kinds: Mapping[str, str], backends: Mapping[str, Backend], workloads: Sequence[WorkloadLike]
) -> Iterator[str]:
    yield "# A profile for the cockpit: what it watches and what that means to its team."
    yield "# `cockpit validate FILE` checks it, `cockpit schema` says all that may stand here."
    yield "version: 1"
    yield f"name: {_text(_name(name))}"
    yield "# environment: production"
    yield "# read_only: true        # nothing can be changed from here"
    yield "discover: true           # also show what runs here and stands under no service"
    yield ""
    used = {workload.source for workload in workloads}
    yield "backends:" if kinds else "backends: {}"
    for key, kind in kinds.items():
        if key not in backends and (key not in used or kind not in _KINDS):
            continue
        backend = backends.get(key)
        fields = [f"kind: {_text(kind)}"]
        for field in ("host", "context", "project", "namespace"):
            value = getattr(backend, field, "")
            fields += [f"{field}: {_text(value)}"] if value else []
        yield f"  {_text(_name(key))}: {{{', '.join(fields)}}}"
    yield ""


def _services(found: Sequence[tuple[str, WorkloadLike]], kinds: Mapping[str, str]) -> Iterator[str]:
    if not found:
        yield "# Nothing was found: name your services here."
        yield "services: {}"
        return
    needs = _needs(found)
    yield "services:"
    for key, workload in found:
        identity = workload.id
        yield f"  {_text(key)}:" + (f"  # {_comment(workload.image)}" if workload.image else "")
        yield "    tier: 3                # 1 critical .. 4 low"
        yield "    # owner: the-team"
        fields = [f"{identity.kind}: {_text(identity.name)}"]
        space = "namespace" if kinds.get(workload.source) == "kubernetes" else "project"
        fields += [f"{space}: {_text(identity.space)}"] if identity.space and identity.kind != "service" else []
        fields += [f"backend: {_text(_name(workload.source))}"] if len(kinds) > 1 else []
        yield "    workloads:"
        yield f"      - {{{', '.join(fields)}}}"
        if needs[key]:
            yield f"    depends_on: [{', '.join(_text(other) for other in needs[key])}]"
        yield from _probes(workload)


def _probes(workload: WorkloadLike) -> Iterator[str]:
    ports = sorted({port.number for each in workload.instances for port in each.ports if port.protocol == "tcp"})
    if not ports:
        return
    yield "    # probes:"
    for port in ports[:8]:
        yield f"    #   port-{port}: {{kind: tcp, port: {port}}}"
    yield f"    #   health: {{kind: http, port: {ports[0]}, path: /health}}"


def _tail() -> Iterator[str]:
    yield ""
    yield "# severities:            # most severe first"
    yield "#   SEV1: {description: all users affected, acknowledge: 15m, update: 30m, resolve: 4h}"
    yield "#   SEV2: {description: many users affected, acknowledge: 30m, update: 1h, resolve: 8h}"


def _named(services: Iterable[ServiceLike]) -> list[tuple[str, WorkloadLike]]:
    """Each workload that a selector can name, under a name of its own; a name in two projects gets the project too."""
    workloads = [each for service in services for each in service.workloads if each.id.kind in _SELECTED]
    workloads.sort(key=lambda each: (each.id.space, each.id.name, each.source, each.id.kind))
    counts: dict[str, int] = {}
    for workload in workloads:
        counts[workload.id.name] = counts.get(workload.id.name, 0) + 1
    named: dict[str, WorkloadLike] = {}
    for workload in workloads:
        plain, space = workload.id.name, workload.id.space or workload.source
        key = base = _name(f"{space}-{plain}" if counts[plain] > 1 else plain)
        number = 2
        while key in named:
            key, number = f"{base[:58]}-{number}", number + 1
        named[key] = workload
    return list(named.items())


def _needs(found: Sequence[tuple[str, WorkloadLike]]) -> dict[str, list[str]]:
    """What depends on what, within one project; an edge that would close a circle is left out."""
    keys = {(workload.source, workload.id.space, workload.id.name): key for key, workload in found}
    graph: dict[str, list[str]] = {key: [] for key, _ in found}
    for key, workload in found:
        for other in workload.depends_on:
            needed = keys.get((workload.source, workload.id.space, other))
            if needed is None or needed == key or needed in graph[key]:
                continue
            graph[key].append(needed)
            try:
                TopologicalSorter(graph).prepare()
            except CycleError:
                graph[key].remove(needed)
    return graph


def _name(text: str) -> str:
    """A text as the name of a service or backend."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text).lstrip("_.-")[:62] or "unnamed"


def _text(value: str) -> str:
    """A text as YAML, in quotes where it would mean something else."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _comment(text: str) -> str:
    return " ".join(text.split())[:100]
