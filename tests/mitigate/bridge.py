"""The door on a real engine as in the cockpit, with what the profile declares and a place for evidence."""

from pathlib import Path

from msgspec.structs import replace

from cockpit.backends.change import Plan, Verdict
from cockpit.backends.docker.operate import DockerOperator
from cockpit.backends.evidence import Evidence
from cockpit.board.board import Board
from cockpit.board.secrets import Secrets
from cockpit.incident.temporary import Changes, Temporary
from cockpit.profile.policy import PolicyRule
from cockpit.profile.schema import Backend, Profile, Service
from tests.mitigate.test_docker_door import HOLD, Cockpit
from tests.parts.docker import DockerEngine


class Bridge(Cockpit):
    """One engine; services as the profile declares them, the rest discovered."""

    def __init__(
        self, engine: DockerEngine, directory: Path, services: dict[str, Service], policy: tuple[PolicyRule, ...]
    ) -> None:
        super().__init__(engine, directory)
        backend = Backend(kind="docker", host=engine.url)
        profile = Profile(
            version=1, name="shop", discover=True, backends={"main": backend}, services=services, policy=policy
        )
        self.board = Board(profile, self.clock)
        self.evidence = Evidence(directory / "state", profile, self.clock, Secrets(["hunter22"]), {"SET": "hunter22"})
        self.operator = DockerOperator("main", backend, self.clock, None, self.evidence)

    async def made(self, verb: str, name: str, count: int = 1, **arguments: str) -> Plan:
        """The plan of a verb with its arguments, judged after the tests' short hold."""
        workload = await self.sees(name, count)
        (service, *_) = self.board.services_of(workload.id)
        return replace(await self.operator.plan(verb, workload, arguments), service=service, hold=HOLD)

    async def carry_out(self, made: Plan) -> Verdict:
        """Confirmed, with the name typed."""
        return await self.door.perform(made, typed_name=made.workload.name)

    async def does(self, verb: str, name: str, count: int = 1, **arguments: str) -> Plan:
        """Plan it and do it; it worked."""
        made = await self.made(verb, name, count, **arguments)
        verdict = await self.carry_out(made)
        assert verdict.result == "worked", verdict
        return made

    async def undoes(self, done: Plan, count: int = 1) -> Plan:
        """Take a plan back by its inverse; it worked."""
        inverse = done.operations[-1].inverse
        assert inverse is not None
        return await self.does(inverse[0], done.workload.name, count, **dict(inverse[1]))

    @property
    def temporary(self) -> tuple[Temporary, ...]:
        """What was changed for the time being and still stands."""
        return Changes(self.journal.entries).open

    def kept(self, text: str = "kept") -> list[str]:
        """Facts of this name in the journal's results."""
        found = [entry for entry in self.journal.entries if entry.kind == "result"]
        return [value for entry in found for name, value in entry.facts if name == text]
