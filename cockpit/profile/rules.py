"""Rules over services, backends and what ties them together. Each yields what it finds."""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Final

from cockpit.profile.facts import Facts, Finding
from cockpit.profile.issue import Path, choose, shown
from cockpit.profile.probes import Threshold
from cockpit.profile.schema import Backend, Selector

WAYS: Final[Mapping[str, str]] = {
    "compose": "docker",
    "container": "docker",
    "swarm": "docker",
    "deployment": "kubernetes",
    "statefulset": "kubernetes",
    "daemonset": "kubernetes",
    "cronjob": "kubernetes",
    "job": "kubernetes",
    "pod": "kubernetes",
    "node": "kubernetes",
    "service": "demo",
    "pidfile": "process",
    "port": "process",
    "command": "process",
}
"""The ways to select a workload, and the kind of backend that knows each."""

_ONLY_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "host": ("docker",),
    "context": ("docker", "kubernetes"),
    "project": ("docker",),
    "namespace": ("kubernetes",),
    "tls_ca": ("docker",),
    "tls_cert": ("docker",),
    "tls_key": ("docker",),
}
_HOST: Final = re.compile(r"unix:///\S+|tcp://[^\s/]+:\d{1,5}|ssh://[^\s/]+(/\S*)?")
BUILT_IN: Final = frozenset({"cpu", "memory", "restarts", "net rx", "net tx", "disk read", "disk write"})
"""Metrics that a service has without a probe."""
_MOST_CYCLES: Final = 20
VERBS: Final = frozenset(
    (
        *("restart", "start", "stop", "pause", "resume", "kill", "remove", "recreate", "scale", "rollback", "set"),
        "autoscale",
        *("set-env", "unset-env", "rollback-config", "isolate", "connect", "capture", "shell"),
        *("call", "exec", "command"),
    )
)
"""Everything that may be done to a workload, whichever backend runs it."""
NODE_VERBS: Final = frozenset({"cordon", "uncordon", "drain"})
"""What may be done to a node besides; a service's own call may have one of these names too."""


def backends(facts: Facts) -> Iterator[Finding]:
    """A backend's keys fit its kind, and say one thing."""
    for name, backend in facts.profile.backends.items():
        path: Path = ("backends", name)
        for field, kinds in _ONLY_FOR.items():
            if getattr(backend, field) and backend.kind not in kinds:
                yield Finding((*path, field), f"not for kind {backend.kind}; allowed: for {' and '.join(kinds)}")
        yield from _docker_host(path, backend)
        if bool(backend.tls_cert) != bool(backend.tls_key):
            yield Finding(path, "tls_cert and tls_key belong together; allowed: both or neither", True)


def _docker_host(path: Path, backend: Backend) -> Iterator[Finding]:
    if backend.kind != "docker" or not backend.host:
        return
    if not _HOST.fullmatch(backend.host):
        allowed = "unix:///path, tcp://host:port, ssh://user@host"
        yield Finding((*path, "host"), f"{shown(backend.host)} is no engine's address; allowed: {allowed}")
    if backend.context:
        yield Finding((*path, "context"), "stands beside host; allowed: one of context and host")


def selectors(facts: Facts) -> Iterator[Finding]:
    """A selector has one way to select, and a backend that knows it."""
    for name, service in facts.profile.services.items():
        workloads: Path = ("services", name, "workloads")
        for place, selector in enumerate(service.workloads):
            path = facts.item(workloads, place)
            if facts.whole(path):
                yield from _selector(facts, path, selector)


def _selector(facts: Facts, path: Path, selector: Selector) -> Iterator[Finding]:
    ways = [way for way in WAYS if getattr(selector, way)]
    if len(ways) != 1:
        found = f"{' and '.join(ways)} select twice" if ways else "selects nothing"
        yield Finding(path, f"{found}; allowed: one of {', '.join(WAYS)}")
        return
    way = ways[0]
    wanted = WAYS[way]
    fitting = sorted(name for name, kind in facts.backends.items() if kind == wanted)
    if selector.project and wanted != "docker":
        yield Finding((*path, "project"), f"not with {way}; allowed: with compose, container and swarm")
    if selector.namespace and wanted != "kubernetes":
        yield Finding((*path, "namespace"), f"not with {way}; allowed: with workloads of Kubernetes")
    if selector.namespace and way == "node":
        yield Finding((*path, "namespace"), "not with node; allowed: with what stands in a namespace")
    if not selector.backend:
        if not fitting and "" not in facts.backends.values():
            yield Finding((*path, way), f"needs a backend of kind {wanted}; allowed: one declared under backends:")
    elif selector.backend not in facts.backends:
        advice = choose(selector.backend, facts.backends)
        yield Finding((*path, "backend"), f"unknown backend {shown(selector.backend)}; {advice}")
    elif facts.backends[selector.backend] not in (wanted, ""):
        kind = facts.backends[selector.backend]
        yield Finding((*path, "backend"), f"is of kind {kind}, {way} needs {wanted}; {choose('', fitting)}")


