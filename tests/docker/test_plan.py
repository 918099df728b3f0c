"""What plans say, and what they notice before they are carried out, on recorded containers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.backends.change import PlanRefused
from cockpit.backends.docker import clone, images, shape, target
from cockpit.backends.docker.clone import NUMBER
from cockpit.backends.docker.operate import MANEUVERS
from cockpit.backends.docker.plan import Site, Target, plan_act, targets
from cockpit.backends.docker.verbs import ACTS
from cockpit.backends.docker.wire import Config, Container, ContainerState, Healthcheck, HostConfig, RestartPolicy
from cockpit.backends.history import Ran
from cockpit.board.model import Identity, Instance, SafeText, Workload
from tests.docker.recorded import recorded

SITE = Site((("engine", SafeText("docker:main")),), "-H tcp://far:2375 ", datetime(2026, 3, 1, tzinfo=UTC))
SECOND = 1_000_000_000


def made(name: str, status: str = "running", **fields: object) -> Container:
    state = ContainerState(status=status, running=status == "running", started_at="2026-03-01T13:00:00Z")
    body = Container(id=name * 8, name=f"/{name}", state=state, host_config=HostConfig(), config=Config())
    return replace(body, **fields)


def workload(*containers: Container) -> Workload:
    identity = Identity("docker", "engine", "shop", "compose", "web")
    instances = tuple(
        Instance(id=replace(identity, instance=one.id), name=SafeText(one.name), phase=shape.phase_of(one.state.status))
        for one in containers
    )
    return Workload(id=identity, source="main", instances=instances)


def chosen(*containers: Container) -> tuple[Workload, tuple[Target, ...]]:
    whole = workload(*containers)
    return whole, targets(whole, containers)


@pytest.mark.parametrize(("names", "options"), [("a", ["instance"]), ("ab", ["together", "instance"])])
def test_one_replica_is_restarted_without_a_question(names: str, options: list[str]) -> None:
    whole = workload(*(made(name) for name in names))
    (verb,) = [one.verb for one in MANEUVERS["compose"] if one.verb.name == "restart" and one.offered(whole)]
    assert [name for name, _ in verb.options] == options


def test_every_verb_says_how_it_is_undone_and_judged() -> None:
    for name, act in ACTS.items():
        assert act.verb.name == name
        assert act.refusal
        assert act.done_when in {"ready", "running", "stopped", "paused", "gone"}
        assert act.inverse == "" or act.inverse in ACTS
    assert {name for name, act in ACTS.items() if act.verb.danger == "high"} == {"kill", "remove"}


def test_a_plan_is_the_same_data_each_time() -> None:
    whole, found = chosen(made("web_1"), made("web_2"))
    first = plan_act(ACTS["restart"], whole, found, (), SITE)
    again = plan_act(ACTS["restart"], whole, found, (), SITE)
    assert first.id != again.id
    assert first.hash == again.hash
    assert msgspec.json.decode(msgspec.json.encode(first), type=type(first)) == first
    moved = replace(made("web_1"), state=replace(made("web_1").state, started_at="2026-03-01T13:59:00Z"))
    assert plan_act(ACTS["restart"], whole, targets(whole, (moved, made("web_2"))), (), SITE).hash != first.hash


def test_command_lines_are_quoted() -> None:
    whole, found = chosen(made("web 1;reboot"))
    plan = plan_act(ACTS["kill"], whole, found, (), SITE)
    assert plan.operations[0].command == "docker -H tcp://far:2375 kill --signal KILL 'web 1;reboot'"


@pytest.mark.parametrize(
    ("verb", "states", "risk", "danger"),
    [
        ("restart", ["running"], "single replica: nothing answers from its stop (up to 10 s)", "low"),
        ("restart", ["running", "running", "exited"], "one at a time: at least 1 of 2 ready stay up", "low"),
        ("restart", ["exited"], "none of it is ready: nothing to lose", "low"),
        ("stop", ["running", "running"], "2 ready will go: nothing of it answers any more", "high"),
        ("stop", ["restarting"], "none of it is ready: nothing to lose", "low"),
        ("kill", ["running"], "1 ready will go: nothing of it answers any more", "high"),
        ("remove", ["exited"], "anonymous volumes are kept", "high"),
    ],
)
def test_what_is_risked(verb: str, states: list[str], risk: str, danger: str) -> None:
    whole, found = chosen(*(made(f"web_{n}", state) for n, state in enumerate(states)))
    plan = plan_act(ACTS[verb], whole, found, (), SITE)
    assert risk in " | ".join(plan.risks)
    assert plan.danger == danger


def test_others_that_stay_are_counted() -> None:
    whole, found = chosen(made("web_1"), made("web_2"), made("web_3"))
    plan = plan_act(ACTS["stop"], whole, found[:1], found[1:], SITE)
    assert plan.danger == "low"
    assert plan.risks == ("1 ready will go: 2 ready stay",)


def test_what_makes_no_sense_is_refused() -> None:
    whole, found = chosen(made("web_1", "paused"))
    with pytest.raises(PlanRefused, match="a paused one is resumed"):
        plan_act(ACTS["restart"], whole, found, (), SITE)
    with pytest.raises(PlanRefused, match="nothing to start"):
        plan_act(ACTS["start"], whole, found, (), SITE)


def test_what_was_done_to_several_is_taken_back_from_all() -> None:
    whole, found = chosen(made("web_1"), made("web_2"))
    plan = plan_act(ACTS["stop"], whole, found, (), SITE)
    ids = ",".join(one.container.id for one in found)
    assert [operation.inverse for operation in plan.operations] == [("start", (("instance", ids),))] * 2


def test_a_container_that_vanishes_when_it_ends() -> None:
    whole, found = chosen(made("once", host_config=HostConfig(auto_remove=True)))
    plan = plan_act(ACTS["stop"], whole, found, (), SITE)
    assert (plan.operations[0].done_when, plan.operations[0].inverse) == ("gone", None)
    assert any("--rm" in risk for risk in plan.risks)


def test_out_of_memory_and_loops_are_warned_of() -> None:
    container = recorded("container-oom.1.41.json", Container)
    whole, found = chosen(container)
    assert (
        "its memory ran out: the same limit holds after a restart"
        in plan_act(ACTS["restart"], whole, found, (), SITE).risks
    )


def test_how_long_it_may_take() -> None:
    assert target.stop_time(made("a")) == 10
    assert target.stop_time(made("a", config=Config(stop_timeout=90))) == 90
    assert target.start_time(made("a")) == 60
    check = Healthcheck(["CMD", "true"], 30 * SECOND, 5 * SECOND, 40 * SECOND, 4)
    assert target.start_time(made("a", config=Config(healthcheck=check))) == 40 + 35 * 5
    assert target.start_time(made("a", config=Config(healthcheck=Healthcheck(["NONE"])))) == 60
    whole, found = chosen(made("a", config=Config(stop_timeout=90, healthcheck=check)))
    (operation,) = plan_act(ACTS["restart"], whole, found, (), SITE).operations
    assert operation.deadline == 90 + 40 + 35 * 5


def test_what_is_noticed_before_it_is_done() -> None:
    then = made("web_1")
    planned = target.precondition(then)
    assert target.difference(planned, then) == ""
    restarted = replace(then, state=replace(then.state, started_at="2026-03-01T13:59:07.5Z"))
    assert target.difference(planned, restarted) == "web_1 was started anew at 13:59:07Z"
    exited = replace(then, state=replace(then.state, status="exited"))
    assert target.difference(planned, exited) == "web_1 is exited now (was running)"
    assert "is another container now" in target.difference(planned, replace(then, id="other"))


def test_a_crash_loop_changes_by_itself() -> None:
    host = HostConfig(restart_policy=RestartPolicy("always"))
    looping = made("web_1", "restarting", host_config=host, restart_count=3)
    planned = target.precondition(looping)
    for status in ("running", "exited", "restarting"):
        state = replace(looping.state, status=status, started_at="2026-03-01T13:59:07Z")
        assert target.difference(planned, replace(looping, state=state)) == ""
    paused = replace(looping, state=replace(looping.state, status="paused"))
    assert target.difference(planned, paused) == "web_1 is paused now (was restarting)"


def test_what_is_inspected_is_read_like_a_page() -> None:
    from cockpit.backends.docker.describe import describe

    answer = {
        "Id": "abc", "Empty": "", "None": None, "Nothing": [], "Tty": False, "Count": 0,
        "Config": {"Env": ["PASSWORD=hunter2", "BARE"], "Cmd": ["sh", "-c", "one\ntwo"]},
        "Mounts": [{"Type": "bind", "Source": "/srv"}, {}],
    }  # fmt: skip
    assert describe(answer).splitlines() == [
        "Id: abc", "Tty: false", "Count: 0", "Config:", "  Env:", "    - PASSWORD=***", "    - BARE=***", "  Cmd:",
        "    - sh", "    - -c", "    - |", "      one", "      two", "Mounts:", "  - Type: bind", "    Source: /srv",
        "  - {}",
    ]  # fmt: skip


def test_a_copy_for_another_image_keeps_what_was_declared() -> None:
    whole: dict[str, Any] = {
        "Id": "0123456789abcdef", "Name": "/shop_web_1",
        "Config": {
            "Hostname": "0123456789ab", "Image": "app:v2", "Cmd": ["serve"], "Entrypoint": ["/own"],
            "WorkingDir": "/app", "Env": ["PATH=/bin", "MODE=fast"], "Labels": {"release": "two", NUMBER: "1"},
            "ExposedPorts": {"80/tcp": {}, "81/tcp": {}}, "Healthcheck": {"Test": ["CMD", "old"]},
        },
        "HostConfig": {"NetworkMode": "shop_default", "Binds": ["data:/data"], "Memory": 7},
        "Mounts": [
            {"Type": "volume", "Name": "data", "Destination": "/data", "RW": True},
            {"Type": "volume", "Name": "f00d", "Destination": "/scratch", "RW": False},
            {"Type": "bind", "Source": "/srv", "Destination": "/srv"},
        ],
        "NetworkSettings": {"Networks": {
            "shop_back": {"Aliases": ["web"], "IPAddress": "10.0.1.2"},
            "shop_default": {"Aliases": ["web", "0123456789ab"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}},
        }},
    }  # fmt: skip
    defaults = {
        "Cmd": ["serve"], "Entrypoint": ["/its"], "WorkingDir": "/app", "Env": ["PATH=/bin"],
        "Labels": {"release": "two"}, "ExposedPorts": {"80/tcp": {}}, "Healthcheck": {"Test": ["CMD", "old"]},
    }  # fmt: skip
    copy = clone.clone(whole, "app:v1", defaults=defaults, same_place=True)
    body = copy.body
    assert (body["Image"], body["Entrypoint"], body["Env"]) == ("app:v1", ["/own"], ["MODE=fast"])
    assert {"Cmd", "WorkingDir", "Healthcheck", "Hostname"} & set(body) == set()
    assert (body["Labels"], body["ExposedPorts"]) == ({NUMBER: "1"}, {"81/tcp": {}})
    assert body["HostConfig"]["Binds"] == ["data:/data", "f00d:/scratch:ro"]
    first = {"Aliases": ["web"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}}
    assert body["NetworkingConfig"] == {"EndpointsConfig": {"shop_default": first}}
    assert copy.joins == (("shop_back", {"Aliases": ["web"]}),)
    beside = clone.clone(whole, "app:v2", same_place=False)
    assert beside.body["HostConfig"]["Binds"] == ["data:/data"], "a copy beside it gets volumes of its own"
    assert clone.beside(beside.body, 5)["Labels"][NUMBER] == "5"
    assert whole["HostConfig"]["Binds"] == ["data:/data"], "what was inspected is not touched"
    assert "fixed address 10.0.0.9" in clone.why_not_beside(whole, "shop_web_1")


def named_of(one: images.Candidate | None) -> str:
    assert one is not None
    return one.name


def test_which_image_to_go_back_to() -> None:
    def row(tag: str, number: int) -> images.ImageRow:
        return images.ImageRow(id=f"sha256:{number:064x}", repo_tags=[tag], created=1000 * number)

    rows = [row("r:5000/app:v1", 1), row("r:5000/app:v2", 2), row("r:5000/app:v3", 3), row("other:v9", 9)]
    found = images.candidates(rows, "r:5000/app", rows[1].id)
    assert [one.name for one in found] == ["r:5000/app:v3", "r:5000/app:v1"]
    assert named_of(images.pick(found, datetime.fromtimestamp(2000, UTC))) == "r:5000/app:v1"
    assert named_of(images.pick(found, None)) == "r:5000/app:v3"
    previous = images.candidates([*rows, row("r:5000/app:previous", 4)], "r:5000/app", rows[1].id)
    assert named_of(images.pick(previous, None)) == "r:5000/app:previous"
    for wanted in ("v1", "r:5000/app:v1", rows[0].id):
        assert images.named(found, wanted) == found[1]
    assert images.named(found, "v9") is None
    assert images.repository("r:5000/app:v1@sha256:aa") == "r:5000/app"
    assert images.repository("app") == "app"
    assert images.repository(rows[0].id) == ""


def test_a_restart_says_what_to_try_when_it_does_not_work() -> None:
    whole, found = chosen(made("web_1"), made("web_2"))
    ids = ",".join(one.container.id for one in found)
    assert plan_act(ACTS["restart"], whole, found, (), SITE).otherwise == ("recreate", (("instance", ids),))
    assert plan_act(ACTS["stop"], whole, found, (), SITE).otherwise is None


def test_what_is_known_of_an_image_decides_and_is_said() -> None:
    now = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)

    def ran(until: int, healthy: int | None) -> Ran:
        times = [now - timedelta(minutes=one) if one is not None else None for one in (until, healthy)]
        return Ran(id="", name="", since=now - timedelta(days=6), until=times[0], healthy=times[1])

    def one(tag: str, number: int, **known: Any) -> images.Candidate:
        digest = f"sha256:{number}" + 63 * "0"
        name = digest if known.get("gone") else f"r:5000/app:{tag}"
        created = now - timedelta(days=number)
        return images.Candidate(name=name, id=digest, called=f"r:5000/app:{tag}", created=created, **known)

    bad, good = one("v5", 1, ran=ran(5, None)), one("v4", 2, ran=ran(26, 27))
    previous, local = one("v3", 3, previous=True), one("v2", 4)
    gone = one("v1", 5, ran=ran(10, 20), gone=True)
    every = (bad, gone, previous, local, good)
    assert images.pick(every, now) is good, "what ran last and was healthy, and is here"
    assert images.pick((bad, gone, local, previous), now) is previous
    assert images.pick((gone,), now) is None
    assert [images.shown(one, "r:5000/app", now) for one in every] == [
        "v5  10000000  not seen healthy · ran 5 d to 5 min ago · journal",
        "v1  50000000  gone from this engine · ran 5 d to 10 min ago · journal",
        "v3  30000000  not known when healthy · built 3 d ago · tagged previous",
        "v2  40000000  not known when healthy · built 4 d ago · local image",
        "v4  20000000  healthy 27 min ago · ran 5 d · journal",
    ]
    assert (images.named(every, "v1"), images.named(every, "app:previous")) == (gone, previous)
    assert images.shown(gone, "other", now).startswith("r:5000/app:v1  50000000")
