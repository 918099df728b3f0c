"""What pods leave behind is kept before they go, and on request; what cannot be kept is named."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.backends.change import PlanRefused
from cockpit.backends.kubernetes.operate import capture, parts
from cockpit.board.model import Identity
from cockpit.board.text import safe
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.behaviour import STEADY
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.demo.kubernetes.kubelet.shell import Done
from cockpit.profile.captures import Capture
from cockpit.profile.policy import PolicyRule
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import Json, get, pods_of, until
from tests.kubernetes.operate.bridge import STORAGE
from tests.kubernetes.operate.keeping import SECRET, Keeping

MIB = 1 << 20
KEEP = PolicyRule(need="capture", verbs=("restart", "remove", "scale"), why="the review needs it")
ALL_BUT_LOGS = Grant(resources=("pods", "deployments", "deployments/scale", "namespaces", "events", "replicasets"))
Opener = Callable[..., Any]


@pytest.fixture
async def keeping(kubernetes: Kubernetes, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens the door, with the policy and captures that a test wants."""
    async with AsyncExitStack() as stack:

        async def opened(*policy: PolicyRule, **captures: Capture) -> Keeping:
            return await stack.enter_async_context(Keeping(kubernetes, tmp_path, policy, captures))

        yield opened


def names(bridge: Keeping, app: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in pods_of(bridge.cluster, app)]


def say(bridge: Keeping, pod: Json, *lines: str) -> None:
    """A pod's only container writes lines now."""
    (container,) = pod["spec"]["containers"]
    at = bridge.cluster.now().timestamp()
    for number, line in enumerate(lines):
        bridge.cluster.logbook.say(pod["metadata"]["uid"], container["name"], at + number * 1e-6, line)


def quiet(bridge: Keeping, pod: Json) -> None:
    """Its container writes nothing by itself."""
    (container,) = pod["spec"]["containers"]
    bridge.cluster.behaviours.table["quiet"] = STEADY._replace(rate=0.0)
    bridge.cluster.behaviours.images[container["image"]] = "quiet"


async def restarted(bridge: Keeping, pod: Json) -> None:
    """Its container has crashed once and runs again."""
    name = pod["metadata"]["name"]
    bridge.kubernetes.emulator.kubelet.crash("shop", name)

    def again() -> bool:
        (status,) = get(bridge.cluster, "pods", name)["status"]["containerStatuses"]
        return status["restartCount"] == 1 and "running" in status["state"]

    await until(bridge.cluster, again)


async def test_what_is_known_of_pods_is_kept_on_request(keeping: Opener) -> None:
    bridge = await keeping(
        threads=Capture(argv=("jstack", "1")),
        heap=Capture(argv=("true",), file="/tmp/heap.hprof", limit=1),
        broken=Capture(argv=("false",)),
        absent=Capture(argv=("true",), environment={"KEY": "${UNSET}"}),
    )
    bridge.cluster.shell.programs["jstack"] = lambda *_: Done(0, "main waits\n")
    bridge.cluster.shell.programs["cat"] = lambda *_: Done(0, "x" * 3 * MIB)
    pod, *_ = pods_of(bridge.cluster, "checkout")
    await restarted(bridge, pod)
    say(bridge, pod, f"login token={SECRET}")
    name = pod["metadata"]["name"]
    made = await bridge.made("capture", "checkout", instance=name)
    (operation,) = made.operations
    assert f"logs {name} --all-containers --timestamps --tail=" in operation.command
    told = dict(operation.after)["kept in the evidence folder"]
    assert told.startswith("logs (last 5 MiB each, the run before too), description, events, ")
    assert told.endswith("heap: true -> /tmp/heap.hprof, threads: jstack 1")
    verdict = await bridge.carry_out(made)
    # It was asked for, and something is missing: that has not worked, and what there is is kept all the same.
    assert verdict.result == "did not work"
    missing = bridge.facts("missing")
    assert "absent: UNSET is not set in the cockpit's environment" in missing
    assert "broken.txt: false ended with exit 1" in missing
    assert "heap.hprof: cut at 1 MiB" in missing
    kept = bridge.files()[name]
    assert sorted(kept) == ["heap.hprof", "inspect.txt", "log-previous.txt", "log.txt", "threads.txt"]
    assert b"token=***" in kept["log.txt"]
    assert SECRET.encode() not in kept["log.txt"]
    assert b"listening on :8080" in kept["log-previous.txt"]
    assert b"value: ***" in kept["inspect.txt"]
    assert kept["inspect.txt"].startswith(b"events:\n"), "events about it stand in its description"
    assert kept["threads.txt"] == b"main waits\n"
    assert kept["heap.hprof"] == b"x" * MIB


