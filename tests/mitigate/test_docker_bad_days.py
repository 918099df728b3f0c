"""Verbs on a real engine when something is in the way: pruned, taken, stale, conflicting, refused, lost on the way."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Permit, PlanRefused
from cockpit.backends.docker.hands import Hands, Json
from cockpit.backends.docker.operate import DockerOperator
from cockpit.backends.docker.swarm_verbs import SwarmScale
from cockpit.board.clock import SystemClock
from cockpit.profile.schema import Backend
from tests.docker.alone import manager
from tests.docker.fake import FakeEngine
from tests.docker.proxy import Proxy
from tests.mitigate.bridge import Bridge
from tests.mitigate.opened import opened
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import IMAGE, DockerEngine

WELL = Healthcheck("true", interval=0.3)
Opener = Callable[..., Awaitable[Bridge]]


@pytest.fixture
async def open_bridge(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Opener]:
    async with opened() as every:

        async def open_one(through: str = "") -> Bridge:
            one = Bridge(docker_clean, tmp_path, {}, ())
            if through:
                one.operator = DockerOperator("main", Backend(kind="docker", host=through), one.clock)
            return await every.one(one)

        yield open_one


async def test_an_image_that_is_gone_is_told_before_anything_is_done(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    docker_clean.import_image("gone:v1", cmd=["true"])
    docker_clean.run("web", ContainerSpec(image="gone:v1"))
    docker_clean.cli("wait", "web")
    docker_clean.cli("image", "rm", "--force", "gone:v1")
    bridge = await open_bridge()
    with pytest.raises(PlanRefused, match="the image that it runs is gone from this engine: pull it first"):
        await bridge.made("recreate", "web")


async def test_what_an_interrupted_replacement_set_aside_gets_its_name_back(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    labels = compose_labels("shop", "web")
    one = docker_clean.run("shop_web_1", ContainerSpec(labels=labels, health=WELL))
    aside = f"{one[:12]}_shop_web_1"
    docker_clean.cli("rename", "shop_web_1", aside)
    taken = docker_clean.run("shop_web_1")
    bridge = await open_bridge()
    told = f"{aside}: left behind when a replacement was interrupted; recreate puts it right"
    assert told in (await bridge.made("restart", "web")).risks
    made = await bridge.made("recreate", "web")
    refused = await bridge.carry_out(made)
    assert refused.result == "did not work"
    assert f"in use by container {taken[:12]} (running, of no project): remove it" in refused.evidence[0]
    assert docker_clean.api.inspect(aside)["Id"] == one
    docker_clean.cli("rm", "--force", "shop_web_1")
    await bridge.does("recreate", "web")
    assert [row["Names"] for row in docker_clean.api.containers()] == [["/shop_web_1"]]


async def test_a_conflict_is_told_in_the_engines_words(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.run("web")
    bridge = await open_bridge()
    made = await bridge.made("pause", "web")
    docker_clean.cli("pause", "web")
    assert await bridge.operator.check(made.operations[0]) == "web is paused now (was running)"
    outcome = await bridge.operator.perform(Permit(made, "test"), made.operations[0])
    assert (outcome.accepted, "is already paused" in outcome.detail) == (False, True)


class Losing(Proxy):
    """Passes everything on but the answer to a restart: the connection ends in its place."""

    asked = False

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.asked and data.startswith(b"HTTP/1.1"):
                    self.asked = False
                    break
                self.asked = self.asked or (data.startswith(b"POST") and b"/restart" in data)
                writer.write(data)
                await writer.drain()
        self._writers.discard(writer)
        writer.transport.abort()


async def test_an_answer_that_is_lost_is_made_up_for_by_observation(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    docker_clean.run("web")
    async with Losing(docker_clean.socket) as proxy:
        bridge = await open_bridge(proxy.url)
        verdict = await bridge.carry_out(await bridge.made("restart", "web"))
    assert verdict.result == "worked"
    told = [entry for entry in bridge.story() if entry.startswith("result: ")]
    assert len(told) == 1
    assert "no answer (" in told[0]
    assert "it may have been done" in told[0]


async def test_a_permission_that_is_refused_is_told(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.run("web")
    bridge = await open_bridge()
    made = await bridge.made("restart", "web")
    denied = b'{"message":"authorization denied by plugin policy: restart is not allowed for oncall"}'
    path = f"/containers/{made.operations[0].target.instance}/restart"
    async with FakeEngine("1.41", {path: (403, "application/json", denied)}) as engine:
        operator = DockerOperator("main", Backend(kind="docker", host=engine.url), SystemClock())
        outcome = await operator.perform(Permit(made, "test"), made.operations[0])
        await operator.close()
    assert not outcome.accepted
    assert "authorization denied by plugin policy: restart is not allowed for oncall" in outcome.detail


class Stale(Hands):
    """Reads a version of a Swarm service that is older than it is, so often."""

    def __init__(self, of: Hands, times: int) -> None:
        super().__init__(of.client)
        self.times, self.read = times, 0

    async def whole(self, path: str) -> Json:
        found = await super().whole(path)
        self.read += 1
        if self.read <= self.times:
            found["Version"] = {"Index": 1}
        return found


async def test_a_swarm_service_is_set_rolled_back_and_its_stale_version_read_again(
    docker_clean: DockerEngine, open_bridge: Opener
) -> None:
    docker_clean.tag(IMAGE, "busybox:two")
    with manager(docker_clean) as engine:
        engine.cli(
            "service", "create", "--detach", "--no-resolve-image", "--name", "web", "--replicas", "2",
            "--stop-grace-period", "0s", "--update-parallelism", "0", "--rollback-parallelism", "0", IMAGE,
        )  # fmt: skip
        bridge = await open_bridge()
        done = await bridge.does("set", "web", 2, image="busybox:two", memory="32m")
        assert [one.verb for one in done.operations] == ["capture", "set"]
        assert len(bridge.kept()) == 4
        limits = service_spec(engine)["TaskTemplate"]["Resources"]["Limits"]
        assert limits["MemoryBytes"] == 32 << 20
        await bridge.undoes(done, 2)
        assert service_spec(engine)["TaskTemplate"]["ContainerSpec"]["Image"] == IMAGE
        assert bridge.temporary == ()
        back = await bridge.does("rollback", "web", 2)
        assert service_spec(engine)["TaskTemplate"]["ContainerSpec"]["Image"] == "busybox:two"
        assert "one step only: a second roll back returns to what runs now" in back.risks
        with pytest.raises(PlanRefused, match="web cannot be isolated: the swarm joins its tasks"):
            await bridge.made("isolate", "web", 2)
        made = await bridge.made("scale", "web", 2, replicas="3")
        stale = Stale(bridge.operator._hands, times=1)
        assert (await SwarmScale().perform(stale, made.operations[0])).accepted
        assert stale.read == 2
        assert service_spec(engine)["Mode"]["Replicated"]["Replicas"] == 3
        await bridge.sees("web", 3)


def service_spec(engine: DockerEngine) -> Json:
    spec: Json = engine.api.call("GET", "/services/web")["Spec"]
    return spec


async def test_a_container_that_is_being_removed_already(docker_clean: DockerEngine, open_bridge: Opener) -> None:
    docker_clean.run("web")
    bridge = await open_bridge()
    made = await bridge.made("remove", "web")
    docker_clean.cli("rm", "--force", "web")
    removing = replace(made, operations=made.operations[-1:])
    assert "the container is gone" in await bridge.operator.check(removing.operations[0])
    outcome = await bridge.operator.perform(Permit(removing, "test"), removing.operations[0])
    assert (outcome.accepted, "No such container" in outcome.detail) == (False, True)
