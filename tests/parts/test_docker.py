"""The private Docker Engine keeps its promises, above all the one to leave nothing behind."""

import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import DockerEngine
from tests.parts.fleet import PROJECTS, SIZE, Fleet
from tests.parts.keeper import prefix
from tests.patience import PATIENCE

pytestmark = pytest.mark.docker


def test_the_fleet_is_what_it_says(docker_fleet: tuple[DockerEngine, Fleet]) -> None:
    engine, fleet = docker_fleet
    rows = engine.api.containers()
    assert len(rows) == len(fleet.names) == SIZE == sum(sum(services.values()) for services in PROJECTS.values())
    assert {row["Labels"]["com.docker.compose.project"] for row in rows} == set(PROJECTS)
    shared = {row["Labels"]["com.docker.compose.project"] for row in rows if "/web:" in row["Image"]}
    assert shared == {"shop", "billing"}
    assert engine.api.state(fleet.oom_killed)["ExitCode"] == 137
    assert engine.api.inspect(fleet.tty)["Config"]["Tty"] is True
    troubled = {fleet.crash_looping, fleet.oom_killed}
    running = engine.cli("ps", "--filter", "status=running", "--format", "{{.Names}}").split()
    assert set(fleet.names) - troubled <= set(running)


def test_a_published_port_answers(docker_clean: DockerEngine) -> None:
    serves = ContainerSpec(
        "echo hello > /srv/index.html; exec httpd -f -p 80 -h /srv", ports=(80,), health=Healthcheck("pidof httpd")
    )
    docker_clean.run("page", serves)
    docker_clean.api.until(lambda: docker_clean.api.state("page")["Health"]["Status"] == "healthy")
    address = docker_clean.cli("port", "page", "80/tcp").strip()
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"hello\n"
    connection.close()


def test_stopped_started_and_paused(docker_clean: DockerEngine) -> None:
    docker_clean.run("stays", ContainerSpec(restart="unless-stopped", labels=compose_labels("p", "stays")))
    docker_clean.run("goes", ContainerSpec())
    docker_clean.stop()
    assert not docker_clean.api.ping()
    docker_clean.start()
    docker_clean.api.until(lambda: docker_clean.api.state("stays")["Running"])
    assert not docker_clean.api.state("goes")["Running"]
    docker_clean.pause()
    docker_clean.api.timeout, patience = 0.2, docker_clean.api.timeout
    try:
        assert not docker_clean.api.ping()
    finally:
        docker_clean.api.timeout = patience
        docker_clean.resume()
    assert docker_clean.api.ping()


def test_a_killed_daemon_starts_again(docker_clean: DockerEngine) -> None:
    docker_clean.run("stays")
    docker_clean.stop(signal.SIGKILL)
    # As after a containerd that ended with it and whose number somebody else has got.
    (docker_clean.home / "exec/containerd/containerd.pid").write_text(str(os.getpid()))
    docker_clean.start()
    assert docker_clean.api.ping()
    assert [row["Names"] for row in docker_clean.api.containers()] == [["/stays"]]


def test_an_imported_image_carries_its_command(docker_clean: DockerEngine) -> None:
    docker_clean.import_image("shouts:v1", cmd=["sh", "-c", "echo loud; exit 3"], labels={"team": "night shift"})
    done = ContainerSpec(image="shouts:v1")
    docker_clean.run("shouts", done)
    docker_clean.api.until(lambda: docker_clean.api.state("shouts")["Status"] == "exited")
    assert docker_clean.api.state("shouts")["ExitCode"] == 3
    assert docker_clean.cli("logs", "shouts") == "loud\n"
    assert docker_clean.cli("inspect", "-f", "{{.Config.Labels.team}}", "shouts").strip() == "night shift"


_KILLED_RUN = """
import os, signal
from tests.parts.docker import DockerEngine
engine = DockerEngine()
engine.run("orphan")
print(engine.home, engine.slot, engine._keeper.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_test_run_leaves_nothing(docker_engine: DockerEngine) -> None:
    checkout = Path(__file__).resolve().parents[2]
    argv = [sys.executable, "-c", _KILLED_RUN]
    killed = subprocess.run(argv, cwd=checkout, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
    home, slot, keeper = killed.stdout.split()
    if psutil.pid_exists(int(keeper)):
        psutil.Process(int(keeper)).wait(PATIENCE)
    assert not Path(home).exists()
    assert prefix(int(slot)) not in psutil.net_if_addrs()
    assert home not in Path("/proc/mounts").read_text()
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if home in " ".join(process.info["cmdline"] or [])
    ]
