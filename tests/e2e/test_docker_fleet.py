"""Forty containers of three Compose projects: the screen, `cockpit check` and the engine's own list agree."""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.brisk import brisk_argv
from tests.e2e.test_docker_slice import BEFORE_A_LIST
from tests.parts.docker import DockerEngine
from tests.parts.fleet import PROJECTS, SIZE, Fleet
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

Json = dict[str, Any]


def check(engine: DockerEngine, home: Path) -> tuple[int, Json]:
    env = {**clean_env(home, "xterm-256color"), "DOCKER_HOST": engine.url}
    argv = brisk_argv("check", "--json", "--within", str(PATIENCE))  # it gives each answer of the engine a minute too
    done = subprocess.run(argv, env=env, cwd=CHECKOUT, capture_output=True, timeout=2 * PATIENCE, check=False)
    return done.returncode, json.loads(done.stdout)


def by_key(report: Json) -> dict[str, Json]:
    return {f"{service['scope']}/{service['name']}": service for service in report["services"]}


def listed(engine: DockerEngine) -> Counter[str]:
    """Running containers of each Compose service, as the engine itself lists them."""
    running: Counter[str] = Counter()
    for container in engine.api.containers():
        labels = container["Labels"]
        key = f"{labels['com.docker.compose.project']}/{labels['com.docker.compose.service']}"
        running[key] += container["State"] == "running"
    return running


def test_check_agrees_with_the_engine(docker_fleet: tuple[DockerEngine, Fleet], tmp_path: Path) -> None:
    engine, _ = docker_fleet
    code, report = check(engine, tmp_path)
    services = by_key(report)
    assert code == 1
    assert set(services) == {f"{project}/{name}" for project, names in PROJECTS.items() for name in names}
    assert sum(len(service["instances"]) for service in services.values()) == SIZE
    running = listed(engine)
    for key, service in services.items():
        if service["state"] == "ok":
            assert service["ready"] == running[key], key
    assert services["shop/search"]["state"] == "down"
    assert "index is corrupt" in services["shop/search"]["why"]
    assert services["billing/report"]["state"] == "down"
    assert "OOM killed" in services["billing/report"]["why"]
    assert services["shop/worker"]["state"] == "down"
    assert re.search(r"exit 1", services["shop/worker"]["why"])
    assert services["shop/web"]["ready"] == 4, "the two projects' web are never mixed up"
    assert services["billing/web"]["ready"] == 3
    healthy = {key for key, service in services.items() if service["state"] == "ok"}
    assert healthy == set(services) - {"shop/search", "billing/report", "shop/worker"}


def test_the_screen_agrees_and_follows_what_happens_outside(
    docker_fleet: tuple[DockerEngine, Fleet], open_terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    engine, _ = docker_fleet
    terminal = open_terminal(cockpit_argv(), cols=120, rows=40, env={"DOCKER_HOST": engine.url}, home=tmp_path)
    terminal.until(r"3 down.*14 ok")
    for row in (r"search +down +0/1", r"report +down +0/1", r"worker +down +0/1", r"shop/web +ok +4/4"):
        terminal.until(row)
    engine.cli("kill", "shop_cache_1")
    terminal.until(r"shop/cache +degraded +1/2.*137", within=BEFORE_A_LIST)
    engine.cli("pause", "shop_mail_1")
    terminal.until(r"shop/mail +(paused|degraded) +", within=BEFORE_A_LIST)
    engine.cli("start", "shop_cache_1")
    terminal.until(r"shop/cache +(starting|ok) +2/2", within=BEFORE_A_LIST)
    engine.cli("unpause", "shop_mail_1")
    terminal.until(r"shop/mail +(starting|ok) +2/2", within=BEFORE_A_LIST)


def test_a_restarted_daemon_is_lost_then_live_with_nothing_to_press(
    docker_fleet: tuple[DockerEngine, Fleet], open_terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    engine, _ = docker_fleet
    terminal = open_terminal(cockpit_argv(), cols=120, rows=40, env={"DOCKER_HOST": engine.url}, home=tmp_path)
    terminal.until(r"14 ok")
    engine.stop()
    try:
        terminal.until(r"lost")
        # One look: a frame may come in two pieces.
        terminal.until(lambda: "17 unknown" in terminal.text() and not re.search(r"[1-9]\d* ok", terminal.text()))
    finally:
        engine.start()
    terminal.until(r"live")
    terminal.until(r"14 ok")
