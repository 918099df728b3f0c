"""Lists, events and inspections become workloads; an event is believed at once, a late inspection is not."""

import random
from datetime import UTC, datetime
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.backends.docker.events import read_events
from cockpit.backends.docker.fleet import HOLD, Fleet
from cockpit.backends.docker.group import Place
from cockpit.backends.docker.swarm_shape import views
from cockpit.backends.docker.times import from_nanoseconds
from cockpit.backends.docker.wire import Container, ContainerRow, Event, Network, RowHost, RowNetworks
from cockpit.backends.docker.wire_swarm import Service, Task
from cockpit.board.model import Health, Identity, Instance, Phase, SafeText, Workload
from cockpit.board.secrets import Secrets
from tests.docker.recorded import FOLDER, recorded

AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
LABELS = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}


def make(project: str = "") -> Fleet:
    return Fleet(Place("main", "engine", (("engine", SafeText("docker:main")),)), project, Secrets(["hunter2"]).mask)


def row(name: str, state: str = "running", labels: dict[str, str] | None = None, status: str = "") -> ContainerRow:
    return ContainerRow(id=name, names=[f"/{name}"], state=state, status=status, labels=labels, created=1)


def container(name: str, labels: dict[str, str] | None = None, **state: Any) -> Container:
    body = {
        "Id": name,
        "Name": f"/{name}",
        "State": {"Status": "running", "StartedAt": "2026-03-01T13:00:00Z", **state},
        "Config": {"Labels": labels or {}},
        "HostConfig": {"RestartPolicy": {"Name": "always"}},
    }
    return msgspec.json.decode(msgspec.json.encode(body), type=Container)


def instances(fleet: Fleet) -> dict[str, Instance]:
    return {str(one.name): one for workload in fleet.everything() for one in workload.instances}


def told(fleet: Fleet, now: float = 1e9) -> dict[str, Workload | None]:
    return {
        (one.id.name if isinstance(one, Workload) else one.name): one if isinstance(one, Workload) else None
        for one in fleet.news(now)
    }


def test_a_list_is_told_once() -> None:
    fleet = make()
    assert fleet.listed([row("a"), row("b", labels=LABELS)]) == {"a", "b"}
    assert set(told(fleet)) == {"a", "web"}
    for name in ("a", "b"):
        assert fleet.inspected(container(name, LABELS if name == "b" else None), 0)
    assert set(told(fleet)) == {"a", "web"}
    assert fleet.listed([row("a"), row("b", labels=LABELS)]) == set()
    assert told(fleet) == {}
    assert fleet.listed([row("a")]) == set()
    assert told(fleet) == {"web": None}


def test_what_was_taken_off_its_networks_is_told_and_what_never_had_one_is_not() -> None:
    def one(name: str, mode: str, **networks: Network) -> ContainerRow:
        labels = LABELS if name != "other" else None
        return replace(row(name, labels=labels), host_config=RowHost(mode), network_settings=RowNetworks(networks))

    fleet = make()
    there = Network(ip_address="10.0.0.2")
    fleet.listed([one("a", "shop_default"), one("b", "shop_default", shop_default=there), one("other", "host")])
    web, other = (workload for workload in sorted(fleet.everything(), key=lambda one: one.id.name, reverse=True))
    assert (web.isolated, [str(remark.text) for remark in web.remarks]) == (True, ["1 of 2 isolated: on no network"])
    assert (other.isolated, other.remarks) == (False, ())
    # Just after it was started nobody knows its address.
    fleet.happened("start", "a", {}, AT, now=100.0)
    assert next(one for one in fleet.everything() if one.id.name == "web").isolated is False


def test_an_event_waits_a_moment_for_its_inspection() -> None:
    fleet = make()
    fleet.listed([row("a")])
    assert fleet.inspected(container("a"), 0)
    told(fleet)
    assert fleet.happened("die", "a", {"exitCode": "137"}, AT, now=100.0)
    assert told(fleet, 100.1) == {}
    assert fleet.waits
    late = container("a", Status="exited", ExitCode=137, OOMKilled=True)
    assert not fleet.inspected(late, 0), "it was asked for before the event"
    assert fleet.inspected(late, 1)
    found = told(fleet, 100.1)["a"]
    assert found is not None
    assert (found.instances[0].exit_code, found.instances[0].oom_killed) == (137, True)


def test_an_event_is_told_without_its_inspection_in_the_end() -> None:
    fleet = make()
    fleet.listed([row("a")])
    told(fleet)
    fleet.happened("die", "a", {"exitCode": "3"}, AT, now=100.0)
    found = told(fleet, 100.0 + HOLD)["a"]
    assert found is not None
    one = found.instances[0]
    assert (one.phase, one.exit_code, one.finished_at, one.oom_killed) == (Phase.EXITED, 3, AT, None)


