"""From exec to rows with their states on the screen."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import pytest

from tests.benchmarks.quick import cpu_of, has_shown, quick_terminal
from tests.benchmarks.table import Table
from tests.parts.docker import DockerEngine
from tests.parts.fleet import Fleet
from tests.program import cockpit_argv

ROUNDS = 7
BUDGET = 0.6
PROFILE = """
version: 1
name: shop
backends: {main: {kind: docker, project: shop}}
services:
  web: {tier: 1, workloads: [{compose: web}]}
  api: {tier: 2, workloads: [{compose: api}]}
  worker: {tier: 3, workloads: [{compose: worker}]}
"""


HELLO = """
from textual.app import App
from textual.widgets import Static

class Hello(App):
    def compose(self):
        yield Static("hello there")

Hello().run()
"""


class Start(NamedTuple):
    """Medians, in seconds. cpu: of the program itself, which other work on the machine hardly changes."""

    wall: float
    cpu: float


def first_paint(argv: list[str], shown: str, new_home: Callable[[], Path], env: dict[str, str]) -> Start:
    """How long it takes until `shown` has come; each run has a home of its own, the first only warms the files."""
    walls, cpus = [], []
    for _ in range(ROUNDS + 1):
        home = new_home()
        began = perf_counter()
        with quick_terminal(argv, env=env, home=home, cwd=home) as terminal:
            terminal.until(partial(has_shown, terminal, shown), 20)
            walls.append(perf_counter() - began)
            cpus.append(cpu_of(terminal.pid))
    return Start(median(walls[1:]), median(cpus[1:]))


def put(table: Table, what: str, start: Start) -> None:
    """Two rows."""
    table.most(f"exec -> useful paint, {what}", start.wall, BUDGET, "s")
    table.tell("  the same, CPU", start.cpu, "s")


def test_hello(new_home: Callable[[], Path], table: Table) -> None:
    """What the library alone costs here: the other rows mean what they are beside it."""
    start = first_paint([sys.executable, "-c", HELLO], "hello there", new_home, {})
    table.tell("exec -> paint, one word on a bare Textual screen", start.wall, "s")
    table.tell("  the same, CPU", start.cpu, "s")


def test_docker(
    docker_fleet: tuple[DockerEngine, Fleet], tmp_path: Path, new_home: Callable[[], Path], table: Table
) -> None:
    engine, _ = docker_fleet
    env = {"DOCKER_HOST": engine.url}
    profile = tmp_path / "shop.yaml"
    profile.write_text(PROFILE)
    # "4/4" are the instances of shop's web: they stand there once the engine's list has come.
    put(table, "profile, 40 containers", first_paint(cockpit_argv(str(profile)), "4/4", new_home, env))
    put(table, "what runs here, 40 containers", first_paint(cockpit_argv(), "4/4", new_home, env))


def test_demo(new_home: Callable[[], Path], table: Table) -> None:
    pytest.importorskip("cockpit.demo.assemble", reason="there is no `cockpit demo` yet")
    put(table, "demo", first_paint(cockpit_argv("demo"), "1/1", new_home, {}))
