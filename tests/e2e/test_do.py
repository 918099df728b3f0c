"""`cockpit do` as a process: exit codes, the question on a terminal, and a real Docker Engine."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.board.clock import SystemClock
from cockpit.demo.launch import DemoHost
from tests.alone import alone_argv
from tests.e2e.brisk import brisk_argv
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

Open = Callable[..., Terminal]
Argv = Callable[..., list[str]]
WITHIN = ("--within", str(PATIENCE))
"""What runs is seen as late as that: the ten seconds that a person waits are few on a busy machine."""
TRIES = 20


@contextmanager
def running(pace: float) -> Iterator[Path]:
    """A home in whose runtime directory a demo runs, as if somebody had it open."""
    home = Path(tempfile.mkdtemp(prefix="do-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", clean_env(home)["XDG_RUNTIME_DIR"])
        host = DemoHost.start(pace)
    try:
        asyncio.run(host.ready(SystemClock()))
        yield home
    finally:
        asyncio.run(host.close(SystemClock()))
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def shop() -> Iterator[Path]:
    with running(0.2) as home:
        yield home


@pytest.fixture(scope="module")
def slow_shop() -> Iterator[Path]:
    """One in which a verdict takes half a minute: whoever interrupts comes before it."""
    with running(3.0) as home:
        yield home


def do(
    home: Path, *words: str, profile: str = "demo", program: Argv = cockpit_argv, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program("--profile", profile, "do", *words, *WITHIN),
        env={**clean_env(home), **env}, cwd=CHECKOUT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
    )  # fmt: skip


def test_a_dry_run_prints_the_plan_and_does_nothing(shop: Path) -> None:
    done = do(shop, "checkout", "rollback", "--dry-run")
    assert done.returncode == 0
    assert "1 roll checkout from 3.8.1 back to 3.8.0" in done.stdout
    assert "same as  cockpit --profile demo do checkout rollback 3.8.0" in done.stdout
    assert "nothing was done" in done.stdout
    assert "3.8.1 since" in do(shop, "checkout", "rollback", "--dry-run").stdout


def test_check_assesses_a_demo_that_runs(shop: Path) -> None:
    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            cockpit_argv("check", "demo", "--json", *WITHIN),
            env=clean_env(shop), cwd=CHECKOUT, capture_output=True, text=True, timeout=2 * PATIENCE, check=False,
        )  # fmt: skip

    # Its probes give a second to each answer: on a busy machine one of eight may miss it, and is asked again.
    done = check()
    for _ in range(1, TRIES):
        if done.returncode == 0:
            break
        done = check()
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (0, "ok"), done.stdout
    assert {one["name"]: (one["ready"], one["desired"]) for one in told["services"]} == {
        "cart": (1, 1), "catalog": (2, 2), "checkout": (1, 1), "gateway": (1, 1), "orders-db": (1, 1),
        "payments": (1, 1),
    }  # fmt: skip


def test_worked_is_0_and_its_json_holds_plan_and_verdict(shop: Path) -> None:
    done = do(shop, "catalog", "restart", "--yes", "--json", "instance=catalog-1", program=brisk_argv)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["version"], told["outcome"], told["verdict"]["result"]) == (1, "worked", "worked")
    assert [one["title"] for one in told["plan"]["operations"]] == ["restart catalog-1"]


def test_what_was_not_confirmed_is_refused(shop: Path) -> None:
    done = do(shop, "cart", "restart", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["outcome"] == "refused"
    assert "--yes" in done.stderr
    done = do(shop, "cart", "restart", "--yes", "--read-only")
    assert (done.returncode, "read-only" in done.stderr) == (3, True)
    done = do(shop, "orders-db", "scale", "2", "--yes")
    assert (done.returncode, "one writer and one data folder" in done.stderr) == (3, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("catalg", "restart"), "is catalog meant?"),
        (("catalog", "fly"), "what can: restart,"),
        (("catalog", "scale"), "scale needs replicas"),
        (("catalog", "scale", "3", "--on", "x"), "does not run on x, but on demo"),
        (("catalog",), "arguments are required: VERB"),
    ],
)
def test_wrong_use_is_64_and_says_what_is_right(shop: Path, words: tuple[str, ...], said: str) -> None:
    done = do(shop, *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert said in done.stderr


def test_what_is_not_seen_cannot_be_told(tmp_path: Path) -> None:
    done = do(tmp_path, "cart", "restart", "--yes", program=alone_argv)
    assert done.returncode == 2
    assert "no demo runs here: cockpit demo starts one" in done.stderr


def ask(open_terminal: Open, shop: Path, *words: str, program: Argv = cockpit_argv) -> Terminal:
    argv = program("--profile", "demo", "do", *words, *WITHIN)
    return open_terminal(argv, cols=100, rows=40, home=shop, cwd=CHECKOUT)


@pytest.mark.parametrize("answer", ["\r", "n\r", "\x04"])
def test_on_a_terminal_no_is_the_default(shop: Path, open_terminal: Open, answer: str) -> None:
    terminal = ask(open_terminal, shop, "cart", "restart")
    terminal.until(r"Do it\? \[y/N\]")
    terminal.send(answer)
    assert terminal.wait_exit() == 3
    assert "not confirmed: nothing was done" in terminal.text()


def test_a_critical_service_is_confirmed_by_its_name(shop: Path, open_terminal: Open) -> None:
    terminal = ask(open_terminal, shop, "gateway", "restart")
    terminal.until(r"Type gateway to confirm \(tier 1\)")
    terminal.send("y\r")
    assert terminal.wait_exit() == 3
    terminal = ask(open_terminal, shop, "gateway", "restart", program=brisk_argv)
    terminal.until(r"Type gateway to confirm")
    terminal.send("gateway\r")
    terminal.until(r"worked after")
    assert terminal.wait_exit() == 0


def test_interrupted_it_goes_to_a_safe_point_and_says_what_was_done(slow_shop: Path, open_terminal: Open) -> None:
    terminal = ask(open_terminal, slow_shop, "catalog", "restart", "--yes")
    terminal.until(r"step 1 restart catalog-1: done")
    terminal.send("\x03")
    terminal.until(r"stopping at the next safe point")
    assert terminal.wait_exit() == 2
    assert "unknown after" in terminal.text()


PROFILE = """
version: 1
name: shop
backends:
  main: {kind: docker, project: shop}
