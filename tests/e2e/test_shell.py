"""A shell in a container, opened from the screen or by `cockpit do`, in a real terminal on a real Docker Engine."""

import asyncio
import contextlib
import queue
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cockpit.incident.store import Store
from tests.docker.proxy import Proxy
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.program import CHECKOUT, clean_env, cockpit_argv
from tests.terminal import Terminal

Open = Callable[..., Terminal]
Cockpit = Callable[..., Terminal]
WITHIN = 60.0
"""Seconds after which something hangs: a busy machine may take long for anything."""
SEEN = ("--within", str(WITHIN))
PROFILE = """
version: 1
name: shop
backends:
  main: {kind: docker, project: shop}
services:
  web: {tier: 2, workloads: [{compose: web}]}
"""
MOUSE, PASTE, ALTERNATE, CURSOR_KEYS = 1000, 2004, 1049, 1
STATE = "state/cockpit/journal.db"


@pytest.fixture
def shop(docker_clean: DockerEngine) -> DockerEngine:
    docker_clean.run("shop-web-1", ContainerSpec("exec sleep 2147483647", labels=compose_labels("shop", "web")))
    return docker_clean


@pytest.fixture
def cockpit(shop: DockerEngine, tmp_path: Path, open_terminal: Open) -> Cockpit:
    profile = tmp_path / "shop.yaml"
    profile.write_text(PROFILE)

    def start(*words: str, url: str = shop.url) -> Terminal:
        argv = cockpit_argv("--profile", str(profile), *words)
        return open_terminal(argv, cols=100, rows=30, env={"DOCKER_HOST": url}, home=tmp_path, cwd=CHECKOUT)

    return start


def entries(home: Path, kind: str) -> list[tuple[str, dict[str, str]]]:
    """(text, facts) of the journal's entries of a kind, oldest first."""
    store = Store(home / STATE)
    try:
        return [(one.text, dict(one.facts)) for one in store.newest() if one.kind == kind]
    finally:
        store.close()


ROW, BUTTON = r"^[>❯▸] .*", r"\[ [^\]\n]+ \]"
"""What is chosen: a line of a list, a button."""


def move(terminal: Terminal, key: str, chosen: str) -> None:
    """A key, until another one is chosen: ages and clocks on the screen change by themselves."""

    def now() -> list[str]:
        return re.findall(chosen, terminal.text(), re.MULTILINE)

    before = now()
    terminal.send(key)
    terminal.until(lambda: now() != before, WITHIN)


def preview(terminal: Terminal) -> None:
    """From the overview to the shell's dialog."""
    terminal.until(r"^.\S*2 web +ok", WITHIN)
    terminal.send("a")
    terminal.until(r"Actions on web", WITHIN)
    for _ in range(30):
        if any(re.match(r"^[>❯▸] *Shell", line) for line in terminal.text().splitlines()):
            break
        move(terminal, "\x1b[B", ROW)
    terminal.send("\r")
    # What it may be told (which container, which command) can be left out.
    terminal.until(r"Show the plan|shell in shop-web-1: /bin/sh", WITHIN)
    if "Show the plan" in terminal.text():
        terminal.send("\r")
    terminal.until(r"shell in shop-web-1: /bin/sh", WITHIN)


def confirm(terminal: Terminal) -> None:
    """From No to Do it, and press it."""
    for _ in range(6):
        if re.search(r"\[ Do it \]", terminal.text()):
            break
        move(terminal, "\t", BUTTON)
    terminal.send("\r")


def in_shell(terminal: Terminal) -> None:
    terminal.until(r"nothing that is typed or shown here is recorded", WITHIN)
    terminal.until(r"^/ #", WITHIN)


def opened(cockpit: Cockpit, url: str = "") -> Terminal:
    """A cockpit whose reader stands in a shell; url: of the engine, as it is reached."""
    terminal = cockpit(url=url) if url else cockpit()
    preview(terminal)
    confirm(terminal)
    in_shell(terminal)
    return terminal


def execs(engine: DockerEngine) -> list[str]:
    """What runs in the container besides its first process."""
    rows = engine.api.call("GET", "/containers/shop-web-1/top")["Processes"]
    return [row[-1] for row in rows if "2147483647" not in row[-1]]


def test_from_the_screen_and_back(shop: DockerEngine, cockpit: Cockpit, tmp_path: Path) -> None:
    terminal = opened(cockpit)
    assert ALTERNATE not in terminal.emulator.modes
    terminal.send("echo $((6*7)); stty size\r")
    terminal.until(r"^42$", WITHIN)
    terminal.until(r"^30 100$", WITHIN)
    terminal.resize(90, 26)
    # The size follows the signal, not the key: asked until it is there.
    terminal.send("until [ \"$(stty size)\" = '26 90' ]; do sleep 0.1; done; echo seen-$((1+1))\r")
    terminal.until(r"^seen-2", WITHIN)
    # What a program may leave switched on: the mouse, bracketed paste, cursor keys, line drawing, a title.
    terminal.send(r"printf '\033[?1000h\033[?2004h\033[?1h\033(0\033]0;mine\007'; exit 3" + "\r")
    terminal.until(r"worked after", WITHIN)
    terminal.until(r"exit 3 after \d+ s", WITHIN)
    assert ALTERNATE in terminal.emulator.modes
    assert not {MOUSE, CURSOR_KEYS} & terminal.emulator.modes
    terminal.send("\r")
    terminal.until(r"^.\S*2 web +ok", WITHIN)
    terminal.until(r"shell web: worked", WITHIN)
    # The emulator has one screen only, so whatever the shell left there had to be painted over.
    terminal.gone(r"BusyBox|recorded|seen-2")
    assert execs(shop) == []
    ((intent, _),) = entries(tmp_path, "intent")
    ((result, facts),) = entries(tmp_path, "result")
    ((verdict, _),) = entries(tmp_path, "verdict")
    assert intent == "shell web"
    assert re.fullmatch(
        r"step 1 of 1: shell in shop-web-1: /bin/sh: accepted \(ended with exit 3 after \d+ s\)", result
    )
    assert facts["exit code"] == "3"
    assert facts["began"] <= facts["ended"]
    assert re.fullmatch(r"shell web: worked \(ended with exit 3 after \d+ s\)", verdict)
    assert b"6*7" not in (tmp_path / STATE).read_bytes()


