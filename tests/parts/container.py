"""What a container of the tests is made from, as data."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.patience import PATIENCE


@dataclass(frozen=True)
class Healthcheck:
    """A HEALTHCHECK: a shell line, its times in seconds. One that is late is not ill: `retries` forgives nothing."""

    command: str
    interval: float = 1.0
    timeout: float = PATIENCE
    retries: int = 1

    def dockerfile(self) -> str:
        return (
            f"HEALTHCHECK --interval={self.interval}s --timeout={self.timeout}s --retries={self.retries} "
            f"CMD {self.command}"
        )

    def body(self) -> dict[str, Any]:
        return {
            "Test": ["CMD-SHELL", self.command],
            "Interval": int(self.interval * 1e9),
            "Timeout": int(self.timeout * 1e9),
            "Retries": self.retries,
        }


@dataclass(frozen=True)
class ContainerSpec:
    """A container to create. `command` is a shell line; `memory` is bytes without swap; `ports` are published on
    a free port of 127.0.0.1; `restart` is a policy's name. Ends at once when stopped unless `patient`."""

    command: str | None = None
    image: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    health: Healthcheck | None = None
    restart: str = "no"
    memory: int | None = None
    tty: bool = False
    ports: tuple[int, ...] = ()
    network: str | None = None
    patient: bool = False

    def body(self, default_image: str) -> dict[str, Any]:
        """The JSON of `POST /containers/create`."""
        host: dict[str, Any] = {"RestartPolicy": {"Name": self.restart}}
        if self.memory is not None:
            host |= {"Memory": self.memory, "MemorySwap": self.memory}
        if self.network is not None:
            host["NetworkMode"] = self.network
        host["PortBindings"] = {f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}] for port in self.ports}
        body: dict[str, Any] = {
            "Image": self.image or default_image,
            "Labels": self.labels,
            "Env": [f"{key}={value}" for key, value in self.env.items()],
            "Tty": self.tty,
            "OpenStdin": self.tty,
            "ExposedPorts": {f"{port}/tcp": {} for port in self.ports},
            "HostConfig": host,
        }
        if self.command is not None:
            body["Cmd"] = ["sh", "-c", self.command]
        if not self.patient:
            # A shell as process 1 ignores TERM: each stop would wait ten seconds for nothing.
            body |= {"StopSignal": "SIGKILL", "StopTimeout": 1}
        if self.health is not None:
            body["Healthcheck"] = self.health.body()
        return body


def compose_labels(project: str, service: str, number: int = 1) -> dict[str, str]:
    """The labels that Compose puts on a service's container."""
    return {
        "com.docker.compose.project": project,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": str(number),
        "com.docker.compose.oneoff": "False",
        "com.docker.compose.version": "1.29.2",
        "com.docker.compose.config-hash": hashlib.sha256(f"{project}/{service}".encode()).hexdigest(),
        "com.docker.compose.project.working_dir": f"/srv/{project}",
        "com.docker.compose.project.config_files": f"/srv/{project}/docker-compose.yml",
    }
