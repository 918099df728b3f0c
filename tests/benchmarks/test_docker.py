"""What two hundred containers cost the Docker daemon, and the cockpit that watches them."""

from collections.abc import Callable
from pathlib import Path

import psutil

from tests.benchmarks.quick import cpu_of, has_shown, let_run, quick_terminal
from tests.benchmarks.table import Table
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.program import cockpit_argv
from tests.terminal import Terminal

CONTAINERS, SERVICES = 200, 50
SECONDS = 20
SETTLE = 15
REFERENCE = 10.0
"""Per cent of a core that the daemon spends on lazydocker with as many containers; a fifth of that is the budget."""


def fill(engine: DockerEngine) -> None:
    """Fifty Compose services of four containers that sleep."""
    specs = {
        f"shop_web{service}_{number}": ContainerSpec(
            "exec sleep 2147483647", labels=compose_labels("shop", f"web{service}", number), restart="unless-stopped"
        )
        for service in range(SERVICES)
        for number in range(1, CONTAINERS // SERVICES + 1)
    }
    engine.api.each(lambda item: engine.run(*item), list(specs.items()))


def daemons(engine: DockerEngine) -> list[int]:
    """dockerd and its containerd. The shims use 5 % of a core together, whether the cockpit is open or not."""
    assert engine._daemon is not None
    children = psutil.Process(engine._daemon.pid).children()
    return [engine._daemon.pid, *(one.pid for one in children if one.name() == "containerd")]


def test_two_hundred_containers(docker_clean: DockerEngine, new_home: Callable[[], Path], table: Table) -> None:
    fill(docker_clean)
    watched = daemons(docker_clean)
    with quick_terminal(["sleep", "1000"]) as nothing:
        let_run(nothing, SETTLE)
        before = _share(watched, nothing)
    with quick_terminal(cockpit_argv(), env={"DOCKER_HOST": docker_clean.url}, home=new_home()) as terminal:
        terminal.until(lambda: has_shown(terminal, "4/4"), 30)
        let_run(terminal, SETTLE)  # by then every container was looked at once
        own, count = cpu_of(terminal.pid), terminal.bytes
        opened = _share(watched, terminal)
        own, count = cpu_of(terminal.pid) - own, terminal.bytes - count
    with quick_terminal(["sleep", "1000"]) as nothing:
        let_run(nothing, SETTLE)
        after = _share(watched, nothing)
    closed = (before + after) / 2
    table.most("Docker, 200 containers: daemon's CPU of a core for it", opened - closed, REFERENCE / 5, "%")
    table.tell("  the daemon before it", before, "%")
    table.tell("  the daemon with it", opened, "%")
    table.tell("  the daemon after it", after, "%")
    table.tell("  the cockpit's own CPU of a core", own / SECONDS * 100, "%")
    table.tell("  bytes", count / SECONDS, "B/s")


def _share(pids: list[int], terminal: Terminal) -> float:
    """Per cent of a core that processes use while a program runs on."""
    before = cpu_of(*pids)
    let_run(terminal, SECONDS)
    return (cpu_of(*pids) - before) / SECONDS * 100
