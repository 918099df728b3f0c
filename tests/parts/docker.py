"""A private Docker Engine for tests: own data root, socket, bridge, control group and containerd namespace.

It changes no packet filter (`--iptables=false`: published ports work through docker-proxy), so it stands beside another
engine, or beside a second test run, without either noticing. Needs root.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

from tests.parts.busybox import busybox, image_tar
from tests.parts.container import ContainerSpec, Healthcheck
from tests.parts.engine_api import EngineApi, EngineError, json_lines
from tests.parts.keeper import destroy, ip_link, pool, prefix, sweep
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.parts.fleet import Fleet

IMAGE = "busybox:test"
_CHECKOUT = Path(__file__).resolve().parents[2]
_SLOTS = 100
_OWN_NETWORKS = {"bridge", "host", "none"}


def why_not() -> str | None:
    """Why no private engine can be started here, or None when it can."""
    if sys.platform != "linux":
        return "a private Docker Engine needs Linux"
    if os.geteuid() != 0:
        return "a private Docker Engine needs root"
    if shutil.which("dockerd") is None:
        return "no dockerd here (Debian: docker.io)"
    if busybox() is None:
        return "no static busybox here (Debian: busybox-static)"
    return None


class DockerEngine:
    """One dockerd. Starts in the constructor; `close()`, or the end of the process (keeper.py), removes it."""

    def __init__(self) -> None:
        self.slot = _claim_slot()
        self.home = Path(tempfile.mkdtemp(prefix="ckpt-engine-", dir="/tmp"))
        self.socket = self.home / "docker.sock"
        self.log = self.home / "dockerd.log"
        self.api = EngineApi(self.socket)
        self.fleet: Fleet | None = None
        """What tests/parts/fleet.py has built and nobody has cleared."""
        self._daemon: subprocess.Popen[bytes] | None = None
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.parts.keeper", str(self.home), str(self.slot)],
            stdin=subprocess.PIPE,
            cwd=_CHECKOUT,
            start_new_session=True,
        )
        (self.home / "daemon.json").write_text("{}")
        try:
            self.start()
            self.import_image(IMAGE)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """What DOCKER_HOST is set to."""
        return f"unix://{self.socket}"

    @property
    def running(self) -> bool:
        """Whether the daemon's process is there (it may be paused)."""
        return self._daemon is not None and self._daemon.poll() is None

    def start(self, within: float = 2 * PATIENCE) -> None:
        """Start the daemon on its data root and wait until it answers. No-op while it runs."""
        if self.running:
            return
        self._daemon = None
        sweep(self.home)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, self.log.open("ab") as log:
            address = self.home / "notify.sock"
            address.unlink(missing_ok=True)
            ready.bind(str(address))
            # dockerd tells a service manager when it is ready; listening in its place saves polling.
            env = {**os.environ, "NOTIFY_SOCKET": str(address)}
            self._daemon = subprocess.Popen(self._argv(), stdout=log, stderr=log, env=env, start_new_session=True)
            self._await_ready(ready, within)

    def _await_ready(self, ready: socket.socket, within: float) -> None:
        ready.settimeout(0.2)
        for _ in range(int(within / 0.2)):
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in ready.recv(4096) and self.api.ping():
                    return
            if not self.running:
                break
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"dockerd did not come up within {within:g} s:\n{tail}")

    def _argv(self) -> list[str]:
        name = prefix(self.slot)
        return [
            *("dockerd", "--config-file", str(self.home / "daemon.json"), "-H", self.url),
            *("--data-root", str(self.home / "data"), "--exec-root", str(self.home / "exec")),
            *("--pidfile", str(self.home / "dockerd.pid"), "--bridge", name),
            *("--default-address-pool", f"base={pool(self.slot)}.0.0/16,size=24"),
            *("--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false"),
            *("--cgroup-parent", f"/{name}", "--exec-opt", "native.cgroupdriver=cgroupfs"),
            *("--containerd-namespace", name, "--containerd-plugins-namespace", f"{name}-plugins"),
        ]

    def stop(self, how: signal.Signals = signal.SIGTERM, within: float = PATIENCE) -> None:
        """End the daemon and wait for its end. SIGTERM stops the containers first; SIGKILL is a crash."""
        if self._daemon is None:
            return
        self.resume()
        if self.running:
            self._daemon.send_signal(how)
        self._daemon.wait(within)
        self._daemon = None

    def pause(self) -> None:
        """SIGSTOP: the socket still accepts connections, nothing answers. Returns once every thread stands still."""
        self._signal(signal.SIGSTOP)
        if self._daemon is not None and self._daemon.poll() is None:
            os.waitid(os.P_PID, self._daemon.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._daemon is not None and self._daemon.poll() is None:
            self._daemon.send_signal(number)

    def cli(self, *args: str, within: float = PATIENCE) -> str:
        """Standard output of `docker ARGS` against this engine. Raises RuntimeError with what it said on an error."""
        done = subprocess.run(
            [docker_cli(), "-H", self.url, *args],
            check=False,
            capture_output=True,
            text=True,
            env=self.cli_env(),
            timeout=within,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(args)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def cli_env(self) -> dict[str, str]:
        """A clean environment that points a Docker client at this engine and at no context of the user."""
        config = self.home / "cli"
        config.mkdir(exist_ok=True)
        path = os.environ.get("PATH", "/usr/bin:/bin")
        return {"DOCKER_HOST": self.url, "DOCKER_CONFIG": str(config), "HOME": str(config), "PATH": path}

    def import_image(
        self,
        name: str,
        *,
        cmd: list[str] | None = None,
        healthcheck: Healthcheck | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> str:
        """Import the busybox tree as image `name` ("repo:tag"); its id. Without `cmd` it sleeps for ever."""
        quoted = ", ".join(f'"{word}"' for word in cmd or ["sleep", "2147483647"])
        changes = [f"CMD [{quoted}]", "ENV PATH=/bin"]
        changes += [f'LABEL {key}="{value}"' for key, value in (labels or {}).items()]
        if healthcheck is not None:
            changes.append(healthcheck.dockerfile())
        repository, _, tag = name.rpartition(":")
        query = {"fromSrc": "-", "repo": repository, "tag": tag, "changes": changes}
        answer = self.api.call("POST", "/images/create", query=query, raw=image_tar())
        *_, last = json_lines(answer) if isinstance(answer, str) else [answer]
        if "error" in last:
            raise EngineError(500, str(last["error"]))
        return str(last["status"])

    def tag(self, image: str, name: str) -> None:
        """A further name ("repo:tag") for an image: releases cost nothing this way."""
        repository, _, tag = name.rpartition(":")
        self.api.call("POST", f"/images/{quote(image)}/tag", query={"repo": repository, "tag": tag})

    def run(self, name: str, spec: ContainerSpec | None = None) -> str:
        """Create and start a container; its id."""
        spec = spec or ContainerSpec()
        container = str(self.api.call("POST", "/containers/create", spec.body(IMAGE), query={"name": name})["Id"])
        self.api.call("POST", f"/containers/{container}/start")
        return container

    def clear(self) -> None:
        """Back to an engine with images only: running, no containers, no networks, no swarm."""
        self.start()
        self.resume()
        self.fleet = None
        with contextlib.suppress(EngineError):
            self.api.call("POST", "/swarm/leave", query={"force": 1})
        self.api.each(self.api.remove, [row["Id"] for row in self.api.containers()])
        for network in self.api.call("GET", "/networks"):
            if network["Name"] not in _OWN_NETWORKS:
                with contextlib.suppress(EngineError):
                    self.api.call("DELETE", f"/networks/{network['Id']}")

    def close(self) -> None:
        """Remove the engine with all it ever started."""
        with contextlib.suppress(OSError, RuntimeError, EngineError, subprocess.TimeoutExpired):
            if self.running:
                self.clear()
                self.stop()
        destroy(self.home, self.slot)
        if self._daemon is not None:
            self._daemon.wait(PATIENCE)
        with self._keeper:
            pass


def docker_cli() -> str:
    """The docker CLI that came with the daemon's package, else the first on the path."""
    beside = Path("/usr/bin/docker")
    found = str(beside) if beside.exists() else shutil.which("docker")
    if found is None:
        raise FileNotFoundError("no docker command line client (Debian: docker.io)")
    return found


def _claim_slot() -> int:
    """Take the lowest free number: creating its bridge is what claims it, so two test runs never share one."""
    taken = psutil.net_if_addrs()
    for slot in range(_SLOTS):
        name = prefix(slot)
        if name in taken or not ip_link("link", "add", "name", name, "type", "bridge"):
            continue
        if ip_link("addr", "add", f"10.83.{slot}.1/24", "dev", name) and ip_link("link", "set", name, "up"):
            return slot
        ip_link("link", "del", name)
        break
    raise RuntimeError("no network bridge could be made for a private Docker Engine (CAP_NET_ADMIN is needed)")
