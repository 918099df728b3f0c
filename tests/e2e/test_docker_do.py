"""What the program is for, on a real Docker Engine as a user does it: by `cockpit do`, and by the screen's keys."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from tests.docker.alone import manager
from tests.e2e.brisk import brisk_argv
from tests.e2e.cursor import select
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import IMAGE, DockerEngine
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env
from tests.terminal import Terminal

Open = Callable[..., Terminal]
Json = dict[str, Any]
WELL = Healthcheck("true", interval=0.3)
ILL = Healthcheck("echo cannot reach the database; exit 1", interval=0.3)
WITHIN = ("--within", str(PATIENCE))
ONCE = "test -e /tmp/once && exit 3; touch /tmp/once; exec sleep 2147483647"
"""Runs when it is new, and ends at once whenever it is started again."""
PROFILE = """
version: 1
name: shop
backends:
  main: {kind: docker}
services:
  web: {tier: 3, workloads: [{compose: web}]}
  held: {tier: 3, workloads: [{compose: held}]}
  over: {tier: 3, workloads: [{compose: over}]}
  cut: {tier: 3, workloads: [{compose: cut}]}
"""
SWARM = """
version: 1
name: shop
backends:
  main: {kind: docker}
services:
  web: {tier: 3, workloads: [{swarm: web}]}
