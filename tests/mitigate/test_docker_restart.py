"""Restarting a Compose service all at once, and what its containers need to end, on a real engine through the door."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.backends.change import Permit, PlanRefused
from tests.mitigate.bridge import Bridge
from tests.mitigate.opened import opened
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import IMAGE, DockerEngine

TURN = "touch /both/$HOSTNAME; while [ $(ls /both | wc -l) -lt 2 ]; do sleep 0.1; done; echo ended clean; exit 0"
"""What a container does on TERM: it goes only when the other has been told to go as well."""

Open = Callable[[], Awaitable[Bridge]]


@pytest.fixture
async def open_bridge(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Open]:
    async with opened() as every:
        yield lambda: every.one(Bridge(docker_clean, tmp_path, {}, ()))


def run(engine: DockerEngine, number: int, command: str, grace: int, *words: str) -> None:
    """A replica with a stop_grace_period, which Compose hands to the engine as the container's own."""
    labels = (f"--label={key}={value}" for key, value in compose_labels("shop", "web", number).items())
    engine.cli(
        "run", "--detach", "--name", f"shop_web_{number}", "--stop-timeout", str(grace), *words, *labels, IMAGE,
        "sh", "-c", f"{command}; echo up; while :; do sleep 0.2; done",
    )  # fmt: skip
    until_up(engine, number, 1)


def until_up(engine: DockerEngine, number: int, times: int) -> None:
    """Until a replica has begun so often: what it does on TERM is set by then."""
    engine.api.until(lambda: engine.cli("logs", f"shop_web_{number}").count("up\n") == times)


async def test_all_replicas_are_restarted_together_and_each_has_its_grace(
    docker_clean: DockerEngine, open_bridge: Open
) -> None:
    for number in (1, 2):
        run(docker_clean, number, f"trap '{TURN}' TERM", 50, "--volume", "turns:/both")
    bridge = await open_bridge()
    made = await bridge.made("restart", "web", 2, together="yes")
    (operation,) = made.operations
    assert operation.title == "restart shop_web_1, shop_web_2 together"
    assert operation.command == f"docker -H {docker_clean.url} restart shop_web_1 shop_web_2"
    assert made.risks == ("all 2 at the same time: nothing answers from their stop (up to 50 s) until they are ready",)
    assert (made.danger, operation.deadline >= 50) == ("high", True)
    verdict = await bridge.carry_out(made)
    assert (verdict.result, verdict.evidence[0].startswith("2 of 2 ready")) == ("worked", True), verdict
    for number in (1, 2):
        assert docker_clean.cli("logs", f"shop_web_{number}").startswith("up\nended clean\n")


async def test_what_changed_meanwhile_is_not_restarted_together(docker_clean: DockerEngine, open_bridge: Open) -> None:
    for number in (1, 2, 3):
        run(docker_clean, number, "true", 0)
    docker_clean.cli("pause", "shop_web_3")
    bridge = await open_bridge()
    with pytest.raises(PlanRefused, match="together is yes, or left out, not both"):
        await bridge.made("restart", "web", 3, together="both")
    alone = await bridge.made("restart", "web", 3, together="yes", instance="shop_web_1")
    assert [str(one.title) for one in alone.operations] == ["restart shop_web_1"]
    made = await bridge.made("restart", "web", 3, together="yes")
    (operation,) = made.operations
    assert [one.instance for one in operation.instances] == [
        docker_clean.api.inspect(f"shop_web_{number}")["Id"] for number in (1, 2)
    ]
    docker_clean.cli("rm", "--force", "shop_web_2")
    gone = operation.instances[1].instance
    assert await bridge.operator.check(operation) == f"container {gone[:12]} is gone"
    outcome = await bridge.operator.perform(Permit(made, "test"), operation)
    assert not outcome.accepted
    assert outcome.detail.startswith("1 of 2 not restarted: ")
    assert gone in outcome.detail


async def test_what_ignores_term_is_killed_after_its_grace_and_judged_by_how_it_ended(
    docker_clean: DockerEngine, open_bridge: Open
) -> None:
    run(docker_clean, 1, "trap 'echo heard' TERM", 1)
    before = docker_clean.api.inspect("shop_web_1")["State"]["StartedAt"]
    bridge = await open_bridge()
    done = await bridge.does("restart", "web")
    assert any("(up to 1 s)" in risk for risk in done.risks)
    assert docker_clean.api.inspect("shop_web_1")["State"]["StartedAt"] > before
    until_up(docker_clean, 1, 2)
    await bridge.does("stop", "web")
    state = docker_clean.api.state("shop_web_1")
    assert (state["Running"], state["ExitCode"]) == (False, 137)
    assert docker_clean.cli("logs", "shop_web_1") == "up\nheard\n" * 2


@pytest.mark.parametrize(
    "verbs",
    [("stop", "start", "stop"), ("pause", "resume", "pause"), ("kill", "start")],
    ids=["stop and start", "pause and resume", "kill"],
)
async def test_each_verb_is_taken_back_by_its_inverse(
    docker_clean: DockerEngine, open_bridge: Open, verbs: tuple[str, ...]
) -> None:
    states = {"start": "running", "stop": "exited", "pause": "paused", "resume": "running", "kill": "exited"}
    docker_clean.run("web")
    bridge = await open_bridge()
    done = None
    for verb in verbs:
        done = await (bridge.does(verb, "web") if done is None else bridge.undoes(done))
        assert done.verb == verb
        assert docker_clean.api.state("web")["Status"] == states[verb]


@pytest.mark.parametrize("verb", ["stop", "kill", "remove"])
async def test_a_crash_loop_is_ended(docker_clean: DockerEngine, open_bridge: Open, verb: str) -> None:
    docker_clean.run("web", ContainerSpec("exit 3", restart="always"))
    # From its fourth start on it mostly waits for the next one: between the two no process is there to be told.
    docker_clean.api.until(lambda: docker_clean.api.inspect("web")["RestartCount"] >= 4)
    bridge = await open_bridge()
    await bridge.does(verb, "web")
    left = [row["State"] for row in docker_clean.api.containers()]
    assert left == ([] if verb == "remove" else ["exited"])
