"""Verbs that replace, set, isolate and keep, on a real engine through the door: done, seen, taken back."""

import hashlib
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.profile.captures import Capture
from cockpit.profile.policy import PolicyRule
from cockpit.profile.schema import Selector, Service
from tests.mitigate.bridge import Bridge
from tests.mitigate.opened import opened
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

WELL = Healthcheck("true", interval=0.3)
ILL = Healthcheck("echo cannot reach the database; exit 1", interval=0.3)
MIB = 1 << 20

Opener = Callable[..., Awaitable[Bridge]]


@pytest.fixture
async def open_bridge(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Opener]:
    async with opened() as every:

        async def open_one(policy: tuple[PolicyRule, ...] = (), **services: Service) -> Bridge:
            return await every.one(Bridge(docker_clean, tmp_path, services, policy))

        yield open_one


@pytest.fixture
def releases(docker_clean: DockerEngine) -> dict[str, str]:
    """Images of app by tag: v1 and v3 are well, v2 is ill."""
    return {
        tag: docker_clean.import_image(f"app:{tag}", healthcheck=check, labels={"release": tag})
        for tag, check in (("v1", WELL), ("v2", ILL), ("v3", WELL))
    }


def run_web(engine: DockerEngine, count: int = 1, service: str = "web", **options: Any) -> None:
    for number in range(1, count + 1):
        labels = compose_labels("shop", service, number) | options.pop("more", {})
        engine.run(f"shop_{service}_{number}", ContainerSpec(labels=labels, **options))


def printed(engine: DockerEngine, words: str, *names: str) -> None:
    """Until each container has printed it: that it runs says nothing of its first line."""
    engine.api.until(lambda: all(words in engine.cli("logs", name) for name in names))


def inspected(engine: DockerEngine, name: str = "shop_web_1") -> dict[str, Any]:
    found: dict[str, Any] = engine.api.inspect(name)
    return found


def check_kept(facts: list[str]) -> dict[str, bytes]:
    """The content of every file by its name; each is private and has the size and hash that were written down."""
    found = {}
    for fact in facts:
        path, size, _, _, digest = fact.rsplit(" ", 4)
        data = Path(path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size), digest)
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        found[Path(path).name] = data
    return found


async def test_a_bad_release_is_rolled_back_and_what_went_is_kept(
    docker_clean: DockerEngine, open_bridge: Opener, releases: dict[str, str]
) -> None:
    run_web(docker_clean, 2, image="app:v2", command="echo pool exhausted; exec sleep 1000")
    printed(docker_clean, "pool exhausted", "shop_web_1", "shop_web_2")
    bridge = await open_bridge()
    made = await bridge.made("rollback", "web", 2, to="v1")
    assert [(one.verb, str(one.title)) for one in made.operations] == [
        ("capture", "keep the log of shop_web_1"), ("rollback", "replace shop_web_1 by one from app:v1"),
        ("capture", "keep the log of shop_web_2"), ("rollback", "replace shop_web_2 by one from app:v1"),
    ]  # fmt: skip
    verdict = await bridge.carry_out(made)
    assert verdict.result == "worked", verdict
    assert verdict.evidence[0].startswith("2 of 2 ready for ")
    assert inspected(docker_clean)["Image"] == releases["v1"]
    kept = bridge.kept()
    assert len(kept) == 4
    assert b"out pool exhausted" in check_kept(kept)["log.txt"]
    # Forward again is ill: the old ones are put back, and that is told.
    inverse = made.operations[-1].inverse
    assert inverse is not None
    verdict = await bridge.carry_out(await bridge.made(inverse[0], "web", 2, **dict(inverse[1])))
    assert verdict.result == "did not work"
    assert "it is unhealthy: cannot reach the database); the old one was put back" in verdict.evidence[0]
    assert inspected(docker_clean)["Image"] == releases["v1"]


