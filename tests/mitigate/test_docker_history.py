"""Rolling back by what the journal knows of earlier images, on a real engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.backends.docker.client import EngineClient
from cockpit.backends.docker.revisions import revisions
from cockpit.board.model import Freshness, State
from cockpit.board.snapshot import Snapshot
from cockpit.engine.history import Remembered
from cockpit.incident.releases import ReleaseWatcher
from cockpit.profile.schema import Backend
from tests.mitigate.bridge import Bridge
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

WELL = Healthcheck("true", interval=0.3)
ILL = Healthcheck("exit 1", interval=0.3)


class Watched(Bridge):
    """A bridge whose journal is told what runs, as the engine's record does it."""

    async def open(self) -> None:
        await super().open()
        self.watcher = ReleaseWatcher("shop")
        Remembered(lambda: self.journal.entries, self.watcher).tell({"main": self.operator})

    async def deployed(self, image: str, state: State) -> None:
        """Somebody deploys; it is watched until all of it runs that image and is in that state."""
        if self.engine.api.containers():
            self.engine.cli("rm", "-f", "shop_web_1")
        self.engine.run("shop_web_1", ContainerSpec(image=image, labels=compose_labels("shop", "web")))

        def there(now: Snapshot) -> bool:
            live = all(one.freshness is Freshness.LIVE for one in now.sources)
            return live and any(
                service.state is state and [one.image for one in workload.instances if one.image_id] == [image]
                for service in now.services for workload in service.workloads
            )  # fmt: skip

        for draft in self.watcher.look(await self.board.until(there, within=PATIENCE)):
            await self.journal.append(draft)


@pytest.fixture
async def watched(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Watched]:
    bridge = Watched(docker_clean, tmp_path, {}, ())
    await bridge.open()
    yield bridge
    await bridge.close()


async def test_it_goes_back_to_what_ran_here_and_was_healthy(docker_clean: DockerEngine, watched: Watched) -> None:
    images = {
        name: docker_clean.import_image(f"till:{name}", healthcheck=check, labels={"release": name})
        for name, check in (("old", WELL), ("good", WELL), ("bad", ILL), ("newer", WELL))
    }
    await watched.deployed("till:old", State.OK)
    await watched.deployed("till:good", State.OK)
    await watched.deployed("till:bad", State.DOWN)
    # Of one the name is gone, of the other everything.
    docker_clean.cli("tag", "till:newer", "till:good")
    docker_clean.cli("rmi", "till:old")

    made = await watched.made("rollback", "web")
    good, *others = made.choices
    assert made.chosen == good[0]
    assert (good[0], dict(made.operations[-1].arguments)["id"]) == (images["good"], images["good"])
    assert good[1].startswith(f"good  {images['good'][7:15]}  healthy ")
    assert good[1].endswith(" · journal")
    told = {words.split("  ")[1]: words for _, words in others}
    assert told.keys() == {images["old"][7:15], images["newer"][7:15]}
    assert told[images["old"][7:15]].startswith(f"old  {images['old'][7:15]}  gone from this engine · ran ")
    assert told[images["newer"][7:15]].endswith(" ago · local image")
    assert ("last healthy", "not seen") in made.operations[-1].before
    for asked in ("old", images["old"]):
        with pytest.raises(PlanRefused, match=r"till:old [0-9a-f]{8} is gone from this engine: pull it"):
            await watched.made("rollback", "web", to=asked)

    workload = made.workload
    client = EngineClient("main", Backend(kind="docker", host=docker_clean.url), watched.clock, read_only=True)
    recorded = Remembered(lambda: watched.journal.entries, watched.watcher)
    now, *past = await revisions(client, watched.board.workloads()[workload], recorded.ran(workload))
    await client.close()
    assert (now.images, now.current, now.replicas, now.healthy) == (("till:bad",), True, 1, None)
    assert now.definition
    assert {one.name for one in past if one.gone} == {images["old"]}
    assert [one.name for one in past if one.healthy and not one.gone] == [images["good"]]
    assert not any(one.current for one in past)

    verdict = await watched.carry_out(made)
    assert verdict.result == "worked", verdict
    assert docker_clean.api.inspect("shop_web_1")["Image"] == images["good"]
