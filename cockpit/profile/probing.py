"""Rules over probes: where they ask, what they run, what they read, and that they hold no secret."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cockpit.profile.facts import Facts, Finding
from cockpit.profile.issue import Path, choose, shown
from cockpit.profile.plain import ADVICE, plain_argument, plain_body, plain_url, plain_value
from cockpit.profile.probes import AnyProbe, CommandProbe, ExecProbe, HttpProbe, PromqlProbe, SampleSpec, TcpProbe
from cockpit.profile.rules import BUILT_IN, WAYS, threshold_at
from cockpit.profile.schema import Service

_CONTAINED: Final = frozenset({"docker", "kubernetes"})
"""Kinds of backends whose instances are containers."""
_SOURCES: Final = ("metric", "json", "pattern")


def probes(facts: Facts) -> Iterator[Finding]:
    """Every probe by itself."""
    for name, service in facts.profile.services.items():
        for probe_name, probe in service.probes.items():
            path: Path = ("services", name, "probes", probe_name)
            if probe.timeout > probe.every and facts.whole(path):
                field = "timeout" if facts.given((*path, "timeout")) else "every"
                text = f"the timeout of {probe.timeout:g}s is longer than every {probe.every:g}s; allowed: up to that"
                yield Finding((*path, field), text)
            yield from _BY_KIND[type(probe)](facts, service, path, probe)
            for sample, spec in probe.samples.items():
                yield from _sample(facts, (*path, "samples", sample), spec)


def metrics(facts: Facts) -> Iterator[Finding]:
    """Every metric of a service: a probe that exists, a number in its answer, a name of its own."""
    for name, service in facts.profile.services.items():
        for metric, spec in service.metrics.items():
            path: Path = ("services", name, "metrics", metric)
            names = facts.reader.names(("services", name, "probes"))
            if spec.probe not in names:
                yield Finding((*path, "probe"), f"unknown probe {shown(spec.probe)}; {choose(spec.probe, names)}")
            elif spec.probe in service.probes and metric in service.probes[spec.probe].samples:
                yield Finding(path, "is a sample of that probe too; allowed: one of both", True)
            yield from _sample(facts, path, spec)


def _sample(facts: Facts, path: Path, spec: SampleSpec) -> Iterator[Finding]:
    if path[-1] in BUILT_IN:
        yield Finding(path, f"{path[-1]} is measured without a probe; allowed: a name of its own", True)
    if not facts.whole(path):
        return
    ways = [way for way in _SOURCES if getattr(spec, way)]
    if len(ways) != 1:
        found = f"{' and '.join(ways)} both say where the number is" if ways else "no number is named"
        yield Finding(path, f"{found}; allowed: one of {', '.join(_SOURCES)}", not ways)
    if spec.labels and not spec.metric:
        yield Finding((*path, "labels"), "labels without a metric; allowed: with metric")
    yield from threshold_at(facts, (*path, "threshold"), spec.threshold)


def _one_place(facts: Facts, service: Service, path: Path, named: str, value: str, port: int) -> Iterator[Finding]:
    """An address or the port of a workload: one of both."""
    if not facts.whole(path):
        return
    if bool(value) == bool(port):
        found = f"{named} and port both say where" if value else "does not say where"
        yield Finding(path, f"{found}; allowed: one of {named} and port", not value)
    elif port and not service.workloads and facts.whole((*path[:2], "workloads")):
        text = f"the service has no workload whose port it could be; allowed: {named}, or workloads:"
        yield Finding((*path, "port"), text)


def _http(facts: Facts, service: Service, path: Path, probe: HttpProbe) -> Iterator[Finding]:
    yield from _one_place(facts, service, path, "url", probe.url, probe.port)
    for field in ("path", "scheme"):
        if probe.url and not probe.port and facts.given((*path, field)):
            yield Finding((*path, field), "stands beside url; allowed: with port, or as a part of the url")
    if plain_url(probe.url):
        yield Finding((*path, "url"), ADVICE)
    if plain_url(f"http://x{probe.path}"):
        yield Finding((*path, "path"), ADVICE)
    yield from _plain((*path, "headers"), probe.headers)
    if plain_body(probe.body):
        yield Finding((*path, "body"), ADVICE)


def _tcp(facts: Facts, service: Service, path: Path, probe: TcpProbe) -> Iterator[Finding]:
    yield from _one_place(facts, service, path, "address", probe.address, probe.port)


def _exec(facts: Facts, service: Service, path: Path, probe: ExecProbe) -> Iterator[Finding]:
    yield from _command(facts, service, path, probe)
    usable = any(getattr(one, way) for one in service.workloads for way, kind in WAYS.items() if kind in _CONTAINED)
    if not usable and facts.whole((*path[:2], "workloads")):
        text = "the service has no container to run it in; allowed: with a workload of Docker or Kubernetes"
        yield Finding(path, text, True)


def _command(facts: Facts, service: Service, path: Path, probe: ExecProbe | CommandProbe) -> Iterator[Finding]:
    place = plain_argument(probe.argv)
    if place is not None:
        text = "a secret in a command line, which `ps` shows; allowed: under environment:, as ${NAME}"
        yield Finding((*path, "argv", place), text)
    if not probe.argv[0]:
        yield Finding((*path, "argv", 0), "no command; allowed: a program's name or path")
    yield from _plain((*path, "environment"), probe.environment)


def _promql(facts: Facts, service: Service, path: Path, probe: PromqlProbe) -> Iterator[Finding]:
    yield from threshold_at(facts, (*path, "threshold"), probe.threshold)


def _plain(path: Path, values: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in values.items():
        if plain_value(name, value):
            yield Finding((*path, name), ADVICE)


_BY_KIND: Final[Mapping[type[AnyProbe], Callable[[Facts, Service, Path, Any], Iterator[Finding]]]] = {
    HttpProbe: _http,
    TcpProbe: _tcp,
    ExecProbe: _exec,
    CommandProbe: _command,
    PromqlProbe: _promql,
}
