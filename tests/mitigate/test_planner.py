"""From a verb to a plan: the backend's own verbs, what the profile declares, and several at once."""

from collections.abc import Mapping
from typing import cast

import pytest
from msgspec.structs import replace

from cockpit.assemble import declared
from cockpit.backends.base import Address
from cockpit.backends.change import DECLARED, Plan, PlanRefused, Verb, of_service
from cockpit.board.board import Board
from cockpit.board.clock import ManualClock
from cockpit.board.model import Identity, Instance, SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.snapshot import Snapshot
from cockpit.engine.parts import Context, Parts
from cockpit.engine.plans import Planner
from cockpit.engine.port import CommandError, MakeBulk, MakePlan
from cockpit.profile.load import loads
from cockpit.profile.schema import Profile
from tests.mitigate.world import SERVICE, WORKLOAD, FakeOperator, World, operation, plan

PROFILE = f"""\
version: 1
name: shop
services:
  {SERVICE}:
    workloads: [{{compose: web}}]
    calls:
      warm-up: {{port: 80, path: /warm}}
      front: {{port: 80, method: GET}}
    actions:
      renew: {{steps: [{{call: warm-up}}, {{verb: restart}}]}}
    smoke: [{{call: front, title: front page}}]
    verify: {{samples: 3}}
  payments-api:
    probes: {{up: {{kind: http, url: "http://127.0.0.1:1/up"}}}}
    calls: {{failover: {{url: "http://127.0.0.1:1/failover", after: up}}}}
backends:
  main: {{kind: docker}}
"""
NOW = ManualClock().now()
DB = replace(WORKLOAD, name="db")


class Backend(FakeOperator):
    """Plans a restart, and a stop; nothing else."""

    def verbs(self, workload: Workload) -> tuple[Verb, ...]:
        return (Verb(name="restart", title="Restart"), Verb(name="stop", title="Stop"))

    async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
        if verb not in ("restart", "stop"):
            raise PlanRefused(f"nothing is done by the name {verb}")
        when = "stopped" if verb == "stop" else "ready"
        return plan(operation(1, verb, done_when=when), made_at=NOW)


class Pretended(World):
    """The world as a board that the planner asks, with a service that nothing here runs."""

    def _make(self) -> Snapshot:
        made = super()._make()
        api = replace(made.services[0], key="payments-api", name="payments-api", workloads=())
        db = replace(made.services[0], key="shop/db", name="db", workloads=(Workload(id=DB, source="main"),))
        return replace(made, services=(*made.services, api, db))

    def workloads(self) -> Mapping[Identity, Workload]:
        return {one.id: one for service in self.snapshot().services for one in service.workloads}


class _Nothing:
    async def resolve(self, _: str, __: int) -> Address:
        return Address("127.0.0.1", 1, SafeText("here"))

    def instance_of(self, _: str) -> tuple[object, Instance] | None:
        return None


@pytest.fixture
def planner() -> Planner:
    profile = loads(PROFILE, "p.yaml", {}).profile
    assert isinstance(profile, Profile)
    clock, nothing = ManualClock(), _Nothing()
    made = Planner(cast("Board", Pretended(clock)))
    made.operators["main"] = Backend()
    context = Context(
        profile, clock, Secrets(), lambda _: None, nothing.resolve, {}, nothing.instance_of, {}  # type: ignore[arg-type]
    )  # fmt: skip
    made.declare(Parts(profile=profile, profile_name="shop", declared=declared(profile)), context)
    return made


def asked(verb: str, service: str = SERVICE, workload: Identity = WORKLOAD) -> MakePlan:
    return MakePlan(verb=verb, service=service, workload=workload)


def test_verbs_of_the_backend_and_of_the_profile(planner: Planner) -> None:
    assert [verb.name for verb in planner.verbs(WORKLOAD)] == [
        "restart", "stop", "restart-all", "warm-up", "renew",
    ]  # fmt: skip


async def test_a_verb_is_verified_as_the_profile_wants(planner: Planner) -> None:
    made = await planner.plan(asked("restart"))
    assert ([check.title for check in made.smoke], made.watch[0].samples) == (["front page"], 3)
    stopped = await planner.plan(asked("stop"))
    assert (stopped.smoke, stopped.watch) == ((), ())


async def test_an_action_mixes_its_own_steps_and_verbs(planner: Planner) -> None:
    made = await planner.plan(asked("renew"))
    assert [(one.verb, one.source) for one in made.operations] == [("call", DECLARED), ("restart", "main")]
    assert (made.on_failure, len(made.smoke)) == ("step back", 1)


async def test_several_are_one_plan_and_all_that_cannot_are_named(planner: Planner) -> None:
    other = replace(WORKLOAD, name="gone")
    with pytest.raises(PlanRefused, match="1 of 2 cannot be planned: gone: gone: it is not on the board any more"):
        await planner.bulk(MakeBulk(verb="restart", targets=((SERVICE, WORKLOAD), ("gone", other))), NOW)
    with pytest.raises(PlanRefused, match="run in the same place"):
        await planner.bulk(MakeBulk(verb="restart", targets=((SERVICE, WORKLOAD), ("web", WORKLOAD))), NOW)
    with pytest.raises(PlanRefused, match="restart-all is of everything in one place: mark none"):
        await planner.bulk(MakeBulk(verb="restart-all", targets=((SERVICE, WORKLOAD),)), NOW)
    one = await planner.bulk(MakeBulk(verb="restart", targets=((SERVICE, WORKLOAD),)), NOW)
    assert one.services == (SERVICE,)


async def test_of_more_than_may_be_changed_at_once_nothing_is_offered(
    planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.engine.plans.MOST", 1)
    assert "restart-all" not in [verb.name for verb in planner.verbs(WORKLOAD)]
    with pytest.raises(PlanRefused, match="omninode has more than 1 to restart"):
        await planner.plan(asked("restart-all"))


async def test_what_is_gone_or_not_known_is_refused(planner: Planner) -> None:
    with pytest.raises(CommandError, match="not on the board any more"):
        await planner.plan(asked("restart", workload=replace(WORKLOAD, name="gone")))
    with pytest.raises(PlanRefused, match="nothing is done by the name explode"):
        await planner.plan(asked("explode"))
    planner.operators.pop("main")
    with pytest.raises(PlanRefused, match="no restart, for main changes nothing by itself; a profile can say how"):
        await planner.plan(asked("restart"))


async def test_a_service_that_nothing_here_runs_can_be_called(planner: Planner) -> None:
    api = of_service("payments-api")
    assert [verb.name for verb in planner.verbs(api)] == ["failover"]
    made = await planner.plan(asked("failover", "payments-api", api))
    assert (made.workload, made.source, made.where) == (api, DECLARED, (("service", "payments-api"),))
    assert [(one.target, one.done_when) for one in made.operations] == [(api, "probe")]
    with pytest.raises(PlanRefused, match="payments-api: no restart, for nothing that runs it is known; a profile can"):
        await planner.plan(asked("restart", "payments-api", api))
    with pytest.raises(CommandError, match="no such service"):
        planner.verbs(of_service("nobody"))


async def test_what_is_done_to_another_workload_is_done_to_its_service(planner: Planner) -> None:
    """A whole project is recreated: the policy and the probes of each of its services count."""
    made = plan(operation(1, "recreate"), replace(operation(2, "recreate"), target=DB), made_at=NOW)

    class Whole(Backend):
        async def plan(self, verb: str, workload: Workload, arguments: dict[str, str]) -> Plan:
            return made

    planner.operators["main"] = Whole()
    assert (await planner.plan(asked("recreate"))).services == (SERVICE, "shop/db")
