"""Keeping what is known of containers: their log, what inspect says, and what the profile's commands print in them.

On request, and before every change that removes a container: then it is an operation of that plan.
"""

import shlex
from collections.abc import AsyncGenerator, Iterable, Sequence
from functools import partial
from itertools import starmap

import msgspec
from msgspec import Struct

from cockpit.backends.base import SourceError
from cockpit.backends.capture import NOWHERE, Captured, Part, capture, nowhere, outcome
from cockpit.backends.captured import LOG_LIMIT, log_text, plain_text, until_late
from cockpit.backends.change import Operation, Outcome, Plan, Verb
from cockpit.backends.docker import target
from cockpit.backends.docker.choose import choose
from cockpit.backends.docker.describe import describe
from cockpit.backends.docker.dump import dump
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.logs import read_logs
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.verbs import INSTANCE
from cockpit.backends.docker.wire import Container
from cockpit.backends.dumped import dump_parts, seconds_of, words_of
from cockpit.backends.evidence import Evidence, declared
from cockpit.board.model import Identity, Workload
from cockpit.board.text import safe
from cockpit.logs.line import LogRequest

LOG_LINES = 50_000
"""Asked of the engine, which knows lines only: 5 MiB of them are kept."""
LOG_TIME = 20.0
INSPECT_TIME = 10.0


class CaptureContainers:
    """The verb, for containers and Compose services."""

    verb = Verb(name="capture", title="Capture log, inspect and dumps", options=(INSTANCE,))

    def offered(self, workload: Workload) -> bool:
        """Whether there is anything to keep."""
        return bool(workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container. PlanRefused where there is no place to keep it."""
        chosen, _, site = await choose(hands, workload, self.verb.name, arguments)
        operations = tuple(op for one in chosen for op in keeping(hands, workload, (one,), self.verb.name, site))
        if not operations:
            raise nowhere(workload.id.name)
        risks = (safe("it goes on meanwhile; a dump may slow it down"),) if declared(operations[0]) else ()
        # What was kept is kept: nothing has to be watched afterwards.
        return msgspec.structs.replace(make_plan(self.verb.name, workload, operations, site, risks=risks), hold=0.0)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Nothing: what is gone meanwhile is named in the outcome, and changes nothing."""
        return ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Keep what can be kept of each container."""
        evidence = hands.evidence
        if evidence is None:
            return NOWHERE
        given = dict(operation.arguments)
        found = [await _one(hands, evidence, operation, _Known(*one)) for one in _decode(given["containers"])]
        return outcome(found, given.get("required", ""))


def keeping(hands: Hands, workload: Workload, chosen: Sequence[Target], verb: str, site: Site) -> tuple[Operation, ...]:
    """The operation that keeps what is known of these containers before `verb`; none without a place to keep it."""
    if hands.evidence is None or not chosen:
        return ()
    names = [target.name_of(one.container) for one in chosen]
    arguments = hands.evidence.arguments(workload, verb)
    known = tuple((one.container.id, name) for one, name in zip(chosen, names, strict=True))
    operation = Operation(
        verb="capture",
        title=safe(f"keep the log of {', '.join(names)}", 300),
        target=chosen[0].instance.id if len(chosen) == 1 else workload.id,
        arguments=(("containers", msgspec.json.encode(known).decode()), *arguments),
        done_when="captured",
        command=safe("; ".join(_command(site, name) for name in names), 500),
    )
    more = declared(operation)
    told = [f"log (last {LOG_LIMIT >> 20} MiB)", "inspect", *starmap(words_of, more.items())]
    needed = dict(arguments).get("required", "")
    seconds = LOG_TIME + INSPECT_TIME + seconds_of(more.values())
    return (
        msgspec.structs.replace(
            operation,
            after=(
                ("kept in the evidence folder", safe(", ".join(told), 500)),
                *((("all of it must be kept", safe(needed, 300)),) if needed else ()),
            ),
            deadline=seconds * len(chosen),
        ),
    )  # fmt: skip


def before_each(
    hands: Hands, workload: Workload, chosen: Sequence[Target], operations: Iterable[Operation], verb: str, site: Site
) -> tuple[Operation, ...]:
    """The operations, each that is done to one of these containers with its capture before it."""
    by_id = {one.container.id: one for one in chosen}
    woven: list[Operation] = []
    for operation in operations:
        one = by_id.get(operation.target.instance)
        woven += keeping(hands, workload, (one,) if one else (), verb, site)
        woven.append(operation)
    return tuple(woven)


class _Known(Struct, frozen=True):
    """A container as the plan knew it."""

    id: str
    name: str


async def _one(hands: Hands, evidence: Evidence, operation: Operation, known: _Known) -> Captured:
    try:
        container = await hands.container(known.id)
        whole = describe(await hands.whole(f"/containers/{known.id}/json"))
    except SourceError as error:
        gone = isinstance(error, EngineAnswer) and error.status == 404
        return Captured(missing=((known.name, "it is gone" if gone else str(safe(str(error), 300))),))
    parts = [
        Part(name="inspect.txt", read=lambda: plain_text(whole, evidence.secrets)),
        Part(name="log.txt", read=lambda: _log(hands, evidence, operation.target, container), limit=LOG_LIMIT * 2),
    ]
    dumps, missing = dump_parts(evidence, declared(operation).items(), partial(dump, hands.client, known.id))
    found = await capture(evidence.keeper, known.name, (*parts, *dumps))
    return Captured(kept=found.kept, missing=(*found.missing, *missing))


def _log(hands: Hands, evidence: Evidence, about: Identity, container: Container) -> AsyncGenerator[bytes, None]:
    async def is_tty() -> bool:
        return bool(container.config and container.config.tty)

    request = LogRequest(instance=about, tail=LOG_LINES, follow=False)
    path, name = f"/containers/{container.id}", target.name_of(container)
    lines = read_logs(hands.client, request, path=path, is_tty=is_tty, name=name)
    return log_text(until_late(lines, hands.clock, LOG_TIME), evidence.secrets)


def _command(site: Site, name: str) -> str:
    quoted = shlex.quote(name)
    return f"docker {site.flags}logs --timestamps --tail {LOG_LINES} {quoted}; docker {site.flags}inspect {quoted}"


_decode = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode
