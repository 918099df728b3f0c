"""A shell in a pod: bytes in both directions, its size, its end, however that comes about; and who may not open one."""

import asyncio

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.change import Permit, Plan, PlanRefused
from cockpit.backends.kubernetes.operate import session
from cockpit.backends.kubernetes.operate.session import PodShell
from cockpit.backends.shell import Ended, Size
from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.demo.kubernetes.kubelet.shell import Done
from cockpit.engine.console import Console
from tests.kubernetes.emulator.waiting import pods_of
from tests.kubernetes.operate.bridge import STORAGE, Bridge
from tests.parts.shell import end_of, printed

WITHIN = 60.0
"""Seconds: a bound on hanging."""
SIZE = Size(100, 30)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take long to send a signal, and to see what came of it."""
    for name, value in (("SIGNAL_WITHIN", WITHIN), ("ROUNDS", ((("HUP", "CONT"), WITHIN),)), ("CLOSED_WITHIN", WITHIN)):
        monkeypatch.setattr(session, name, value)


async def opened(bridge: Bridge, plan: Plan) -> PodShell:
    return await bridge.operator.open_shell(Permit(plan, "test"), plan.operations[0], SIZE, "xterm-256color")


async def with_sidecar(bridge: Bridge) -> None:
    """A Deployment `extra` whose pod has two containers."""
    pods = build.template("extra", "shop", "registry.example.com/shop/extra:1.0.0", grace=0)
    pods["spec"]["containers"].append(build.container("proxy", "registry.example.com/shop/proxy:1.0.0", ports=[]))
    bridge.cluster.objects.create(BY_SHELF[STORAGE["deployment"]], build.deployment("extra", "shop", pods))
    await bridge.stands("extra", 1)


async def test_bytes_size_and_exit_code(bridge: Bridge) -> None:
    workload = await bridge.sees("web")
    plan = await bridge.made("shell", "web")
    (operation,) = plan.operations
    pod = workload.instances[0]
    assert (operation.target, operation.done_when, operation.inverse) == (pod.id, "ended", None)
    assert operation.title == f"shell in {pod.name}: bash or sh"
    assert operation.command == f"kubectl --context demo -n shop exec -it {pod.name} -c web -- sh"
    assert dict(plan.where)["checked"] == "permitted (create and get pods/exec in shop)"
    assert [value for value, _ in plan.choices] == [one.id.instance for one in workload.instances]
    assert await bridge.operator.check(operation) == ""
    one = await opened(bridge, plan)
    await one.write(b"hostname\r")
    await printed(one, f"{pod.name}\r\n".encode())
    await one.write(b"stty size\r")
    await printed(one, b"30 100\r\n")
    await one.resize(Size(90, 20))
    await one.write(b"stty size\r")
    await printed(one, b"20 90\r\n")
    await one.write(b"exit 3\r")
    assert await end_of(one) == Ended(exit_code=3)


async def test_one_of_several_containers_and_pods_is_picked(bridge: Bridge) -> None:
    await with_sidecar(bridge)
    plan = await bridge.made("shell", "extra")
    uid = plan.operations[0].target.instance
    assert [value for value, _ in plan.choices] == [f"{uid}/extra", f"{uid}/proxy"]
    other = await bridge.made("shell", "extra", instance=f"{uid}/proxy", command="cat '/etc/a b'")
    (operation,) = other.operations
    assert operation.title.endswith("/proxy: cat '/etc/a b'")
    assert operation.command.endswith("-c proxy -- cat '/etc/a b'")
    bridge.cluster.shell.programs["cat"] = lambda inside, argv, _: Done(0, f"{inside.container['name']} {argv}\n")
    one = await opened(bridge, other)
    await printed(one, b"proxy ['/etc/a b']\r\n")
    assert await end_of(one) == Ended(exit_code=0)
    for asked, why in (("absent", "no pod absent of it runs"), (f"{uid}/absent", r"no container absent runs in .*")):
        with pytest.raises(PlanRefused, match=f"^shell extra: {why}"):
            await bridge.made("shell", "extra", instance=asked)


async def test_hung_up_it_ends_and_nothing_of_it_stays(bridge: Bridge) -> None:
    one = await opened(bridge, await bridge.made("shell", "web"))
    await one.write(b"echo here\r")
    await printed(one, b"here\r\n")
    async with asyncio.timeout(WITHIN):
        assert await one.end() == Ended(exit_code=129, forced=True)


async def test_a_connection_that_breaks_is_told(bridge: Bridge) -> None:
    one = await opened(bridge, await bridge.made("shell", "web"))
    await one.write(b"echo here\r")
    await printed(one, b"here\r\n")
    await bridge.kubernetes.emulator.server.hang_up()
    with pytest.raises(SourceError, match="the connection to the pod"):
        await end_of(one)
    ended = await one.end()
    assert (ended.exit_code, ended.forced) == (None, True)
    assert ended.remark == "it may still run there: it was told to end over another connection"


async def test_an_image_without_a_shell_says_so(bridge: Bridge) -> None:
    for name in ("sh", "bash"):
        bridge.cluster.shell.programs.pop(name)
    plan = await bridge.made("shell", "web")
    with pytest.raises(SourceError, match=r"container web of web-.* has no /bin/sh: say another program with command="):
        await opened(bridge, plan)
    other = await bridge.made("shell", "web", command="whoami")
    assert await end_of(await opened(bridge, other)) == Ended(exit_code=0)
    absent = await bridge.made("shell", "web", command="/no/such")
    with pytest.raises(
        SourceError, match=r'/no/such cannot be started in web-.*: exec: "such": executable file not fou'
    ):
        await opened(bridge, absent)


async def test_what_may_not_be_opened_is_refused_when_it_is_planned(bridge: Bridge) -> None:
    workload, plan = await bridge.sees("web"), await bridge.made("shell", "web")
    with pytest.raises(PlanRefused, match="no secret may stand in it"):
        await bridge.operator.plan("shell", workload, {"command": "psql postgres://me:hunter2@db/shop"})
    with pytest.raises(PlanRefused, match="cannot be read as a command"):
        await bridge.operator.plan("shell", workload, {"command": "sh -c 'x"})
    reads, reviews = Grant(("get", "list", "watch")), Grant(("create",), ("selfsubjectaccessreviews",))
    bridge.cluster.policy.grants[ADMIN] = (reads, reviews)
    with pytest.raises(PlanRefused, match=r"you are not permitted to create pods/exec in shop$"):
        await bridge.operator.plan("shell", workload, {})
    bridge.cluster.policy.grants[ADMIN] = (
        *(Grant((verb,), ("pods", "namespaces")) for verb in ("get", "list", "watch")), reviews,
        Grant(("create",), ("pods/exec",)),
    )  # fmt: skip
    with pytest.raises(PlanRefused, match=r"you are not permitted to get pods/exec in shop$"):
        await bridge.operator.plan("shell", workload, {})
    bridge.cluster.policy.grants[ADMIN] = (reads, reviews)
    with pytest.raises(SourceError, match=r"no command may be run in web-.*: needs create and get on pods/exec"):
        await opened(bridge, plan)


async def test_a_pod_that_is_gone_meanwhile_is_seen_before_anything_is_opened(bridge: Bridge) -> None:
    plan = await bridge.made("shell", "web")
    name = dict(plan.operations[0].arguments)["pod"]
    (pod,) = [one for one in pods_of(bridge.cluster, "web") if one["metadata"]["name"] == name]
    bridge.cluster.objects.delete(BY_SHELF["pods"], pod, grace=0)
    assert await bridge.operator.check(plan.operations[0]) == f"pod {name} is gone"
    with pytest.raises(SourceError, match=f"{name} is gone: no command can be run in it"):
        await opened(bridge, plan)


async def test_through_the_door_it_is_attended_and_its_end_is_recorded(bridge: Bridge) -> None:
    plan = await bridge.made("shell", "web")
    attached = asyncio.Event()
    console = Console(SIZE, "xterm", attached.set)
    doing = asyncio.ensure_future(bridge.door.perform(plan, typed_name="web", terminal=console))
    async with asyncio.timeout(WITHIN):
        await attached.wait()
        console.person.sendall(b"exit 4\r")
        verdict = await doing
    console.dispose()
    assert verdict.result == "worked"
    assert verdict.evidence[0].startswith("ended with exit 4 after ")