async def test_every_pod_that_a_restart_exchanges_is_kept_first(keeping: Opener) -> None:
    bridge = await keeping(KEEP)
    before = names(bridge, "checkout")
    made = await bridge.does("restart", "checkout")
    first, second = made.operations
    assert (first.verb, second.verb, first.done_when) == ("capture", "restart", "captured")
    assert dict(first.after)["all of it must be kept"] == "the policy wants it kept: the review needs it"
    assert "; 40 MiB in all), description" in dict(first.after)["kept in the evidence folder"]
    assert sorted(bridge.files()) == before
    assert not set(names(bridge, "checkout")) & set(before)


async def test_what_is_named_is_kept_before_it_is_deleted_and_no_other(keeping: Opener) -> None:
    bridge = await keeping()
    (name, *_) = names(bridge, "web")
    made = await bridge.does("remove", "web", instance=name)
    assert [(one.verb, one.target.instance) for one in made.operations] == [
        (verb, made.operations[-1].target.instance) for verb in ("capture", "remove")
    ]
    assert [*bridge.files()] == [name]
    assert made.operations[0].command == "", "the line of the change itself stands alone"


async def test_fewer_replicas_are_kept_more_are_not(keeping: Opener) -> None:
    bridge = await keeping()
    pods = build.template("queue", "shop", "registry.example.com/shop/queue:1.0.0", grace=0)
    bridge.cluster.objects.create(BY_SHELF[STORAGE["statefulset"]], build.stateful_set("queue", "shop", pods, 3))
    await bridge.stands("queue", 3)
    made = await bridge.made("scale", "queue", replicas="1")
    assert made.operations[0].title == "keep the log of 2 pods: queue-1, queue-2", "the highest numbers go"
    made = await bridge.made("scale", "catalog", replicas="1")
    assert [one.verb for one in made.operations] == ["capture", "scale"]
    assert [one.verb for one in (await bridge.made("scale", "catalog", replicas="3")).operations] == ["scale"]
    made = await bridge.made("autoscale", "checkout", max="2")
    assert [one.verb for one in made.operations] == ["capture", "autoscale"]


async def test_a_log_that_may_not_be_read_stops_only_what_must_be_kept(keeping: Opener) -> None:
    bridge = await keeping(replace(KEEP, tiers=(2,)))
    reviews = Grant(("create",), ("selfsubjectaccessreviews",))
    checkout, catalog = await bridge.made("restart", "checkout"), await bridge.made("restart", "catalog")
    bridge.cluster.policy.grants[ADMIN] = (ALL_BUT_LOGS, reviews)
    before = names(bridge, "checkout")
    verdict = await bridge.carry_out(checkout)
    assert verdict.result == "did not work"
    assert "not permitted: needs get on pods/log" in verdict.evidence[0]
    assert names(bridge, "checkout") == before
    await bridge.works(catalog)
    assert [one for one in bridge.facts("missing") if one.startswith("catalog-")]


async def test_the_last_of_a_long_log_is_kept(keeping: Opener) -> None:
    bridge = await keeping()
    pod, *_ = pods_of(bridge.cluster, "catalog")
    say(bridge, pod, *(f"{number:06d} {'x' * 1500}" for number in range(4_200)))
    name = pod["metadata"]["name"]
    await bridge.does("capture", "catalog", instance=name)
    log = bridge.files()[name]["log.txt"]
    assert 5 * MIB - 4_000 < len(log) < 5 * MIB + 200
    assert log.startswith(b"--- only the last 5 MiB are kept: ")
    assert b" 004199 x" in log


