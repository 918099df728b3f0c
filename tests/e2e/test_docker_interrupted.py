"""A cockpit that is interrupted, or meets another, in the middle of a restart: real program, real Docker Engine.

The containers ignore TERM until the test opens their gate: between intent and result is all the time that it needs.
"""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.incident.store import Store
from tests.e2e.unhurried import unhurried_argv
from tests.parts.container import compose_labels
from tests.parts.docker import IMAGE, DockerEngine
from tests.patience import PATIENCE
from tests.program import CHECKOUT
from tests.terminal import Terminal

Open = Callable[..., Terminal]
STUBBORN = (
    "trap 'echo asked to end; while ! test -e /gate/open; do sleep 0.1; done; exit 0' TERM; "
    "echo up; while :; do sleep 0.2; done"
)
RESTART = ("do", "web", "restart", "--yes", "--within", str(PATIENCE))
PROFILE = """
version: 1
name: shop
backends:
  main: {kind: docker, project: shop}
services:
  web: {tier: 3, workloads: [{compose: web}]}
"""


class Shop:
    """A Compose service whose containers end when the gate is opened, cockpits on it, and their one journal."""

    def __init__(self, engine: DockerEngine, home: Path, open_terminal: Open) -> None:
        self.engine, self.home, self._open = engine, home, open_terminal
        self.gate, self.state, self.profile = home / "gate", home / "state", home / "shop.yaml"
        self.gate.mkdir()
        self.state.mkdir()
        os.chmod(self.state, 0o2770)
        self.profile.write_text(PROFILE)

    def run(self, number: int) -> None:
        labels = (f"--label={key}={value}" for key, value in compose_labels("shop", "web", number).items())
        self.engine.cli(
            "run", "--detach", "--name", f"shop-web-{number}", "--stop-timeout", "300", "--volume",
            f"{self.gate}:/gate", *labels, IMAGE, "sh", "-c", STUBBORN,
        )  # fmt: skip
        self.engine.api.until(lambda: "up" in self.engine.cli("logs", f"shop-web-{number}"))

    def open_gate(self) -> None:
        (self.gate / "open").touch()

    def cockpit(self, *words: str) -> Terminal:
        argv = unhurried_argv("--profile", str(self.profile), *words)
        env = {"DOCKER_HOST": self.engine.url, "COCKPIT_STATE": str(self.state)}
        return self._open(argv, cols=120, rows=40, env=env, home=self.home, cwd=CHECKOUT)

    def until_asked(self, terminal: Terminal, number: int) -> None:
        """Until a container was sent TERM: the intent is written, no result is."""
        terminal.until(lambda: "asked to end" in self.engine.cli("logs", f"shop-web-{number}"))

    def started(self, number: int) -> str:
        return str(self.engine.api.inspect(f"shop-web-{number}")["State"]["StartedAt"])

    def story(self) -> list[str]:
        """The journal's entries of changes, oldest first."""
        store = Store(self.state / "journal.db")
        try:
            told = [one for one in store.newest() if one.kind in ("intent", "result", "verdict")]
            return [f"{one.who}: {one.kind}: {one.text}" for one in told]
        finally:
            store.close()


@pytest.fixture
def shop(docker_clean: DockerEngine, tmp_path: Path, open_terminal: Open) -> Shop:
    return Shop(docker_clean, tmp_path, open_terminal)


def test_a_hang_up_goes_on_to_the_next_safe_point(shop: Shop) -> None:
    for number in (1, 2):
        shop.run(number)
    before = {number: shop.started(number) for number in (1, 2)}
    terminal = shop.cockpit("--as", "ada", *RESTART)
    shop.until_asked(terminal, 1)
    terminal.signal(signal.SIGHUP)
    terminal.until(r"stopping at the next safe point")
    shop.open_gate()
    assert terminal.wait_exit() == 2
    assert (shop.started(1) != before[1], shop.started(2) == before[2]) == (True, True)
    stopped = "stopped after step 1 of 2 (it was asked to end); next would be: restart shop-web-2"
    assert shop.story() == [
        "ada: intent: restart web",
        "ada: result: step 1 of 2: restart shop-web-1: accepted",
        f"ada: verdict: restart web: unknown ({stopped})",
    ]


def test_a_kill_leaves_the_truth_to_the_next_start(shop: Shop) -> None:
    shop.run(1)
    before = shop.started(1)
    terminal = shop.cockpit("--as", "ada", *RESTART)
    shop.until_asked(terminal, 1)
    terminal.signal(signal.SIGKILL)
    assert terminal.wait_exit() == -signal.SIGKILL
    assert shop.story() == ["ada: intent: restart web"]
    shop.open_gate()  # the engine goes on with what it was asked for
    shop.engine.api.until(lambda: shop.started(1) != before and shop.engine.api.state("shop-web-1")["Running"])
    again = shop.cockpit("--as", "bob")
    again.until(r"bob found at the start: restart")
    _, verdict = shop.story()
    assert verdict.startswith("bob: verdict: found at the start: restart web: worked (1 of 1 ready for ")


def test_the_second_cockpit_is_told_who_changes_it_and_since_when(shop: Shop) -> None:
    shop.run(1)
    first = shop.cockpit("--as", "ada", *RESTART)
    shop.until_asked(first, 1)
    second = shop.cockpit("--as", "bob", *RESTART)
    assert second.wait_exit() == 3
    told = second.text().replace("\n", "")  # the terminal breaks lines anywhere
    who = r"refused: ada is changing this since \d\d:\d\d:\d\dZ \(restart web\): wait for the verdict, or talk first"
    assert re.search(who, told), told
    shop.open_gate()
    assert first.wait_exit() == 0
    assert {line.partition(":")[0] for line in shop.story()} == {"ada"}, "nobody else has begun anything"