def test_memory_that_ran_out_is_remembered_for_the_exit_only() -> None:
    fleet = make()
    fleet.listed([row("a")])
    fleet.happened("oom", "a", {}, AT)
    fleet.happened("die", "a", {"exitCode": "137"}, AT)
    assert fleet.inspected(container("a", Status="exited", ExitCode=137), 2)
    assert instances(fleet)["a"].oom_killed is True
    fleet.happened("start", "a", {}, AT)
    assert fleet.inspected(container("a", Status="running"), 3)
    fleet.happened("die", "a", {"exitCode": "137"}, AT)
    assert fleet.inspected(container("a", Status="exited", ExitCode=137), 4)
    assert instances(fleet)["a"].oom_killed is False, "this time somebody killed it"


def test_what_a_list_tells_against_what_was_known() -> None:
    fleet = make()
    fleet.listed([row("a")])
    fleet.inspected(container("a"), 0)
    assert fleet.listed([row("a", "exited", status="Exited (1) 3 seconds ago")]) == {"a"}
    one = instances(fleet)["a"]
    assert (one.phase, one.exit_code, one.restart_policy) == (Phase.EXITED, 1, "always")


def test_only_the_project_is_taken_in() -> None:
    fleet = make("shop")
    other = LABELS | {"com.docker.compose.project": "billing"}
    fleet.listed([row("a", labels=LABELS), row("b", labels=other), row("c")])
    assert len(fleet) == 1
    assert not fleet.happened("start", "d", other, AT)
    assert fleet.happened("start", "e", LABELS, AT)
    assert fleet.inspected(container("d", other), 0)
    assert fleet.inspected(container("e", LABELS), 0)
    assert set(instances(fleet)) == {"a", "e"}


def test_a_renamed_container_moves() -> None:
    fleet = make()
    fleet.listed([row("a")])
    told(fleet)
    fleet.happened("rename", "a", {"oldName": "/a", "name": "z"}, AT)
    renamed = msgspec.structs.replace(container("a"), name="/z")
    assert fleet.inspected(renamed, 1)
    found = told(fleet)
    assert found["a"] is None
    assert found["z"] is not None


def test_replicas_stand_in_the_order_of_their_numbers() -> None:
    fleet = make()
    numbers = [2, 10, 1]
    fleet.listed([row(f"web_{n}", labels=LABELS | {"com.docker.compose.container-number": str(n)}) for n in numbers])
    (workload,) = fleet.everything()
    assert [one.name for one in workload.instances] == ["web_1", "web_2", "web_10"]


def test_text_of_others_is_safe_and_holds_no_secret() -> None:
    fleet = make()
    labels = {"com.docker.compose.project": "sh\x1b[2Jop", "com.docker.compose.service": "w\u202eeb"}
    fleet.listed([row("a", labels=labels)])
    log = [{"ExitCode": 1, "Output": "login hunter2 \x1b]0;x\x07refused"}]
    state = {"Running": True, "Health": {"Status": "unhealthy", "Log": log}, "Error": "no hunter2"}
    assert fleet.inspected(container("a", labels, **state), 0)
    (workload,) = fleet.everything()
    assert (workload.id.space, workload.id.name) == ("shop", "web")
    assert (workload.instances[0].health_detail, workload.instances[0].error) == ("login *** refused", "no ***")


def test_what_was_asked_before_a_container_was_removed_does_not_bring_it_back() -> None:
    fleet = make()
    fleet.listed([row("a"), row("b")])
    assert fleet.happened("die", "a", {}, AT)
    known = fleet.get("a")
    assert known is not None
    fleet.happened("destroy", "a", {}, AT)
    assert fleet.inspected(container("a", Status="removing"), known.stamp)
    assert set(instances(fleet)) == {"b"}
    assert fleet.listed([row("a", "removing"), row("b")]) == {"b"}
    assert not fleet.happened("stop", "a", {}, AT)
    assert set(instances(fleet)) == {"b"}


actions = st.sampled_from(["create", "start", "die", "pause", "unpause", "oom", "kill", "destroy", "health_status: x"])


