"""Rules over calls, actions, smoke checks and what is verified: each says one thing, and what it names is there."""

from collections.abc import Iterator, Mapping
from typing import Final

from cockpit.profile.deeds import Action, Call, Doing, HostCommand, Step
from cockpit.profile.facts import Facts, Finding
from cockpit.profile.issue import Path, choose, shown
from cockpit.profile.plain import ADVICE, plain_argument, plain_body, plain_url, plain_value
from cockpit.profile.rules import VERBS, WAYS
from cockpit.profile.schema import Selector, Service

_WAYS: Final = ("call", "exec", "command", "verb")
_READS: Final = ("GET", "HEAD")


def calls(facts: Facts) -> Iterator[Finding]:
    """Every call says where, holds no secret, and names probes and an inverse that are there."""
    for name, service in facts.profile.services.items():
        for call_name, call in service.calls.items():
            path: Path = ("services", name, "calls", call_name)
            yield from _own_name(service, path, call_name)
            yield from _call(facts, service, path, call)
            yield from _named(facts, service, path, call)


def _own_name(service: Service, path: Path, name: str) -> Iterator[Finding]:
    if name in VERBS:
        yield Finding(path, f"{name} is a verb of its own; allowed: another name", True)
    elif path[-2] == "actions" and name in service.calls:
        yield Finding(path, f"a call has the name {shown(name)} too; allowed: another name", True)


def _call(facts: Facts, service: Service, path: Path, call: Call) -> Iterator[Finding]:
    if bool(call.url) == bool(call.port) and facts.whole(path):
        found = "url and port both say where" if call.url else "does not say where"
        yield Finding(path, f"{found}; allowed: one of url and port", not call.url)
    elif call.port and not service.workloads and facts.whole((*path[:2], "workloads")):
        text = "the service has no workload whose port it could be; allowed: url, or workloads:"
        yield Finding((*path, "port"), text)
    for field in ("path", "scheme"):
        if call.url and not call.port and facts.given((*path, field)):
            yield Finding((*path, field), "stands beside url; allowed: with port, or as a part of the url")
    if plain_url(call.url):
        yield Finding((*path, "url"), ADVICE)
    if plain_url(f"http://x{call.path}"):
        yield Finding((*path, "path"), ADVICE)
    for header, value in call.headers.items():
        if plain_value(header, value):
            yield Finding((*path, "headers", header), ADVICE)
    if plain_body(call.body):
        yield Finding((*path, "body"), ADVICE)


def _named(facts: Facts, service: Service, path: Path, what: Call | Step | Action) -> Iterator[Finding]:
    """The probes and the inverse that something names."""
    probes = facts.reader.names((*path[:2], "probes"))
    for field in ("before", "after"):
        probe = getattr(what, field, "")
        if probe and probe not in probes:
            yield Finding((*path, field), f"unknown probe {shown(probe)}; {choose(probe, probes)}")
    inverse = getattr(what, "inverse", "")
    deeds = {*facts.reader.names((*path[:2], "calls")), *facts.reader.names((*path[:2], "actions"))} - {str(path[-1])}
    if inverse and inverse not in deeds:
        yield Finding((*path, "inverse"), f"no call or action is named {shown(inverse)}; {choose(inverse, deeds)}")


def actions(facts: Facts) -> Iterator[Finding]:
    """Every action: steps that each do one thing, stages that go upwards to all."""
    for name, service in facts.profile.services.items():
        for action_name, action in service.actions.items():
            path: Path = ("services", name, "actions", action_name)
            yield from _own_name(service, path, action_name)
            yield from _named(facts, service, path, action)
            if list(action.stages) != sorted(set(action.stages)) or action.stages[-1:] not in ((), (100,)):
                yield Finding((*path, "stages"), "stages go upwards and end with 100; allowed: [10, 25, 50, 100]")
            for place, step in enumerate(action.steps):
                where = facts.item((*path, "steps"), place)
                yield from _doing(facts, service, where, step)
                yield from _named(facts, service, where, step)
                if step.arguments and not step.verb:
                    yield Finding((*where, "arguments"), "arguments without a verb; allowed: with verb")
                if step.undo is not None:
                    yield from _doing(facts, service, (*where, "undo"), step.undo)


