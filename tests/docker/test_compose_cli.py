"""Scaling by the `docker compose` command: a program stands in for it, the engine is real."""

import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.backends.change import Plan
from cockpit.backends.docker.shape import NUMBER
from tests.mitigate.bridge import Bridge
from tests.mitigate.opened import opened
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import IMAGE, DockerEngine, docker_cli

LABEL = "com.docker.compose.project."
Open = Callable[[], Awaitable[Bridge]]


@pytest.fixture
async def open_bridge(docker_clean: DockerEngine, tmp_path: Path) -> AsyncIterator[Open]:
    async with opened() as every:
        yield lambda: every.one(Bridge(docker_clean, tmp_path, {}, ()))


class Project:
    """A Compose project in a folder, and a `docker` in a folder of its own that does as Compose would."""

    def __init__(self, engine: DockerEngine, home: Path) -> None:
        self.engine, self.folder, self.bin = engine, home / "project", home / "bin"
        self.folder.mkdir()
        self.bin.mkdir()
        self.file, self.variables, self.told = self.folder / "compose.yaml", self.folder / "prod.env", home / "told"
        self.file.write_text("services: {web: {image: busybox}}\n")
        self.variables.write_text("TAG=1\n")
        self.labels = compose_labels("shop", "web") | {
            f"{LABEL}working_dir": str(self.folder),
            f"{LABEL}config_files": str(self.file),
            f"{LABEL}environment_file": str(self.variables),
        }
        self.hash = self.labels["com.docker.compose.config-hash"]

    def install(self, *, version: str = "2.29.1", says: str = "", up: str = "true") -> None:
        program = self.bin / "docker"
        program.write_text(
            "#!/bin/sh\n"
            'case "$*" in\n'
            f'*"compose version --short"*) echo {version} ;;\n'
            f'*"config --hash web"*) echo web {says or self.hash} ;;\n'
            f'*) printf "%s\\n" "$@" > {self.told}; {up} ;;\n'
            "esac\n"
        )
        program.chmod(0o755)

    def another(self, name: str) -> str:
        """The line that starts a further container, as Compose would."""
        labels = [f"--label={key}={value}" for key, value in (self.labels | {NUMBER: "2"}).items()]
        words = ["run", "--detach", "--stop-signal", "KILL", "--name", name, *labels, IMAGE]
        return shlex.join([docker_cli(), "-H", self.engine.url, *words])


@pytest.fixture
def project(docker_clean: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(docker_clean, tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    docker_clean.run("shop_web_1", ContainerSpec(labels=made.labels))
    return made


def done_by(plan: Plan) -> str:
    (found,) = [str(value) for name, value in plan.operations[-1].after if name == "done by"]
    return found


async def test_compose_scales_where_it_is_here_with_its_files(
    docker_clean: DockerEngine, project: Project, open_bridge: Open
) -> None:
    project.install(up=project.another("shop_web_2"))
    bridge = await open_bridge()
    made = await bridge.does("scale", "web", 1, replicas="2")
    assert done_by(made) == "docker compose 2.29.1"
    argv = [
        "-H", docker_clean.url, "compose", "-p", "shop", "--project-directory", str(project.folder),
        "-f", str(project.file), "--env-file", str(project.variables), "up", "-d", "--no-deps", "--no-recreate",
        "--no-build", "--pull", "never", "--scale", "web=2", "web",
    ]  # fmt: skip
    assert project.told.read_text().splitlines() == argv
    assert shlex.split(made.operations[-1].command) == ["docker", *argv]
    # Back again: which of the two goes is Compose's choice, so both are kept before.
    project.install(up=f"{docker_cli()} -H {docker_clean.url} rm --force shop_web_1")
    back = await bridge.undoes(made, 2)
    assert "1 of shop_web_1, shop_web_2 will go, with the log; named volumes stay" in back.risks
    assert len(bridge.kept()) == 4
    assert [row["Names"] for row in docker_clean.api.containers()] == [["/shop_web_2"]]


async def test_what_compose_refuses_did_not_work(project: Project, open_bridge: Open) -> None:
    project.install(up="echo starting; echo 'yaml: line 3: no such key' >&2; exit 15")
    bridge = await open_bridge()
    verdict = await bridge.carry_out(await bridge.made("scale", "web", 1, replicas="2"))
    assert verdict.result == "did not work"
    assert "docker compose ended with exit 15: yaml: line 3: no such key" in verdict.evidence[0]


async def test_elsewhere_the_engine_copies_what_runs_and_says_why(
    docker_clean: DockerEngine, project: Project, open_bridge: Open
) -> None:
    bridge = await open_bridge()

    async def why() -> str:
        made = await bridge.made("scale", "web", 1, replicas="2")
        assert f"compose -p shop --project-directory {project.folder} -f {project.file}" in made.operations[-1].command
        how, _, reason = done_by(made).partition(": ")
        assert how == "the Engine's API"
        return reason

    project.install(says="0123456789abcdef")
    assert await why() == "its Compose files, or what they take from the environment, say something else by now"
    project.install(version="1.29.2")
    assert await why() == "there is no docker compose v2 here"
    project.install(version="2.29.1; exit 1")
    assert await why() == "there is no docker compose v2 here"
    project.install()
    project.variables.chmod(0o666)
    assert await why() == f"its Compose files cannot be trusted: anybody may write to {project.variables}"
    project.file.unlink()
    assert await why() == f"its Compose files are missing: {project.file}"
    await bridge.does("scale", "web", 1, replicas="2")
    assert not project.told.exists()
    assert len(docker_clean.api.containers()) == 2