async def test_a_service_is_scaled_up_and_down_again(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    run_web(docker_clean, 2, command="echo up; exec sleep 1000")
    bridge = await open_bridge()
    done = await bridge.does("scale", "web", 2, replicas="4")
    assert [one.word for one in bridge.temporary] == ["scaled"]
    back = await bridge.undoes(done, 4)
    assert [one.verb for one in back.operations] == ["capture", "scale"]
    assert len(bridge.kept()) == 4, "log and description of both that went"
    assert bridge.temporary == ()
    assert len(docker_clean.api.containers()) == 2


async def test_limits_are_set_in_place_and_taken_back(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    run_web(docker_clean, 2, memory=128 * MIB)
    bridge = await open_bridge()
    before = inspected(docker_clean)
    made = await bridge.made("set", "web", 2, memory="64m", restart="on-failure:3")
    assert str(made.operations[0].title) == "set memory 64 MiB, restart on-failure:3 of shop_web_1"
    assert f"update --memory {64 * MIB} --memory-swap {64 * MIB} --restart on-failure:3 shop_web_1" in (
        made.operations[0].command
    )
    assert any("brings back what its files say" in risk for risk in made.risks)
    verdict = await bridge.carry_out(made)
    assert (verdict.result, verdict.evidence[0].startswith("2 of 2 set so")) == ("worked", True)
    now = inspected(docker_clean)
    assert (now["Id"], now["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert (now["HostConfig"]["Memory"], now["HostConfig"]["MemorySwap"]) == (64 * MIB, 64 * MIB)
    assert now["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert {one.word for one in bridge.temporary} == {"settings changed"}
    with pytest.raises(PlanRefused, match="it is set so already"):
        await bridge.made("set", "web", 2, memory="64M")
    await bridge.undoes(made, 2)
    assert inspected(docker_clean, "shop_web_2")["HostConfig"]["Memory"] == 128 * MIB
    assert bridge.temporary == ()


async def test_a_limit_is_taken_off_by_a_new_container(
    docker_clean: DockerEngine, open_bridge: Opener, releases: dict[str, str]
) -> None:
    run_web(docker_clean, image="app:v1")
    bridge = await open_bridge()
    done = await bridge.does("set", "web", memory="64m", cpus="0.5")
    assert inspected(docker_clean)["HostConfig"]["NanoCpus"] == 500_000_000
    back = await bridge.undoes(done)
    assert "the engine takes no limit off a container that exists: a new one takes its place" in back.risks
    host = inspected(docker_clean)["HostConfig"]
    assert (host["Memory"], host["NanoCpus"]) == (0, 0)
    assert bridge.temporary == ()


async def test_another_image_is_set_and_taken_back(
    docker_clean: DockerEngine, open_bridge: Opener, releases: dict[str, str]
) -> None:
    run_web(docker_clean, image="app:v1")
    bridge = await open_bridge()
    with pytest.raises(PlanRefused, match="the image app:v9 is not here: pull it"):
        await bridge.made("set", "web", image="v9")
    done = await bridge.does("set", "web", image="v3", memory="96m")
    now = inspected(docker_clean)
    assert (now["Image"], now["Config"]["Image"], now["HostConfig"]["Memory"]) == (releases["v3"], "app:v3", 96 * MIB)
    assert any("brings app:v1 back, unless its files say otherwise" in risk for risk in done.risks)
    assert [one.place for one in bridge.temporary] == ["shop_web_1"]
    await bridge.undoes(done)
    now = inspected(docker_clean)
    assert (now["Image"], now["Config"]["Image"], now["HostConfig"]["Memory"]) == (releases["v1"], "app:v1", 0)
    assert bridge.temporary == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing is to be set"),
        ({"memory": "5m"}, "memory is 512m, 2g, or none: no limit, not 5m"),
        ({"cpus": "many"}, "cpus is 1.5, or none: no limit, not many"),
        ({"cpus": "900"}, "cpus 900 is more than the"),
        ({"memory": "900t"}, "is more than the"),
        ({"restart": "sometimes"}, "restart is no, always"),
    ],
)
async def test_what_cannot_be_set_is_refused(
    docker_clean: DockerEngine, open_bridge: Opener, arguments: dict[str, str], words: str
) -> None:
    docker_clean.run("web")
    bridge = await open_bridge()
    with pytest.raises(PlanRefused, match=words):
        await bridge.made("set", "web", 1, **arguments)


async def test_less_memory_than_is_used_is_warned_of(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    eats = "dd if=/dev/zero of=/dev/shm/full bs=1M count=24; exec sleep 1000"
    docker_clean.run("web", ContainerSpec(eats, memory=64 * MIB))
    docker_clean.api.until(lambda: "24" in docker_clean.cli("exec", "web", "du", "-m", "/dev/shm"))
    bridge = await open_bridge()
    made = await bridge.made("set", "web", memory="8m")
    assert any("8 MiB is less: it may be ended (out of memory)" in risk for risk in made.risks)


async def test_a_service_is_isolated_and_connected_again(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.cli("network", "create", "shop_back")
    docker_clean.cli("network", "create", "--subnet", "10.83.240.0/24", "shop_default")
    run_web(docker_clean, 2, network="shop_back", command="exec httpd -f -p 80 -h /srv")
    for number in (1, 2):
        docker_clean.cli(
            "network", "connect", "--alias", "web", "--ip", f"10.83.240.{10 + number}", "shop_default",
            f"shop_web_{number}",
        )  # fmt: skip
    bridge = await open_bridge()
    before = {name: networks(docker_clean, name) for name in ("shop_web_1", "shop_web_2")}
    made = await bridge.made("isolate", "web", 2)
    assert [one.verb for one in made.operations] == ["capture", "isolate"] * 2
    assert made.danger == "high"
    verdict = await bridge.carry_out(made)
    assert (verdict.result, verdict.evidence[0].startswith("2 of 2 off the network")) == ("worked", True)
    assert inspected(docker_clean)["NetworkSettings"]["Networks"] == {}
    assert inspected(docker_clean)["State"]["Running"]
    assert {one.word for one in bridge.temporary} == {"isolated"}
    await bridge.board.until(lambda now: [one.why for one in now.services] == ["isolated: on no network"], PATIENCE)
    with pytest.raises(PlanRefused, match="it is on no network"):
        await bridge.made("isolate", "web", 2)
    back = await bridge.undoes(made, 2)
    assert [str(one.title) for one in back.operations] == [
        "connect shop_web_1 to shop_back, shop_default",
        "connect shop_web_2 to shop_back, shop_default",
    ]
    assert {name: networks(docker_clean, name) for name in before} == before
    assert bridge.temporary == ()


def networks(engine: DockerEngine, name: str) -> dict[str, tuple[set[str], str]]:
    """(names that the container has in it, its fixed address) by network."""
    whole = inspected(engine, name)
    return {
        network: (set(found["Aliases"] or ()), (found["IPAMConfig"] or {}).get("IPv4Address", ""))
        for network, found in whole["NetworkSettings"]["Networks"].items()
    }


async def test_what_is_not_on_a_network_of_its_own_cannot_be_isolated(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    docker_clean.run("web", ContainerSpec(network="host"))
    docker_clean.run("alone", ContainerSpec(network="none"))
    bridge = await open_bridge()
    with pytest.raises(PlanRefused, match="web uses the network of its host"):
        await bridge.made("isolate", "web")
    with pytest.raises(PlanRefused, match="alone: it is on no network"):
        await bridge.made("isolate", "alone")
    with pytest.raises(PlanRefused, match="belongs to nothing; container=NAME network=NAME"):
        await bridge.made("connect", "alone", networks="network=shop_default")


CAPTURES = {
    "threads": Capture(argv=("sh", "-c", "echo main waits for $KEY"), environment={"KEY": "${SET}"}),
    "heap": Capture(argv=("sh", "-c", "head -c 3000000 /dev/zero > /tmp/heap.bin"), file="/tmp/heap.bin", limit=2),
    "broken": Capture(argv=("sh", "-c", "echo half; exit 4")),
    "absent": Capture(argv=("jstack", "1"), environment={"KEY": "${UNSET}"}),
}


async def test_what_is_known_of_an_instance_is_kept(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.run("web", ContainerSpec("echo password=abc123 hunter22; exec sleep 1000", env={"KEY": "abc123"}))
    printed(docker_clean, "hunter22", "web")
    bridge = await open_bridge(web=Service(workloads=(Selector(container="web"),), captures=CAPTURES))
    made = await bridge.made("capture", "web")
    (operation,) = made.operations
    assert "threads: sh -c 'echo main waits for $KEY'" in dict(operation.after)["kept in the evidence folder"]
    verdict = await bridge.carry_out(made)
    # It was asked for, and something is missing: that has not worked, and what there is is kept all the same.
    assert verdict.result == "did not work"
    assert "absent: UNSET is not set in the cockpit's environment" in verdict.evidence[0]
    kept = check_kept(bridge.kept())
    assert sorted(kept) == ["broken.txt", "heap.bin", "inspect.txt", "log.txt", "threads.txt"]
    assert kept["log.txt"].endswith(b" out password=*** ***\n")
    assert b"KEY=***" in kept["inspect.txt"]
    assert kept["threads.txt"] == b"main waits for hunter22\n", "a dump is kept as it is"
    assert kept["heap.bin"] == bytes(2 * MIB)
    missing = bridge.kept("missing")
    assert "heap.bin: cut at 2 MiB" in missing
    assert "broken.txt: sh ended with exit 4" in missing


async def test_nothing_goes_unkept_where_the_policy_says_so(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.run("web")
    docker_clean.run("other")
    rule = PolicyRule(need="capture", verbs=("remove",), tiers=(2,), why="the review needs it")
    bridge = await open_bridge(
        (rule,),
        web=Service(workloads=(Selector(container="web"),), captures={"absent": CAPTURES["absent"]}, tier=2),
        other=Service(workloads=(Selector(container="other"),), captures={"absent": CAPTURES["absent"]}),
    )
    verdict = await bridge.carry_out(await bridge.made("remove", "web"))
    assert verdict.result == "did not work"
    assert "(the policy wants it kept: the review needs it)" in verdict.evidence[0]
    assert inspected(docker_clean, "web")["State"]["Running"]
    made = await bridge.does("remove", "other")
    assert [one.verb for one in made.operations] == ["capture", "remove"]
    assert bridge.kept("missing") == ["absent: UNSET is not set in the cockpit's environment"] * 2
    assert len(check_kept(bridge.kept())) == 2
    assert len(bridge.kept()) == 4


async def test_a_project_is_recreated_in_the_order_of_its_dependencies(
    docker_clean: DockerEngine, open_bridge: Opener, releases: dict[str, str]
) -> None:
    needs = "com.docker.compose.depends_on"
    run_web(docker_clean, service="api", image="app:v1", more={needs: "db:service_healthy:false"})
    run_web(docker_clean, service="db", image="app:v3")
    # What an interrupted replacement of the first left behind goes with it.
    left = docker_clean.run(
        "0123456789ab_shop_db_1", ContainerSpec(image="app:v3", labels=compose_labels("shop", "db", 1))
    )
    bridge = await open_bridge()
    await bridge.sees("db", 2)
    made = await bridge.made("recreate", "api", scope="project")
    done = [(one.verb, one.target.name) for one in made.operations if one.verb != "capture"]
    assert sorted(done[:2]) == [("recreate", "db"), ("remove", "db")]
    assert done[2:] == [("recreate", "api")]
    assert made.danger == "high"
    old = {name: inspected(docker_clean, name)["Id"] for name in ("shop_db_1", "shop_api_1")}
    verdict = await bridge.carry_out(made)
    assert verdict.result == "worked", verdict
    now = {str(row["Names"][0]).lstrip("/"): row["Id"] for row in docker_clean.api.containers()}
    assert sorted(now) == ["shop_api_1", "shop_db_1"]
    assert not {*now.values()} & {left, *old.values()}
    with pytest.raises(PlanRefused, match=r"scope is project \(without instance\) or left out, not all"):
        await bridge.made("recreate", "api", scope="all")


async def test_a_restart_that_did_not_work_leads_to_a_recreation(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    once = "test -e /tmp/once && exit 3; touch /tmp/once; exec sleep 1000"
    docker_clean.run("web", ContainerSpec(once, health=WELL))
    docker_clean.api.until(lambda: "once" in docker_clean.cli("exec", "web", "ls", "/tmp"))
    bridge = await open_bridge()
    made = await bridge.made("restart", "web")
    assert (await bridge.carry_out(made)).result == "did not work"
    assert made.otherwise is not None
    verb, arguments = made.otherwise
    again = await bridge.made(verb, "web", 1, **dict(arguments))
    assert again.operations[-1].verb == "recreate"
    verdict = await bridge.carry_out(again)
    assert verdict.result == "worked", verdict