services:
  web: {tier: 2, workloads: [{compose: web}]}
  loop: {tier: 3, workloads: [{compose: loop}]}
"""


@pytest.fixture
def docker_shop(docker_clean: DockerEngine, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`cockpit do` on a Compose project of two services, one of which ends whenever it is started."""
    for service, command in (("web", "exec sleep 2147483647"), ("loop", "sleep 1; exit 3")):
        docker_clean.run(f"shop-{service}-1", ContainerSpec(command, labels=compose_labels("shop", service)))
    (tmp_path / "shop.yaml").write_text(PROFILE)
    profile, host = str(tmp_path / "shop.yaml"), docker_clean.url
    return lambda *words, program=cockpit_argv: do(tmp_path, *words, profile=profile, program=program, DOCKER_HOST=host)


def test_on_docker_it_does_what_its_plan_says(
    docker_clean: DockerEngine, docker_shop: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    docker_clean.cli("kill", "shop-web-1")
    done = docker_shop("web", "restart", "--dry-run")
    assert (done.returncode, "restart shop-web-1" in done.stdout) == (0, True), done.stderr
    assert docker_clean.api.inspect("shop-web-1")["State"]["Running"] is False
    done = docker_shop("web", "restart", "--yes", program=brisk_argv)
    assert done.returncode == 0, done.stdout + done.stderr
    assert docker_clean.api.inspect("shop-web-1")["State"]["Running"] is True


def test_on_docker_what_crashes_again_did_not_work(
    docker_clean: DockerEngine, docker_shop: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    # It has ended before the plan is made: else it may end between plan and change, which is another target then.
    docker_clean.api.until(lambda: not docker_clean.api.state("shop-loop-1")["Running"])
    done = docker_shop("loop", "restart", "--yes", "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["verdict"]["result"] == "did not work"


def test_without_the_engine_it_cannot_tell(
    docker_clean: DockerEngine, docker_shop: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    docker_clean.stop()
    try:
        done = docker_shop("web", "restart", "--yes")
    finally:
        docker_clean.start()
    assert done.returncode == 2
    assert os.path.basename(docker_clean.url) in done.stderr or "lost" in done.stderr


def test_a_terminal_that_hangs_up_stops_it_safely(slow_shop: Path, open_terminal: Open) -> None:
    terminal = ask(open_terminal, slow_shop, "catalog", "restart", "--yes")
    terminal.until(r"step 1 restart catalog-1: done")
    terminal.signal(signal.SIGHUP)
    terminal.until(lambda: terminal.process.poll() is not None)
    assert terminal.process.returncode == 2
