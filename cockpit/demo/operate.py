"""Changes of the demo: plans as data, and their operations, one request each. Only the one door holds this."""

import shlex
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from cockpit.backends.base import SourceError
from cockpit.backends.change import Operation, Outcome, Permit, Plan, PlanRefused, Verb
from cockpit.backends.evidence import Evidence
from cockpit.backends.shell import Size
from cockpit.board.clock import Clock
from cockpit.board.model import Phase, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe
from cockpit.demo.capture import CAPTURE, keep, kept_before, plan_capture
from cockpit.demo.client import DemoClient, DemoError
from cockpit.demo.fleet import Fleet
from cockpit.demo.plan import Scene, difference, plan_act
from cockpit.demo.rollout import PLANNERS
from cockpit.demo.shell import SHELL, LocalShell, folder_of, open_local, plan_shell
from cockpit.demo.told import PlatformTold, read
from cockpit.demo.verbs import ACTS, service_verbs

_REFUSED = frozenset({"conflict", "refused", "not-found", "bad-request", "unknown-op"})
"""What the host says when it did nothing; any other failure leaves open whether it was done."""
_REQUESTS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {
    "scale": lambda given: {"op": "scale", "n": int(given["replicas"])},
    "rollback": lambda given: {"op": "release", "version": given["release"]},
    "set-env": lambda given: {"op": "set_env", "set": {given["variable"]: given["value"]}},
    "unset-env": lambda given: {"op": "set_env", "set": {given["variable"]: None}},
}
"""The host's request for each verb on a service's definition."""


class DemoOperator:
    """An `Operator` of one demo host."""

    def __init__(
        self, socket: str, clock: Clock, secrets: Secrets | None = None, evidence: Evidence | None = None
    ) -> None:
        """evidence: where what is known of an instance is kept before it goes; None: nowhere."""
        self._client, self._clock, self._evidence = DemoClient(socket, clock), clock, evidence
        self._secrets = secrets or Secrets()
        self._planners: Mapping[str, Callable[[Scene, Mapping[str, str]], Plan]] = {
            **PLANNERS, SHELL.name: plan_shell, CAPTURE.name: partial(plan_capture, evidence=evidence)
        }  # fmt: skip
        self._readers = {CAPTURE.name: self._keep}

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        """What may be done, by what its instances are doing."""
        phases = {instance.phase for instance in workload.instances}
        shell = (SHELL,) if Phase.RUNNING in phases else ()
        acts = (act.verb for act in ACTS.values() if phases & act.applies)
        keep = (CAPTURE,) if workload.instances and self._evidence is not None else ()
        return (*acts, *keep, *shell, *service_verbs(workload.id.name))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        """What the verb would do to the service as the host has it now. PlanRefused."""
        act, planner = ACTS.get(verb), self._planners.get(verb)
        if act is None and planner is None:
            raise PlanRefused(f"{verb} is nothing that can be done to {workload.id.name}, a service of the demo")
        try:
            scene = await self._scene(workload)
        except DemoError as error:
            raise PlanRefused(f"{verb} {workload.id.name} cannot be planned: {error}") from None
        if act is not None:
            return kept_before(scene, plan_act(act, scene, arguments.get("instance", "")), self._evidence)
        assert planner is not None
        return kept_before(scene, planner(scene, arguments), self._evidence)

    async def check(self, operation: Operation) -> str:
        """Whether the process, or the service's definition, is still what the plan was made for."""
        platform = await self._platform()
        target = operation.target
        if operation.verb in self._readers:
            return ""  # what is gone meanwhile is named in its outcome, and changes nothing
        if target.instance:
            told = platform.instance(target.instance)
            return difference(operation.precondition, told) if told else f"{target.instance} is gone"
        service = platform.service(target.name)
        if service is None:
            return f"{target.name} is gone"
        if operation.precondition != f"generation={service.generation}":
            last = service.changes[-1].what if service.changes else "its definition"
            return f"{target.name} was changed meanwhile ({safe(last, 80)})"
        return ""

    async def perform(self, permit: Permit, operation: Operation) -> Outcome:
        """Send one request; the host compares the precondition again. DemoError when no answer came."""
        if not isinstance(permit, Permit):
            raise TypeError("nothing is performed without a permit")
        if operation.verb in self._readers:
            return await self._readers[operation.verb](operation)
        request = self._request(operation)
        try:
            result = await self._client.request(request.pop("op"), deadline=operation.deadline, **request)
        except DemoError as error:
            if error.code in _REFUSED:
                return Outcome(accepted=False, detail=self._secrets.mask(safe(str(error), 500)))
            raise
        generation = safe(str(result.get("generation", "")), 20)
        return Outcome(accepted=True, facts=(("generation", generation),) if generation else ())

    async def open_shell(self, permit: Permit, operation: Operation, size: Size, term: str) -> LocalShell:
        """Start the shell that an operation says, beside its instance. SourceError."""
        if not isinstance(permit, Permit):
            raise TypeError("no shell is opened without a permit")
        try:
            told = (await self._platform()).instance(operation.target.instance)
        except DemoError as error:
            raise SourceError(str(error)) from None
        if told is None:
            raise SourceError(f"{operation.target.instance} is gone: no shell can be opened beside it")
        argv = shlex.split(dict(operation.arguments)["command"])
        return await open_local(argv, folder_of(told), told.env, size, term, self._clock)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _keep(self, operation: Operation) -> Outcome:
        return await keep(operation, self._client, self._clock, self._evidence)

    def _request(self, operation: Operation) -> dict[str, Any]:
        kind, _, value = operation.precondition.partition("=")
        make = _REQUESTS.get(operation.verb)
        if make is not None:
            request = make(dict(operation.arguments))
            return {**request, "service": operation.target.name, "if_generation": int(value)}
        request = {"op": operation.verb, "instance": operation.target.instance}
        return {**request, "if_pid": int(value)} if kind == "pid" else request

    async def _platform(self) -> PlatformTold:
        return read(await self._client.request("list"), PlatformTold)

    async def _scene(self, workload: Workload) -> Scene:
        hello = await self._client.request("hello")
        platform = await self._platform()
        service = platform.service(workload.id.name)
        if service is None:
            raise DemoError("not-found", f"{workload.id.name}: the demo has no such service")
        fleet = Fleet(workload.source, workload.id.scope, self._secrets.mask)
        fleet.listed(platform)
        now = fleet.of(service.name)
        assert now is not None
        host = safe(f"pid {hello.get('pid')} on this machine", 80)
        return Scene(
            platform, service, now, (*workload.where, ("host", host)), self._clock.now(), float(hello.get("pace", 1.0))
        )
