"""A profile from its file: everything that is wrong with it in one run, or the profile.

Mistakes (`errors`) stop everything. Variables that are not set (`unset`) do not: a probe that needs one is unknown and
says which, while all else is watched. `validate` takes both as mistakes.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any, Final

import msgspec
import msgspec.inspect as kinds
from msgspec import Struct

from cockpit.profile import doing, keeping, probing, rules
from cockpit.profile.deeds import STAGE
from cockpit.profile.expand import is_set
from cockpit.profile.facts import Facts, Rule
from cockpit.profile.issue import Issue, Unset
from cockpit.profile.probes import MetricSpec, SampleSpec
from cockpit.profile.read import read
from cockpit.profile.reader import INVALID, Reader
from cockpit.profile.schema import Profile, Selector, Service
from cockpit.profile.tree import SIZE_LIMIT, YamlError, parse

MOST_ERRORS: Final = 100

RULES: Final[tuple[Rule, ...]] = (
    rules.backends,
    rules.selectors,
    rules.dependencies,
    rules.thresholds,
    rules.logs,
    rules.links,
    rules.policy,
    probing.probes,
    probing.metrics,
    doing.calls,
    doing.actions,
    doing.commands,
    doing.repositories,
    doing.smoke,
    doing.verify,
    keeping.captures,
)


class Loaded(Struct, frozen=True, kw_only=True):
    """What a file holds. profile is None when there are errors. Both lists are in the order of the file.

    str(error) is one line for the reader.
    """

    file: str
    profile: Profile | None
    errors: tuple[Issue, ...] = ()
    unset: tuple[Unset, ...] = ()


def load(path: File, environ: Mapping[str, str]) -> Loaded:
    """The profile in a file of at most 1 MiB. Never raises for what the file is or holds."""
    name = str(path)
    try:
        with open(path, "rb", opener=_open_regular) as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        return _failed(name, Issue(0, 0, f"cannot be read: {error.strerror or error}"))
    except ValueError:
        return _failed(name, Issue(0, 0, "cannot be read: not the name of a file"))
    if len(data) > SIZE_LIMIT:
        return _failed(name, Issue(0, 0, "larger than 1 MiB; a profile is smaller"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        found = f"byte 0x{data[error.start]:02x} is not UTF-8; allowed: a text file in UTF-8"
        return _failed(name, Issue(line, column, found))
    return loads(text, name, environ)


def loads(text: str, file: str, environ: Mapping[str, str]) -> Loaded:
    """The profile in a text; `file` is its name in messages."""
    try:
        root = parse(text)
    except YamlError as error:
        return _failed(file, error.issue)
    reader = Reader()
    data = read(reader, root, kinds.type_info(Profile))
    profile: Profile | None = _judged(reader, {} if data is INVALID else data)
    errors = sorted(set(reader.issues))
    if errors:
        profile = None
    rest = len(errors) - MOST_ERRORS
    if rest > 0:
        errors = [*errors[:MOST_ERRORS], Issue(0, 0, f"and {rest} more errors")]
    return Loaded(
        file=file,
        profile=None if profile is None else _folded(profile),
        errors=tuple(msgspec.structs.replace(error, file=file) for error in errors),
        unset=tuple(
            msgspec.structs.replace(need, file=file)
            for need in sorted(set(reader.needed))
            if need.name != STAGE and not is_set(need.name, environ)
        ),
    )


def _failed(file: str, issue: Issue) -> Loaded:
    return Loaded(file=file, profile=None, errors=(msgspec.structs.replace(issue, file=file),))


def _open_regular(path: str, flags: int) -> int:
    # O_NONBLOCK: opening a FIFO would wait for its writer.
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise OSError(0, "it is a directory" if stat.S_ISDIR(mode) else "it is not a regular file")


def _judged(reader: Reader, data: dict[str, Any]) -> Profile:
    """What could be read as a profile; the rules over it add to the reader's issues."""
    names = {"version": 1, "name": "unnamed"}
    try:
        profile = msgspec.convert({**names, **data}, Profile)
    except msgspec.ValidationError as error:
        # The reader and the types disagree: better an unlocated line than a profile that is half read.
        reader.report((), str(error))
        return Profile(version=1, name="unnamed")
    facts = Facts(
        profile=profile,
        reader=reader,
        services=reader.names(("services",)),
        backends={
            name: profile.backends[name].kind if name in profile.backends else ""
            for name in sorted(reader.names(("backends",)))
        },
    )
    for rule in RULES:
        for finding in list(rule(facts)):
            reader.report(finding.path, finding.text, at_key=finding.at_key)
    return profile


def _folded(profile: Profile) -> Profile:
    """The profile as its readers want it: metrics among their probes' samples, and the only fitting backend named."""
    by_kind: dict[str, list[str]] = {}
    for name, backend in profile.backends.items():
        by_kind.setdefault(backend.kind, []).append(name)
    services = {name: _service(service, by_kind) for name, service in profile.services.items()}
    return msgspec.structs.replace(profile, services=services)


def _service(service: Service, by_kind: Mapping[str, list[str]]) -> Service:
    probes = dict(service.probes)
    for metric, spec in service.metrics.items():
        probe = probes[spec.probe]
        probes[spec.probe] = msgspec.structs.replace(probe, samples={**probe.samples, metric: _sample(spec)})
    return msgspec.structs.replace(
        service, probes=probes, workloads=tuple(_selector(selector, by_kind) for selector in service.workloads)
    )


def _sample(spec: MetricSpec) -> SampleSpec:
    return SampleSpec(**{field: getattr(spec, field) for field in SampleSpec.__struct_fields__})


def _selector(selector: Selector, by_kind: Mapping[str, list[str]]) -> Selector:
    kind = next(kind for way, kind in rules.WAYS.items() if getattr(selector, way))
    fitting = by_kind.get(kind, [])
    if selector.backend or len(fitting) != 1:
        return selector
    return msgspec.structs.replace(selector, backend=fitting[0])
