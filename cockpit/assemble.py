"""The composition root: from a profile to the parts that the engine starts. Only here do all backends meet."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cockpit.backends.base import CommandResult, Operator, Source
from cockpit.backends.change import DECLARED
from cockpit.backends.evidence import Evidence
from cockpit.board.clock import Clock
from cockpit.board.secrets import Secrets
from cockpit.board.select import candidates
from cockpit.engine import runners
from cockpit.engine.follow import Read
from cockpit.engine.parts import BackendPart, Context, Declared, Parts, PlanVerb, Seen
from cockpit.profile.deeds import Commands, Verify
from cockpit.profile.schema import Backend, Profile

MakeSource = Callable[[str, Backend, Profile, Clock, Secrets], Source]
MakeOperator = Callable[[str, Backend, Clock, Secrets, Evidence | None], Operator]


def _docker_source(name: str, backend: Backend, _: Profile, clock: Clock, secrets: Secrets) -> Source:
    from cockpit.backends.docker.source import DockerSource

    return DockerSource(name, backend, clock, secrets)


def _docker_operator(
    name: str, backend: Backend, clock: Clock, secrets: Secrets, evidence: Evidence | None
) -> Operator:
    from cockpit.backends.docker.operate import DockerOperator

    return DockerOperator(name, backend, clock, secrets, evidence)


def _process_source(name: str, backend: Backend, profile: Profile, clock: Clock, secrets: Secrets) -> Source:
    from cockpit.backends.process.source import ProcessSource

    chosen = tuple(
        selector
        for service in profile.services.values()
        for selector in service.workloads
        if (selector.backend == name or (not selector.backend and len(profile.backends) == 1))
    )
    return ProcessSource(name, backend, chosen, clock, secrets)


def _kubernetes_source(name: str, backend: Backend, profile: Profile, clock: Clock, secrets: Secrets) -> Source:
    from cockpit.backends.kubernetes.source import KubernetesSource

    return KubernetesSource(name, backend, clock, secrets, namespaces(name, backend, profile))


def _kubernetes_operator(
    name: str, backend: Backend, clock: Clock, secrets: Secrets, evidence: Evidence | None
) -> Operator:
    from cockpit.backends.kubernetes.operate.operator import KubernetesOperator

    return KubernetesOperator(name, backend, clock, secrets, evidence)


def namespaces(name: str, backend: Backend, profile: Profile) -> frozenset[str]:
    """The namespaces of a cluster that a profile needs: none means all, an empty one the context's own."""
    if profile.discover and not backend.namespace:
        return frozenset()
    selectors = (selector for service in profile.services.values() for selector in service.workloads)
    # Nodes stand in no namespace.
    spaces = (one for one in selectors if not one.node and name in candidates(one, profile))
    found = {one.namespace or backend.namespace for one in spaces}
    return frozenset(found | ({backend.namespace} if profile.discover or not found else set()))


def _absent_source(name: str, backend: Backend, _: Profile, clock: Clock, __: Secrets) -> Source:
    from cockpit.backends.absent import AbsentSource

    return AbsentSource(name, backend.kind, clock)


def _files(clock: Clock) -> Read:
    from cockpit.backends.process.filelogs import file_reader

    return file_reader(clock)


_SOURCES: Mapping[str, MakeSource] = {
    "docker": _docker_source,
    "process": _process_source,
    "kubernetes": _kubernetes_source,
}
_OPERATORS: Mapping[str, MakeOperator] = {"docker": _docker_operator, "kubernetes": _kubernetes_operator}


def backend_part(name: str, backend: Backend, profile: Profile, state_dir: Path | None = None) -> BackendPart:
    """How one declared backend is made. state_dir: where evidence is kept; None: nowhere."""
    make_source = _SOURCES.get(backend.kind, _absent_source)
    make_operator = _OPERATORS.get(backend.kind)

    def source(clock: Clock, secrets: Secrets) -> Source:
        return make_source(name, backend, profile, clock, secrets)

    if make_operator is None:
        return BackendPart(name, source)

    def operator(clock: Clock, secrets: Secrets) -> Operator:
        assert make_operator is not None
        evidence = Evidence(state_dir, profile, clock, secrets, os.environ) if state_dir else None
        return make_operator(name, backend, clock, secrets, evidence)

    return BackendPart(name, source, operator)


def _declared(context: Context, plan_verb: PlanVerb, seen: Seen) -> Declared:
    from cockpit.backends.declared.operate import DeclaredOperator, Means, NoInstance

    async def execute(
        service: str, argv: Sequence[str], timeout: float, environment: Mapping[str, str]
    ) -> CommandResult:
        found = context.instance_of(service)
        if found is None:
            raise NoInstance(f"{service}: no instance runs that a command could be run in")
        source, instance = found
        return await source.execute(instance.id, argv, timeout, environment)

    means = Means(
        profile=context.profile, clock=context.clock, secrets=context.secrets, environ=context.environ,
        resolve=context.resolve, execute=execute, plan_verb=plan_verb, seen=seen,
    )  # fmt: skip
    return DeclaredOperator(means)


def declared(profile: Profile) -> tuple[str, Callable[[Context, PlanVerb, Seen], Declared]] | None:
    """The operator of what a profile itself declares that can be done or checked; None when it declares nothing."""
    services = profile.services.values()
    said = any(one.calls or one.actions or one.smoke or one.verify != Verify() for one in services)
    if not said and not any(one.repository or one.commands != Commands() for one in services):
        return None
    return DECLARED, _declared


def assemble(
    profile: Profile,
    profile_name: str,
    *,
    state_dir: Path | None = None,
    who: str = "",
    read_only: str = "",
    record: Path | None = None,
    host: bool = True,
) -> Parts:
    """The parts that a profile asks for."""
    reason = read_only or ("the profile is read-only" if profile.read_only else "")
    return Parts(
        profile=profile,
        profile_name=profile_name,
        backends=tuple(backend_part(name, backend, profile, state_dir) for name, backend in profile.backends.items()),
        runners=(*((runners.probes,) if runners.has_probes(profile) else ()), *((runners.host,) if host else ())),
        state_dir=state_dir,
        who=who,
        read_only=reason,
        record=record,
        declared=declared(profile),
        files=_files if any(service.logs for service in profile.services.values()) else None,
        environ=dict(os.environ),
    )
