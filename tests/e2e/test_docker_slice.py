"""The cockpit in a real terminal on a real Docker Engine: what a responder does and sees."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.brisk import brisk_argv
from tests.e2e.cursor import select
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE
from tests.program import CHECKOUT, cockpit_argv
from tests.terminal import Terminal

Open = Callable[..., Terminal]
Argv = Callable[..., list[str]]
BEFORE_A_LIST = 25.0
"""Seconds within which only an event tells: containers are listed anew each 30 s."""

PROFILE = """
version: 1
name: shop
backends:
  main: {kind: docker, project: shop}
services:
  web: {tier: 2, workloads: [{compose: web}], depends_on: [db]}
  db: {tier: 3, workloads: [{compose: db}]}
  loop: {tier: 3, workloads: [{compose: loop}]}
"""


@pytest.fixture
def shop(docker_clean: DockerEngine) -> DockerEngine:
    """Three Compose services: two that run, and one that ends again whenever it is started."""
    quiet = "echo ready; exec sleep 2147483647"
    hostile = r"printf 'before \033]0;x\007[/] [@click=app.exit]\033[2J after\n'; exec sleep 2147483647"
    for service, command, restart in (
        ("web", hostile, "no"),
        ("db", quiet, "no"),
        ("loop", "sleep 1; echo FATAL no database >&2; exit 3", "no"),
    ):
        spec = ContainerSpec(command, labels=compose_labels("shop", service), restart=restart)
        docker_clean.run(f"shop-{service}-1", spec)
    return docker_clean


@pytest.fixture
def cockpit(shop: DockerEngine, tmp_path: Path, open_terminal: Open) -> Callable[..., Terminal]:
    profile = tmp_path / "shop.yaml"
    profile.write_text(PROFILE)

    def start(*words: str, cols: int = 80, rows: int = 24, program: Argv = cockpit_argv) -> Terminal:
        argv = program(str(profile), *words)
        env = {"DOCKER_HOST": shop.url}
        terminal = open_terminal(argv, cols=cols, rows=rows, env=env, home=tmp_path, cwd=CHECKOUT)
        terminal.until(r"web +(ok|down)")
        return terminal

    return start


def test_a_kill_from_outside_shows_by_its_event_with_its_exit_code(
    shop: DockerEngine, cockpit: Callable[..., Terminal]
) -> None:
    terminal = cockpit()
    shop.cli("kill", "shop-web-1")
    terminal.until(r"web +down.*137", BEFORE_A_LIST)


def restart(terminal: Terminal, service: str) -> None:
    select(terminal, service)
    terminal.send("r")
    terminal.until(r"Restart")
    terminal.until(lambda: "[ No ]" in terminal.text())
    terminal.send("\t")
    terminal.until(lambda: "[ Do it ]" in terminal.text())
    terminal.send("\r")


def test_a_restart_is_verified_and_stays_in_the_timeline(shop: DockerEngine, cockpit: Callable[..., Terminal]) -> None:
    terminal = cockpit(program=brisk_argv)
    shop.cli("kill", "shop-web-1")
    terminal.until(r"web +down")
    restart(terminal, "web")
    terminal.until(r"worked after")
    terminal.send("\x1b")
    terminal.until(r"web +ok")
    terminal.signal(signal.SIGTERM)
    terminal.wait_exit()
    again = cockpit()
    again.until(r"restart web: worked")


def test_a_crash_looping_service_is_judged_did_not_work(cockpit: Callable[..., Terminal]) -> None:
    terminal = cockpit()
    terminal.until(r"loop +down")
    restart(terminal, "loop")
    terminal.until(r"did not work after")


def test_read_only_changes_nothing(shop: DockerEngine, cockpit: Callable[..., Terminal]) -> None:
    terminal = cockpit("--read-only")
    before = shop.api.inspect("shop-web-1")["State"]["StartedAt"]
    select(terminal, "web")
    terminal.send("r")
    terminal.until(r"read-only")
    terminal.send("\t\r")
    terminal.quiet()
    assert shop.api.inspect("shop-web-1")["State"]["StartedAt"] == before


def test_a_stopped_daemon_is_lost_and_never_green_then_live_again(
    shop: DockerEngine, cockpit: Callable[..., Terminal]
) -> None:
    terminal = cockpit()
    shop.stop()
    try:
        terminal.until(r"lost")
        terminal.until(r"db +unknown")
        # Rows, card and counts are painted one after the other.
        terminal.gone(r"● ok|● [1-9]\d* ok")
    finally:
        shop.start()
    terminal.until(r"live")
    terminal.until(r"db +(down|ok)")


def test_a_hostile_log_line_stays_in_its_cell(cockpit: Callable[..., Terminal]) -> None:
    terminal = cockpit()
    select(terminal, "web")
    terminal.until(r"before \[/\] \[@click=app\.exit\] after")
    assert b"\x1b]0;x" not in bytes(terminal.raw)
    assert "web" in terminal.text()
    terminal.send("j")
    terminal.quiet()
    assert terminal.process.poll() is None


def test_a_stalled_terminal_and_a_hang_up_leave_no_process(
    shop: DockerEngine, cockpit: Callable[..., Terminal]
) -> None:
    terminal = cockpit()
    family = terminal.family()
    terminal.stall()
    # Keys fill the queue of unread output until Textual's writer blocks.
    for _ in range(60):
        os.kill(terminal.pid, signal.SIGWINCH)
    terminal.send("jkjkjkjk" * 8)
    terminal.signal(signal.SIGHUP)
    gone, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive, f"left behind: {alive}"
    assert gone


def test_one_changed_row_costs_at_most_400_bytes(shop: DockerEngine, cockpit: Callable[..., Terminal]) -> None:
    terminal = cockpit()
    select(terminal, "web")
    terminal.quiet(span=0.4)
    with terminal.measure(until=r"db +paused", span=0.0) as cost:
        shop.cli("pause", "shop-db-1")
    shop.cli("unpause", "shop-db-1")
    # The clock of the header and the ages go on meanwhile: what an idle screen may cost for as long as it took.
    assert cost.bytes <= 400 + 250 + 400 * int(cost.seconds), "a row, and the header's counts"
