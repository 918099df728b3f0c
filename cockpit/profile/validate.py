"""What `cockpit validate FILE` says: every mistake, or what the profile declares and what it makes the cockpit run."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cockpit.profile.checks import span
from cockpit.profile.deeds import Doing, HostCommand
from cockpit.profile.load import Loaded, load
from cockpit.profile.probes import CommandProbe, ExecProbe
from cockpit.profile.schema import Profile, Service

WELL, WRONG = 0, 64


class Report(NamedTuple):
    """What to print, and the exit code: 0, or 64 when anything is wrong."""

    lines: tuple[str, ...]
    code: int


def validate(path: Path, environ: Mapping[str, str]) -> Report:
    """Judge the profile in a file. A variable that is not set is a mistake here."""
    return report(load(path, environ))


def report(loaded: Loaded) -> Report:
    """Judge what was loaded."""
    located = sorted(error for error in loaded.errors if error.line)
    whole = [error for error in loaded.errors if not error.line]
    issues = sorted([*located, *(unset.issue for unset in loaded.unset)]) + whole
    if issues or loaded.profile is None:
        return Report(tuple(map(str, issues)), WRONG)
    return Report(tuple(_summary(loaded.file, loaded.profile)), WELL)


def _summary(file: str, profile: Profile) -> Iterator[str]:
    services = profile.services
    probes = sum(len(service.probes) for service in services.values())
    counts = [
        _count(len(services), "service"),
        _count(probes, "probe"),
        _count(len(profile.backends), "backend"),
        _count(len(profile.severities), "severity", "severities"),
    ]
    yield f"{file}: well formed: {profile.name}, {', '.join(counts)}"
    bare = [name for name, service in services.items() if not service.workloads and not service.probes]
    if bare:
        yield f"not watched (neither workload nor probe): {', '.join(bare)}"
    for name, service in services.items():
        for probe_name, probe in service.probes.items():
            if isinstance(probe, (ExecProbe, CommandProbe)):
                where = "in an instance" if isinstance(probe, ExecProbe) else "on this machine"
                words = " ".join(shlex.join(probe.argv).split())
                yield f"runs {where}, every {span(probe.every)}: {name}/{probe_name}: {words}"
        yield from _changes(name, service)


def _changes(name: str, service: Service) -> Iterator[str]:
    """What may be changed on request, and what is run after a change."""
    for call_name, call in service.calls.items():
        yield f"asks on request: {name}/{call_name}: {call.method} {call.url or f':{call.port}{call.path}'}"
    for action_name, action in service.actions.items():
        for step in action.steps:
            yield from _run(f"on request: {name}/{action_name}", step)
    for verb in service.commands.__struct_fields__:
        command = getattr(service.commands, verb)
        if isinstance(command, HostCommand):
            yield f"runs on this machine, on request: {name}/{verb}: {' '.join(shlex.join(command.argv).split())}"
    if service.repository is not None:
        files = ", ".join(service.repository.files)
        yield f"changes on this machine, on request: {name}/repository: {files} in {service.repository.path}"
    for capture_name, capture in service.captures.items():
        words = " ".join(shlex.join(capture.argv).split())
        yield f"runs in an instance, before it is removed or on request: {name}/{capture_name}: {words}"
    for check in service.smoke:
        yield from _run(f"after a change: {name}/smoke", check)


def _run(when: str, doing: Doing) -> Iterator[str]:
    if doing.exec or doing.command:
        where = "in an instance" if doing.exec else "on this machine"
        yield f"runs {where}, {when}: {' '.join(shlex.join(doing.exec or doing.command).split())}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