@given(st.lists(st.tuples(actions, st.sampled_from("abc")), max_size=40), st.integers(0, 2**32))
def test_what_is_told_adds_up_to_what_is_known(events: list[tuple[str, str]], seed: int) -> None:
    """Whoever applies the news to the first list has the same as who asks for everything."""
    dice, fleet = random.Random(seed), make()
    fleet.listed([row("a"), row("b", labels=LABELS), row("c", labels=LABELS)])
    held: dict[Identity, Workload] = {one.id: one for one in fleet.everything()}
    for action, name in events:
        if fleet.happened(action, name, LABELS if name != "a" else {}, AT, now=0.0) and dice.random() < 0.5:
            known = fleet.get(name)
            state = dice.choice(["running", "exited", "restarting"])
            labels = LABELS if name != "a" else None
            assert fleet.inspected(container(name, labels, Status=state), known.stamp if known else 0)
        if dice.random() < 0.7:
            for one in fleet.news(now=HOLD + 1):
                if isinstance(one, Workload):
                    held[one.id] = one
                else:
                    del held[one]
    for one in fleet.news(now=HOLD + 1):
        if isinstance(one, Workload):
            held[one.id] = one
        else:
            del held[one]
    assert held == {one.id: one for one in fleet.everything()}


async def _parts(data: bytes, size: int) -> Any:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_recorded_events_lead_to_what_was_listed() -> None:
    for version, size in (("1.41", 7), ("1.52", 4096)):
        data = (FOLDER / f"events.{version}.jsonl").read_bytes()
        events: list[Event] = [event async for event in read_events(_parts(data, size))]
        assert len(events) == data.count(b"\n")
        fleet = make()
        fleet.listed(
            msgspec.structs.replace(one, state="created", status="")
            for one in recorded("containers.1.41.json", list[ContainerRow])
        )
        for event in events:
            if event.type == "container":
                attributes = event.actor.attributes or {}
                fleet.happened(event.action, event.actor.id, attributes, from_nanoseconds(event.time_nano))
        found = instances(fleet)
        assert (found["billing_report_1"].phase, found["billing_report_1"].exit_code) == (Phase.EXITED, 137)
        assert found["shop_search_1"].health is Health.UNHEALTHY
        assert found["shop_web_1"].phase is Phase.RUNNING
        assert ("console" in found) is (version == "1.52"), "it was removed later in the longer recording"


def test_a_swarm_as_its_manager_tells_it() -> None:
    services, tasks = recorded("services.1.41.json", list[Service]), recorded("tasks.1.41.json", list[Task])
    node = next(task.node_id for task in tasks if task.node_id)
    found = {owner.name: view for owner, view in views(services, tasks, {node: "engine-1"}, node, "engine").items()}
    assert set(found) == {"web", "absent", "crashes", "each"}
    web = found["web"]
    assert (web.desired, web.rollout) == (2, "update in progress")
    assert [slot.instance.name for slot in web.slots] == ["shop_web.1", "shop_web.2"]
    first = web.slots[0].instance
    assert (first.id.space, first.phase, first.cpu_limit, first.memory_limit) == ("shop", Phase.RUNNING, 50.0, 64 << 20)
    assert [(port.number, port.host_port) for port in first.ports] == [(8080, 8090)]
    assert web.slots[1].instance.phase is Phase.STARTING
    (absent,) = found["absent"].slots
    assert (absent.instance.phase, absent.instance.error) == (
        Phase.DEAD,
        "No such image: nowhere.invalid/absent:v9",
    )
    (crashing,) = found["crashes"].slots
    assert (crashing.instance.phase, crashing.instance.restarts) == (Phase.PENDING, 5)
    assert crashing.instance.error == "task: non-zero exit (3)"
    (each,) = found["each"].slots
    assert (each.instance.name, found["each"].desired, each.local) == ("each.engine-1", 1, True)


def test_a_swarm_service_is_its_managers_word_and_its_containers_facts() -> None:
    services, tasks = recorded("services.1.41.json", list[Service]), recorded("tasks.1.41.json", list[Task])
    fleet = make()
    told_by = views(services, tasks, {}, "", "engine")
    first = next(slot for owner, view in told_by.items() for slot in view.slots if slot.container)
    labels = {"com.docker.swarm.service.name": "shop_web", "com.docker.stack.namespace": "shop"}
    fleet.listed([row(first.container, labels=labels), row("left-over", "exited", labels=labels)])
    assert len(fleet.everything()) == 1
    fleet.set_swarm(told_by)
    fleet.inspected(container(first.container, labels, Health={"Status": "healthy"}, Running=True), 0)
    assert {one.id.name for one in fleet.everything()} == {"web", "absent", "crashes", "each"}
    detailed = next(one for one in instances(fleet).values() if one.id.instance == first.container)
    assert (detailed.health, detailed.name) == (Health.HEALTHY, first.instance.name)
    assert "left-over" not in instances(fleet)
    fleet.swarm_lost("no leader")
    assert all(one.phase is Phase.UNKNOWN for name, one in instances(fleet).items() if name != detailed.name)
    fleet.set_swarm(None)
    assert {one.id.name for one in fleet.everything()} == {"web"}
