"""The operator of what a profile declares: calls, commands in an instance, commands on this machine."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from cockpit.backends.base import Address, CommandResult, SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.backends.command import CannotRun, run_command
from cockpit.backends.declared import ask, plan, process, revisions
from cockpit.backends.declared.git import GitError, WorkingCopy
from cockpit.backends.declared.shape import with_stage
from cockpit.backends.pool import Pool
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.profile.deeds import STAGE, Call, Doing, Repository
from cockpit.profile.expand import expand, is_set, references
from cockpit.profile.schema import Profile

SHOWN = 160


class NoInstance(Exception):
    """Nothing runs that a command could be run in: nothing was done. str(error) is one line."""


class Means(Struct, frozen=True, kw_only=True):
    """What it is done with. resolve: (service, port); execute: in a running instance of a service, or NoInstance.

    seen: a workload as the board shows it now.
    """

    profile: Profile
    clock: Clock
    secrets: Secrets
    environ: Mapping[str, str]
    resolve: Callable[[str, int], Awaitable[Address]]
    execute: Callable[[str, Sequence[str], float, Mapping[str, str]], Awaitable[CommandResult]]
    plan_verb: plan.PlanVerb
    seen: Callable[[Identity], Workload | None]


class DeclaredOperator:
    """Performs only what stands in an operation, and that only with a permit."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._pool = Pool("calls", 4, waiting=16)
        self._ways: Mapping[str, Callable[[Operation], Awaitable[Outcome]]] = {
            "call": self._call,
            "exec": self._exec,
            "command": self._command,
            "rollback": self._roll_back,
            **dict.fromkeys(process.WAYS_OF, self._host_command),
        }

    def offered(self, service: str, workload: Workload) -> tuple[Verb, ...]:
        """What the profile declares for a service, by its key, and for what runs it."""
        declared = self._means.profile.services.get(service)
        return plan.offered(declared, workload) if declared else ()

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """Nothing: what is declared belongs to a service, see `offered`."""
        return ()

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """The plan of what is declared; arguments name the "service", and what else the verb takes."""
        key = arguments.get("service", "")
        service = self._means.profile.services.get(key)
        if service is None:
            raise PlanRefused(f"{key or workload.id.name}: the profile declares no such service")
        scene = plan.Scene(
            key=key, service=service, workload=workload, plan_verb=self._means.plan_verb, secrets=self._means.secrets,
            now=self._means.clock.now(), copy=self._copy,
        )  # fmt: skip
        return await plan.make_plan(verb, scene, arguments)

    def finished(self, made: Plan, workload: Workload, *, alive: bool) -> Plan:
        """The plan with what the profile wants verified. alive: the service is to answer afterwards."""
        service = self._means.profile.services.get(made.service)
        if service is None or not alive:
            return made
        return msgspec.structs.replace(
            made, watch=plan.watched(made.service, service), smoke=plan.smoke(made.service, service, workload)
        )

    async def check(self, operation: Operation) -> str:
        """Whether the processes or files are those that it was planned for, and every variable that it needs is set."""
        if operation.precondition.startswith(revisions.FILES):
            return await revisions.changed(operation, self._copy(_repository(operation)))
        if operation.precondition.startswith(process.RUNNING):
            now = self._means.seen(operation.target)
            if found := process.difference(operation.precondition, now):
                return found
        spec = _spec(operation)
        missing = [
            name for text in _texts(spec) for name in references(text)
            if name != STAGE and not is_set(name, self._means.environ)
        ]  # fmt: skip
        return f"{missing[0]} is not set in the cockpit's environment" if missing else ""

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        """Do one operation. An exception says that it may have been done."""
        if not isinstance(permit, Permit):
            raise TypeError("nothing is performed without a permit")
        outcome = await self._ways[operation.verb](operation)
        return Outcome(outcome.accepted, self._means.secrets.mask(outcome.detail), outcome.facts)

    async def close(self) -> None:
        """Nothing is held open: every call has its own connection."""

    async def _call(self, operation: Operation) -> Outcome:
        call = msgspec.json.decode(dict(operation.arguments)["spec"], type=Call)
        fill = self._filler(operation)
        try:
            url = fill(call.url) if call.url else await self._url(operation.service, call, fill)
        except SourceError as error:
            return Outcome(False, safe(f"not asked: {error}"))
        headers = {name: fill(value) for name, value in call.headers.items()}
        request = ask.Request(call=call, url=url, headers=headers, body=fill(call.body))
        try:
            return ask.judged(call, await self._pool.run(ask.send, request))
        except ask.NotSent as error:
            return Outcome(False, safe(str(error), 300))

    async def _url(self, service: str, call: Call, fill: Callable[[str], str]) -> str:
        address = await self._means.resolve(service, call.port)
        host = f"[{address.host}]" if ":" in address.host else address.host
        return f"{call.scheme}://{host}:{address.port}{fill(call.path)}"

    async def _exec(self, operation: Operation) -> Outcome:
        doing, environment = self._doing(operation)
        try:
            result = await self._means.execute(operation.service, doing.exec, float(doing.timeout), environment)
        except NoInstance as error:
            return Outcome(False, safe(str(error), 300))
        return _exited(doing, result.exit_code, str(result.output).encode())

    async def _command(self, operation: Operation) -> Outcome:
        return await self._run(operation, survivors=False)

    async def _host_command(self, operation: Operation) -> Outcome:
        return await self._run(operation, survivors=True)

    async def _roll_back(self, operation: Operation) -> Outcome:
        try:
            return await revisions.put_back(operation, self._copy(_repository(operation)))
        except GitError as error:
            raise RuntimeError(safe(str(error), 300)) from error

    def _copy(self, repository: Repository) -> WorkingCopy:
        return WorkingCopy(repository, self._means.clock, self._means.environ)

    async def _run(self, operation: Operation, *, survivors: bool) -> Outcome:
        doing, environment = self._doing(operation)
        try:
            ran = await run_command(
                doing.command, self._means.clock, float(doing.timeout), environ=self._means.environ,
                declared=environment, survivors=survivors,
            )  # fmt: skip
        except CannotRun as error:
            return Outcome(False, safe(str(error), 300))
        return _exited(doing, ran.exit_code, ran.output)

    def _doing(self, operation: Operation) -> tuple[Doing, dict[str, str]]:
        doing = msgspec.json.decode(dict(operation.arguments)["spec"], type=Doing)
        fill = self._filler(operation)
        stage = dict(operation.arguments).get("stage", "")
        environment = {name: fill(value) for name, value in doing.environment.items()}
        return doing, {**environment, **({STAGE: stage} if stage else {})}

    def _filler(self, operation: Operation) -> Callable[[str], str]:
        stage = dict(operation.arguments).get("stage", "")

        def fill(text: str) -> str:
            # The stage first: it is no secret, and must not be masked as one.
            return expand(with_stage(text, stage), self._means.environ, lambda value: _mask(self._means, value))

        return fill


def _mask(means: Means, value: str) -> None:
    means.secrets.register(value)


def _spec(operation: Operation) -> Call | Doing:
    spec = dict(operation.arguments)["spec"]
    if operation.verb == "call":
        return msgspec.json.decode(spec, type=Call)
    return msgspec.json.decode(spec, type=Doing)


def _repository(operation: Operation) -> Repository:
    return msgspec.json.decode(dict(operation.arguments)["spec"], type=Repository)


def _texts(spec: Call | Doing) -> tuple[str, ...]:
    if isinstance(spec, Call):
        return (spec.url, spec.path, spec.body, *spec.headers.values())
    return tuple(spec.environment.values())


def _exited(doing: Doing, code: int, output: bytes) -> Outcome:
    # The end of what a failing command says is what it died of.
    said = " ".join(output.decode("utf-8", "replace").split())[-SHOWN:]
    tail = f": {said}" if said else ""
    if code:
        return Outcome(False, safe(f"{'signal' if code < 0 else 'exit'} {abs(code)}{tail}"))
    if doing.matches and not ask.matches(doing.matches, output):
        return Outcome(False, safe(f"exit 0, but it does not match {doing.matches!r}{tail}"))
    return Outcome(True, safe(f"exit 0{tail}"))