def _doing(facts: Facts, service: Service, path: Path, doing: Doing) -> Iterator[Finding]:
    ways = [way for way in _WAYS if getattr(doing, way, None)]
    if len(ways) != 1 and facts.whole(path):
        allowed = ", ".join(_WAYS if isinstance(doing, Step) else _WAYS[:3])
        yield Finding(path, f"{' and '.join(ways) or 'nothing'} is to be done; allowed: one of {allowed}")
        return
    names = facts.reader.names((*path[:2], "calls"))
    if doing.call and doing.call not in names:
        yield Finding((*path, "call"), f"no call is named {shown(doing.call)}; {choose(doing.call, names)}")
    if doing.exec and not service.workloads and facts.whole((*path[:2], "workloads")):
        yield Finding((*path, "exec"), "the service has no instance to run it in; allowed: with workloads:")
    for field in ("exec", "command"):
        if argv := getattr(doing, field):
            yield from _argv((*path, field), argv)
    yield from _environment((*path, "environment"), doing.environment)


def _argv(path: Path, argv: tuple[str, ...]) -> Iterator[Finding]:
    place = plain_argument(argv)
    if place is not None:
        text = "a secret in a command line, which `ps` shows; allowed: under environment:, as ${NAME}"
        yield Finding((*path, place), text)
    if not argv[0]:
        yield Finding((*path, 0), "no command; allowed: a program's name or path")


def _environment(path: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    for variable, value in environment.items():
        if plain_value(variable, value):
            yield Finding((*path, variable), ADVICE)


def commands(facts: Facts) -> Iterator[Finding]:
    """Commands are for what runs as a plain process, and hold no secret."""
    for name, service in facts.profile.services.items():
        path: Path = ("services", name, "commands")
        for verb in service.commands.__struct_fields__:
            command = getattr(service.commands, verb)
            if isinstance(command, HostCommand):
                yield from _argv((*path, verb, "argv"), command.argv)
                yield from _environment((*path, verb, "environment"), command.environment)
        if facts.given(path) and not _processes(service) and facts.whole((*path[:2], "workloads")):
            ways = ", ".join(way for way, kind in WAYS.items() if kind == "process")
            text = f"nothing of it runs as a plain process; allowed: with a workload by {ways}"
            yield Finding(path, text, True)


def repositories(facts: Facts) -> Iterator[Finding]:
    """A repository says where it is, and what makes the service read its files."""
    for name, service in facts.profile.services.items():
        path: Path = ("services", name, "repository")
        repository = service.repository
        if repository is None:
            continue
        if not repository.path:
            yield Finding((*path, "path"), "names no folder; allowed: an absolute path")
        allowed = {*VERBS, *facts.reader.names((*path[:2], "calls"))} - {"rollback", "rollback-config"}
        then = repository.then
        if then and then not in allowed:
            yield Finding((*path, "then"), f"nothing is done by the name {shown(then)}; {choose(then, allowed)}")
        alone = _processes(service) and len(_processes(service)) == len(service.workloads)
        if alone and then in service.commands.__struct_fields__ and getattr(service.commands, then) is None:
            yield Finding((*path, "then"), f"the service has no command for {then}; allowed: one under commands:")


def _processes(service: Service) -> list[Selector]:
    """Its workloads that are plain processes."""
    return [
        one for one in service.workloads if any(getattr(one, way) for way, kind in WAYS.items() if kind == "process")
    ]


def smoke(facts: Facts) -> Iterator[Finding]:
    """Smoke checks do one thing each, and only read."""
    for name, service in facts.profile.services.items():
        for place, check in enumerate(service.smoke):
            path = facts.item(("services", name, "smoke"), place)
            yield from _doing(facts, service, path, check)
            call = service.calls.get(check.call)
            if call is not None and call.method not in _READS:
                yield Finding((*path, "call"), f"{check.call} is a {call.method}; allowed: a call of GET or HEAD")


def verify(facts: Facts) -> Iterator[Finding]:
    """The number that tells of traffic is one of the service's."""
    for name, service in facts.profile.services.items():
        known = {sample for probe in service.probes.values() for sample in probe.samples} | set(service.metrics)
        traffic = service.verify.traffic
        path: Path = ("services", name, "verify", "traffic")
        whole = facts.whole((*path[:2], "probes")) and facts.whole((*path[:2], "metrics"))
        if traffic and traffic not in known and whole:
            yield Finding(path, f"unknown metric {shown(traffic)}; {choose(traffic, known)}")
