"""Rules over calls, actions, smoke checks and what is verified: each says one thing, and what it names is there."""

from collections.abc import Iterator
from typing import Final

from cockpit.profile.deeds import Action, Call, Doing, Step
from cockpit.profile.facts import Facts, Finding
from cockpit.profile.issue import Path, choose, shown
from cockpit.profile.plain import ADVICE, plain_argument, plain_body, plain_url, plain_value
from cockpit.profile.rules import VERBS
from cockpit.profile.schema import Service

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
        argv = getattr(doing, field)
        place = plain_argument(argv) if argv else None
        if place is not None:
            text = "a secret in a command line, which `ps` shows; allowed: under environment:, as ${NAME}"
            yield Finding((*path, field, place), text)
        if argv and not argv[0]:
            yield Finding((*path, field, 0), "no command; allowed: a program's name or path")
    for variable, value in doing.environment.items():
        if plain_value(variable, value):
            yield Finding((*path, "environment", variable), ADVICE)


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