def dependencies(facts: Facts) -> Iterator[Finding]:
    """Every service that is depended on exists, and nothing depends on itself, however indirectly."""
    graph: dict[str, list[str]] = {}
    places: dict[tuple[str, str], Path] = {}
    for name, service in facts.profile.services.items():
        graph[name] = []
        for place, needed in enumerate(service.depends_on):
            path = facts.item(("services", name, "depends_on"), place)
            if needed not in facts.services:
                yield Finding(path, f"unknown service {shown(needed)}; {choose(needed, facts.services - {name})}")
            elif needed in graph[name]:
                yield Finding(path, f"{shown(needed)} stands here twice; allowed: once")
            else:
                graph[name].append(needed)
                places[name, needed] = path
    for _ in range(_MOST_CYCLES):
        cycle = _cycle(graph)
        if not cycle:
            return
        last, first = cycle[-2], cycle[-1]
        yield Finding(places[last, first], f"services depend on each other: {' -> '.join(cycle)}; allowed: no circle")
        graph[last].remove(first)


def _cycle(graph: Mapping[str, list[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        # Each is needed by the next: the other way round it reads "a needs b needs a".
        found: list[str] = list(reversed(error.args[1]))
        return found
    return []


def thresholds(facts: Facts) -> Iterator[Finding]:
    """A threshold says something, in the right order, about a metric that exists."""
    samples: set[str] = set()
    for name, service in facts.profile.services.items():
        own = {sample for probe in service.probes.values() for sample in probe.samples} | set(service.metrics)
        samples |= own
        path: Path = ("services", name)
        for metric, threshold in service.thresholds.items():
            yield from _threshold((*path, "thresholds", metric), threshold)
            if metric not in BUILT_IN | own and facts.whole((*path, "probes")) and facts.whole((*path, "metrics")):
                yield _unknown((*path, "thresholds", metric), metric, BUILT_IN | own)
    for metric, threshold in facts.profile.thresholds.items():
        yield from _threshold(("thresholds", metric), threshold)
        if metric not in BUILT_IN | samples and facts.whole(("services",)):
            yield _unknown(("thresholds", metric), metric, BUILT_IN | samples)
    for field in facts.profile.host.__struct_fields__:
        yield from threshold_at(facts, ("host", field), getattr(facts.profile.host, field))


def _unknown(path: Path, metric: str, allowed: frozenset[str] | set[str]) -> Finding:
    return Finding(path, f"unknown metric {shown(metric)}; {choose(metric, allowed)}", True)


def threshold_at(facts: Facts, path: Path, threshold: Threshold) -> Iterator[Finding]:
    """The findings of a threshold that may have been left out."""
    if facts.given(path) and facts.whole(path):
        yield from _threshold(path, threshold)


def _threshold(path: Path, threshold: Threshold) -> Iterator[Finding]:
    limits = (threshold.warn_above, threshold.bad_above, threshold.warn_below, threshold.bad_below)
    if all(limit is None for limit in limits):
        yield Finding(path, "no limit; allowed: warn_above, bad_above, warn_below, bad_below", True)
    warn_above, bad_above, warn_below, bad_below = limits
    if warn_above is not None and bad_above is not None and bad_above < warn_above:
        yield Finding((*path, "bad_above"), f"{bad_above:g} is below warn_above; allowed: {warn_above:g} or more")
    if warn_below is not None and bad_below is not None and bad_below > warn_below:
        yield Finding((*path, "bad_below"), f"{bad_below:g} is above warn_below; allowed: {warn_below:g} or less")


def logs(facts: Facts) -> Iterator[Finding]:
    """A log's file is named."""
    for name, service in facts.profile.services.items():
        for log, source in service.logs.items():
            if not source.file:
                yield Finding(("services", name, "logs", log, "file"), "names no file; allowed: an absolute path")


def links(facts: Facts) -> Iterator[Finding]:
    """A link leads somewhere."""
    groups: list[tuple[Path, Mapping[str, str]]] = [(("links",), facts.profile.links)]
    groups += [(("services", name, "links"), service.links) for name, service in facts.profile.services.items()]
    for path, entries in groups:
        for title, target in entries.items():
            if not target:
                yield Finding((*path, title), "leads nowhere; allowed: http://host[:port]/path or https://...")


def policy(facts: Facts) -> Iterator[Finding]:
    """A rule can match something (one that never does guards nothing) and tells whoever it refuses why."""
    services = facts.profile.services.values()
    known = VERBS.union(
        NODE_VERBS, *(service.calls for service in services), *(service.actions for service in services)
    )
    for place, rule in enumerate(facts.profile.policy):
        path = facts.item(("policy",), place)
        for number, verb in enumerate(rule.verbs):
            if verb not in known:
                where = facts.item((*path, "verbs"), number)
                yield Finding(where, f"nothing is done by the name {shown(verb)}; {choose(verb, known)}")
        if rule.environments and not facts.profile.environment and not facts.given(("environment",)):
            text = "the profile does not say which environment it is; allowed: with environment: at the top"
            yield Finding((*path, "environments"), text)
        if rule.need == "deny" and not rule.why.strip():
            yield Finding(path, "refuses without a reason; allowed: with why:")