def test_ended_by_a_signal_the_terminal_is_as_it_was(shop: DockerEngine, cockpit: Cockpit) -> None:
    terminal = opened(cockpit)
    terminal.send(r"printf '\033[?1000h\033[?2004h'; echo on-$((1+1))" + "\r")
    terminal.until(r"^on-2", WITHIN)
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_exit(WITHIN) == 128 + signal.SIGTERM
    assert not {ALTERNATE, MOUSE, PASTE} & terminal.emulator.modes
    terminal.until(lambda: execs(shop) == [], WITHIN)


def test_read_only_opens_none(shop: DockerEngine, cockpit: Cockpit) -> None:
    terminal = cockpit("--read-only")
    preview(terminal)
    terminal.until(r"read-only", WITHIN)
    confirm(terminal)
    terminal.quiet()
    assert execs(shop) == []
    assert ALTERNATE in terminal.emulator.modes


def test_a_container_that_is_killed_gives_the_screen_back(shop: DockerEngine, cockpit: Cockpit, tmp_path: Path) -> None:
    terminal = opened(cockpit)
    shop.cli("kill", "shop-web-1")
    terminal.until(r"exit 137 after", WITHIN)
    terminal.send("\r")
    terminal.until(r"web +down.*137", WITHIN)
    ((_, facts),) = entries(tmp_path, "result")
    assert facts["exit code"] == "137"


@contextlib.contextmanager
def proxied(engine: DockerEngine) -> Iterator[tuple[str, Callable[[], None]]]:
    """(address of a way to the engine, what breaks it for good)."""
    ways: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = queue.Queue()

    async def run() -> None:
        async with Proxy(engine.socket) as proxy:
            broken = asyncio.Event()
            ways.put((asyncio.get_running_loop(), broken, proxy.url))
            await broken.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    loop, broken, url = ways.get(timeout=WITHIN)

    def cut() -> None:
        with contextlib.suppress(RuntimeError):  # it is broken already
            loop.call_soon_threadsafe(broken.set)
        thread.join(WITHIN)

    try:
        yield url, cut
    finally:
        cut()


def test_an_engine_that_is_lost_gives_the_screen_back(shop: DockerEngine, cockpit: Cockpit, tmp_path: Path) -> None:
    with proxied(shop) as (url, cut):
        terminal = opened(cockpit, url)
        cut()
        terminal.until(r"unknown after", WITHIN)
        terminal.until(r"may still run there", WITHIN)
    ((_, facts),) = entries(tmp_path, "result")
    assert "exit code" not in facts


def test_a_terminal_that_hangs_up_leaves_no_process_and_no_shell(
    shop: DockerEngine, cockpit: Cockpit, tmp_path: Path
) -> None:
    terminal = opened(cockpit)
    terminal.send("sleep 1000\r")
    terminal.until(lambda: any("sleep 1000" in one for one in execs(shop)), WITHIN)
    family = terminal.family()
    terminal.hang_up()
    _, alive = psutil.wait_procs(family, timeout=WITHIN)
    assert not alive, f"left behind: {alive}"
    terminal.until(lambda: execs(shop) == [], WITHIN)
    assert [text for text, _ in entries(tmp_path, "intent")] == ["shell web"]


def test_by_do(shop: DockerEngine, cockpit: Cockpit, tmp_path: Path) -> None:
    terminal = cockpit("do", "web", "shell", *SEEN)
    terminal.until(r"Do it\? \[y/N\]", WITHIN)
    assert "open until you end it; then its exit code is told" in terminal.text()
    terminal.send("y\r")
    in_shell(terminal)
    terminal.send("stty -echo; exit 5\r")
    assert terminal.wait_exit(WITHIN) == 0
    assert re.search(r"ended with exit 5 after \d+ s", terminal.text())
    ((_, facts),) = entries(tmp_path, "result")
    assert facts["exit code"] == "5"


def test_by_do_without_a_terminal_nothing_is_opened(shop: DockerEngine, cockpit: Cockpit, tmp_path: Path) -> None:
    argv = cockpit_argv("--profile", str(tmp_path / "shop.yaml"), "do", "web", "shell", "--yes", *SEEN)
    env = {**clean_env(tmp_path), "DOCKER_HOST": shop.url}
    done = subprocess.run(argv, env=env, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 3, done.stdout
    assert "shell needs a terminal to type into and read from: nothing was done" in done.stderr
    assert execs(shop) == []


def test_by_do_a_signal_ends_it(shop: DockerEngine, cockpit: Cockpit) -> None:
    terminal = cockpit("do", "web", "shell", "--yes", *SEEN)
    in_shell(terminal)
    terminal.signal(signal.SIGTERM)
    # A machine so slow that the end is not seen in the time that a stop has says that.
    terminal.until(r"from here, for the cockpit ends|it may still run there", WITHIN)
    assert terminal.wait_exit(WITHIN) in (0, 2)
    terminal.until(lambda: execs(shop) == [], WITHIN)