async def test_lines_that_are_too_long_for_one_answer_are_asked_for_again(
    keeping: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "LOG_LIMIT", MIB // 4)
    bridge = await keeping()
    pod, *_ = pods_of(bridge.cluster, "catalog")
    quiet(bridge, pod)
    # One answer ends at 1 MiB, and would be without the newest lines.
    say(bridge, pod, *("a short one" for _ in range(1_500)), *(f"{number:06d} {'x' * 60_000}" for number in range(60)))
    name = pod["metadata"]["name"]
    await bridge.does("capture", "catalog", instance=name)
    log = bridge.files()[name]["log.txt"]
    assert b" 000059 x" in log, "the newest line is there"
    assert MIB // 8 < len(log) < MIB // 4 + 200
    assert bridge.facts("missing") == []


async def test_a_pod_that_is_gone_is_named_and_stops_nothing(keeping: Opener) -> None:
    bridge = await keeping()
    made = await bridge.made("restart", "catalog")
    gone, stays = pods_of(bridge.cluster, "catalog")
    bridge.cluster.objects.delete(BY_SHELF["pods"], gone, grace=0)
    await bridge.works(made)
    assert bridge.facts("missing") == [f"{gone['metadata']['name']}: it is gone"]
    assert [*bridge.files()] == [stays["metadata"]["name"]]


async def test_each_container_has_a_file_of_its_own(keeping: Opener) -> None:
    bridge = await keeping()
    pods = build.template("extra", "shop", "registry.example.com/shop/extra:1.0.0", grace=0)
    pods["spec"]["containers"].append(build.container("proxy", "registry.example.com/shop/proxy:1.0.0", ports=[]))
    bridge.cluster.objects.create(BY_SHELF[STORAGE["deployment"]], build.deployment("extra", "shop", pods))
    await bridge.stands("extra", 1)
    await bridge.does("capture", "extra")
    (files,) = bridge.files().values()
    assert sorted(files) == ["inspect.txt", "log-extra.txt", "log-proxy.txt"]


async def test_before_a_change_dumps_are_made_in_a_few_pods_unless_the_policy_wants_all(keeping: Opener) -> None:
    bridge = await keeping(replace(KEEP, verbs=("remove",)), threads=Capture(argv=("id",)))
    workload = await bridge.sees("checkout")
    first = workload.instances[0]
    five = tuple(replace(first, id=_another(first.id, number), name=safe(f"checkout-{number}")) for number in range(5))
    made = await bridge.operator.plan("restart", replace(workload, instances=(*workload.instances, *five[3:])), {})
    assert dict(made.operations[0].after)["kept in the evidence folder"].endswith("in 3 of them threads: id")
    await bridge.carry_out(replace(made, operations=made.operations[:1], service="checkout"))
    assert [len(files) for files in bridge.files().values() if "threads.txt" in files] == [3, 3, 3]
    bare = await bridge.made("remove", "checkout", instance=",".join(str(one.name) for one in workload.instances))
    assert dict(bare.operations[0].arguments)["dumped"] == "3"
    assert dict(bare.operations[0].after)["kept in the evidence folder"].endswith("events, threads: id")


async def test_what_takes_too_long_is_left_out_and_the_change_goes_on(keeping: Opener) -> None:
    bridge = await keeping()
    made = await bridge.made("restart", "catalog")
    first, *others = made.operations
    await bridge.works(replace(made, operations=(replace(first, deadline=0.0), *others)))
    assert bridge.files() == {}
    assert {one.partition(": ")[2] for one in bridge.facts("missing")} == {"no time was left for it"}


async def test_how_much_is_kept_of_many_pods_is_bounded_and_said(keeping: Opener) -> None:
    bridge = await keeping()
    workload = await bridge.sees("catalog")
    first = workload.instances[0]
    many = tuple(
        replace(first, id=_another(first.id, number), name=safe(f"catalog-{number}")) for number in range(120)
    )  # fmt: skip
    made = await bridge.operator.plan("restart", replace(workload, instances=many), {})
    kept = made.operations[0]
    assert kept.title == "keep the log of 120 pods: catalog-0, catalog-1 and others"
    told = dict(kept.after)["kept in the evidence folder"]
    assert told.startswith("of 100 of 120 pods, not ready ones first: logs (last 5 MiB each, the run before too; 40")
    assert (kept.deadline, kept.command) == (capture.LONGEST, "")
    assert dict(kept.arguments)["beyond"] == "20"


def _another(one: Identity, number: int) -> Identity:
    return replace(one, instance=f"uid-{number}")


async def test_nothing_is_asked_for_that_is_not_there(keeping: Opener) -> None:
    bridge = await keeping()
    workload = await bridge.sees("catalog")
    with pytest.raises(PlanRefused, match="capture catalog: pod absent is not there any more: look again"):
        await bridge.operator.plan("capture", workload, {"instance": "absent"})
    with pytest.raises(PlanRefused, match="there is no pod of which anything could be kept"):
        await bridge.operator.plan("capture", replace(workload, instances=()), {})