"""


class Cockpit:
    """The command line on one engine."""

    def __init__(self, engine: DockerEngine, home: Path, profile: str = PROFILE) -> None:
        self.home, self.file = home, home / "shop.yaml"
        self.file.write_text(profile)
        self.environment = {**clean_env(home), "DOCKER_HOST": engine.url}

    def do(self, exit_code: int, *words: str) -> Json:
        """`cockpit do WORDS --yes --json` in a process of its own; what it told."""
        argv = brisk_argv("--profile", str(self.file), "do", *words, "--yes", "--json", *WITHIN)
        done = subprocess.run(
            argv, env=self.environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=3 * PATIENCE, check=False
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        told: Json = json.loads(done.stdout)
        return told

    def undo(self, exit_code: int, told: Json) -> Json:
        """Take back what was told, by what it says of that itself."""
        verb, arguments = told["plan"]["operations"][-1]["inverse"]
        return self.do(exit_code, told["service"], verb, *(f"{name}={value}" for name, value in arguments))


def run(engine: DockerEngine, service: str, count: int = 1, **options: Any) -> None:
    for number in range(1, count + 1):
        engine.run(f"shop_{service}_{number}", ContainerSpec(labels=compose_labels("shop", service, number), **options))


def images(engine: DockerEngine) -> set[str]:
    return {str(row["Image"]) for row in engine.api.containers()}


def test_a_bad_release_is_rolled_back_and_the_way_forward_is_judged_too(
    docker_clean: DockerEngine, tmp_path: Path
) -> None:
    docker_clean.import_image("app:v1", healthcheck=WELL)
    docker_clean.import_image("app:v2", healthcheck=ILL)
    run(docker_clean, "web", image="app:v2")
    cockpit = Cockpit(docker_clean, tmp_path)
    told = cockpit.do(0, "web", "roll-back", "v1")
    assert told["verdict"]["result"] == "worked"
    assert images(docker_clean) == {"app:v1"}
    told = cockpit.undo(1, told)
    assert told["verdict"]["result"] == "did not work"
    assert "cannot reach the database); the old one was put back" in told["verdict"]["evidence"][0]
    assert images(docker_clean) == {"app:v1"}


def test_compose_from_two_to_four_and_back(docker_clean: DockerEngine, tmp_path: Path) -> None:
    run(docker_clean, "web", 2)
    cockpit = Cockpit(docker_clean, tmp_path)
    told = cockpit.do(0, "web", "scale", "4")
    assert told["verdict"]["evidence"][0].startswith("4 of 4 ready")
    assert len(docker_clean.api.containers()) == 4
    told = cockpit.undo(0, told)
    assert told["verdict"]["evidence"][0].startswith("2 of 2 ready")
    assert len(docker_clean.api.containers()) == 2


@pytest.fixture
def plan(
    docker_clean: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Json]:
    """`cockpit do WORDS --dry-run --json` in this process; what it planned."""

    def planned(*words: str, profile: str = PROFILE) -> Json:
        cockpit = Cockpit(docker_clean, tmp_path, profile)
        for name, value in cockpit.environment.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        status = main(["--profile", str(cockpit.file), "do", *words, "--dry-run", "--json", *WITHIN])
        shown = capsys.readouterr()
        assert status == 0, shown.err
        told: Json = json.loads(shown.out)
        assert (told["outcome"], told["verb"]) == ("planned", words[1])
        assert all(one["title"] and one["done_when"] for one in told["plan"]["operations"])
        return told

    return planned


def test_every_verb_of_a_container_is_planned_by_do_and_done_by_none(
    docker_clean: DockerEngine, plan: Callable[..., Json]
) -> None:
    docker_clean.import_image("app:v1")
    docker_clean.import_image("app:v2", labels={"release": "two"})
    docker_clean.cli("network", "create", "shop_default")
    run(docker_clean, "web", image="app:v2", network="shop_default")
    for service in ("held", "over", "cut"):
        run(docker_clean, service, network="shop_default")
    docker_clean.cli("pause", "shop_held_1")
    docker_clean.cli("kill", "shop_over_1")
    docker_clean.cli("network", "disconnect", "shop_default", "shop_cut_1")
    before = [docker_clean.api.inspect(f"shop_{name}_1") for name in ("web", "held", "over", "cut")]
    for words in (
        ("web", "restart"), ("web", "stop"), ("web", "pause"), ("web", "kill"), ("web", "remove"),
        ("web", "recreate"), ("web", "recreate", "scope=project"), ("web", "scale", "3"), ("web", "rollback", "v1"),
        ("web", "set", "image=v1"), ("web", "set", "memory=64m", "restart=always"), ("web", "isolate"),
        ("web", "capture"), ("web", "shell"), ("held", "resume"), ("over", "start"),
        ("cut", "connect", "networks=container=shop_cut_1 network=shop_default"),
    ):  # fmt: skip
        told = plan(*words)
        last = told["plan"]["operations"][-1]
        assert last["verb"] in (words[1], "set"), words
    after = [docker_clean.api.inspect(f"shop_{name}_1") for name in ("web", "held", "over", "cut")]
    assert [(one["Id"], one["State"]) for one in after] == [(one["Id"], one["State"]) for one in before]
    assert len(docker_clean.api.containers()) == 4


def test_a_swarm_service_is_rolled_back_by_do(
    docker_clean: DockerEngine, tmp_path: Path, plan: Callable[..., Json]
) -> None:
    docker_clean.tag(IMAGE, "busybox:two")
    with manager(docker_clean) as engine:
        engine.cli(
            "service", "create", "--detach", "--no-resolve-image", "--name", "web", "--stop-grace-period", "0s", IMAGE
        )
        engine.cli("service", "update", "--detach", "--no-resolve-image", "--image", "busybox:two", "web")
        engine.api.until(
            lambda: [row["Image"] for row in engine.api.containers() if row["State"] == "running"] == ["busybox:two"]
        )
        for words in (("restart",), ("scale", "3"), ("set", "memory=32m"), ("capture",)):
            plan("web", *words, profile=SWARM)
        told = Cockpit(engine, tmp_path, SWARM).do(0, "web", "rollback")
        assert told["verdict"]["result"] == "worked"
        assert any("one step only" in risk for risk in told["plan"]["risks"])
        spec = engine.api.call("GET", "/services/web")["Spec"]["TaskTemplate"]["ContainerSpec"]
        assert spec["Image"] == IMAGE


def focused(terminal: Terminal) -> str:
    """The button in brackets."""
    found = re.search(r"\[ ([^\[\]]+) \]", terminal.text())
    return found[1] if found else ""


def focus(terminal: Terminal, button: str) -> None:
    """Tab until a button has the focus: each is seen to have it before the next Tab, for other words change too."""
    for _ in range(8):
        before = focused(terminal)
        if before == button:
            return
        terminal.send("\t")
        terminal.until(lambda: focused(terminal) not in ("", before))  # noqa: B023 called before the next turn
    raise AssertionError(f"no button {button}\n{terminal.text()}")


def test_a_crash_loop_did_not_work_and_is_recreated_by_keys(
    docker_clean: DockerEngine, tmp_path: Path, open_terminal: Open
) -> None:
    run(docker_clean, "web", command=ONCE)
    first = docker_clean.api.inspect("shop_web_1")["Id"]
    cockpit = Cockpit(docker_clean, tmp_path)
    terminal = open_terminal(
        brisk_argv(str(cockpit.file)), cols=120, rows=40, env={"DOCKER_HOST": docker_clean.url}, home=tmp_path,
        cwd=CHECKOUT,
    )  # fmt: skip
    terminal.until(r"web +ok")
    select(terminal, "web")
    terminal.send("r")
    terminal.until(r"\[ No \]")
    focus(terminal, "Do it")
    terminal.send("\r")
    terminal.until(r"did not work after")
    focus(terminal, "Recreate")
    terminal.send("\r")
    terminal.until(r"replace shop_web_1 by one from")
    terminal.until(r"\[ No \]")
    focus(terminal, "Do it")
    terminal.send("\r")
    terminal.until(r"worked after")
    now = docker_clean.api.inspect("shop_web_1")
    assert (now["Id"] != first, now["State"]["Running"]) == (True, True)
