"""The door on the emulated cluster as in the cockpit: source, board, journal and operator."""

from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from cockpit.backends.change import Plan, Verdict
from cockpit.backends.kubernetes.operate.operator import KubernetesOperator
from cockpit.board.model import Freshness, Workload
from cockpit.incident.journal import Journal
from cockpit.incident.people import Person
from cockpit.incident.place import prepare
from cockpit.mitigate.guard import Guard
from cockpit.mitigate.predicates import is_ready
from cockpit.mitigate.run import Door
from cockpit.mitigate.sight import find_workload
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.watch import NAME, Watch
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import Json, get

HOLD = 0.3
"""Seconds that a good end must last: the emulated pods do nothing more."""
STORAGE = {"deployment": "deployments.apps", "statefulset": "statefulsets.apps", "daemonset": "daemonsets.apps"}


class Bridge:
    """`async with Bridge(kubernetes, directory) as bridge`: everything behind the screen, for one cluster."""

    def __init__(self, kubernetes: Kubernetes, directory: Path) -> None:
        self.kubernetes, self.directory = kubernetes, directory
        self.cluster = kubernetes.cluster
        self.watch = Watch(kubernetes.kubeconfig)
        environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "PATH": "/usr/bin:/bin", "HOME": str(directory)}
        self.operator = KubernetesOperator(NAME, Backend(kind="kubernetes"), self.watch.clock, environ=environ)

    async def __aenter__(self) -> "Bridge":
        clock, person = self.watch.clock, Person(name="oncall", login="oncall")
        place = prepare(self.directory / "state")
        environ = {"XDG_RUNTIME_DIR": str(self.directory)}
        self.journal = await Journal.open(place, clock, person, scope="shop", environ=environ)
        self.door = Door(self.journal, self.watch.board, {NAME: self.operator}, clock, Guard())
        await self.watch.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.watch.__aexit__(kind, error, trace)
        await self.operator.close()
        await self.journal.close()

    async def sees(self, name: str) -> Workload:
        """The workload, once a live source shows all of its pods."""

        def whole(one: Workload) -> bool:
            sources = self.watch.board.snapshot().sources
            live = bool(sources) and all(source.freshness is Freshness.LIVE for source in sources)
            found = find_workload(self.watch.board.snapshot(), one.id)
            return live and found is not None and one.generation is not None and len(one.instances) == one.desired

        return await self.watch.sees(name, whole)

    async def stands(self, name: str, count: int) -> Workload:
        """The workload, once so many of its pods are ready and no rollout runs: its first revision is then kept."""

        def ready(one: Workload) -> bool:
            good = sum(map(is_ready, one.instances))
            return bool(one.generation) and not one.rollout and good == len(one.instances) == one.desired == count

        return await self.watch.sees(name, ready)

    async def made(self, verb: str, name: str, **arguments: str) -> Plan:
        """The plan of a verb, judged after a short hold."""
        return await self.planned(verb, await self.sees(name), **arguments)

    async def planned(self, verb: str, workload: Workload, **arguments: str) -> Plan:
        """The plan of a verb on a workload as it is, however many of its pods there are."""
        await self.watch.until(lambda: self.watch.board.services_of(workload.id))
        (service, *_) = self.watch.board.services_of(workload.id)
        return replace(await self.operator.plan(verb, workload, arguments), service=service, hold=HOLD)

    async def carry_out(self, made: Plan) -> Verdict:
        """Confirmed, with the name typed."""
        return await self.door.perform(made, typed_name=made.workload.name)

    async def does(self, verb: str, name: str, **arguments: str) -> Plan:
        """Plan it and do it; it worked."""
        made = await self.made(verb, name, **arguments)
        await self.works(made)
        return made

    async def works(self, made: Plan) -> Verdict:
        """Do it; it worked."""
        verdict = await self.carry_out(made)
        assert verdict.result == "worked", verdict
        return verdict

    async def undoes(self, done: Plan) -> Plan:
        """Take a plan back by its inverse; it worked."""
        inverse = next(one.inverse for one in done.operations if one.inverse is not None)
        return await self.does(inverse[0], done.workload.name, **dict(inverse[1]))

    def stored(self, name: str, kind: str = "deployment") -> Json:
        """A workload as the cluster has it."""
        return get(self.cluster, STORAGE[kind], name)
