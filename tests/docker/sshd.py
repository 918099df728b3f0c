"""A private sshd on 127.0.0.1 with its own keys, whose logins find a test's Docker Engine; and an `ssh` to reach it."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.patience import PATIENCE

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
_TRIES = 5


def why_not() -> str | None:
    """Why no sshd can be started here, or None."""
    for program in (SSHD, shutil.which("ssh") or "", shutil.which("ssh-keygen") or ""):
        if not program or not Path(program).exists():
            return "no OpenSSH here (Debian: openssh-server, openssh-client)"
    return None if os.geteuid() == 0 else "a private sshd that lets its own user in needs root"


class Sshd:
    """Starts in the constructor; `close()` ends it. `environ` makes `ssh` find its keys."""

    def __init__(self, docker_host: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ckpt-sshd-", dir="/tmp")
        self.home = Path(self._folder.name)
        for name in ("host", "user"):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.home / name)]
            subprocess.run(argv, check=True, timeout=PATIENCE)
        (self.home / "authorized").write_text((self.home / "user.pub").read_text())
        wrapper = self.home / "bin" / "ssh"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.home}/ssh_config "$@"\n')
        wrapper.chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        self._log = (self.home / "log").open("wb")
        # sshd cannot choose a port by itself, and a free one may be taken until it listens there.
        for _ in range(_TRIES):
            self._process = self._start(docker_host)
            if self._listens():
                return
            self._process.wait(PATIENCE)
        raise RuntimeError(f"sshd did not come up: {(self.home / 'log').read_text()}")

    def _start(self, docker_host: str) -> "subprocess.Popen[bytes]":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        (self.home / "sshd_config").write_text(self._server(docker_host))
        (self.home / "ssh_config").write_text(self._client())
        argv = [SSHD, "-D", "-e", "-f", str(self.home / "sshd_config")]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    @property
    def url(self) -> str:
        return f"ssh://root@127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.home}/bin:{os.environ['PATH']}", "HOME": str(self.home)}

    def _server(self, docker_host: str) -> str:
        return (
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.home}/host\nPidFile none\nUsePAM no\n"
            f"StrictModes no\nAuthorizedKeysFile {self.home}/authorized\nPermitRootLogin prohibit-password\n"
            f"PasswordAuthentication no\nKbdInteractiveAuthentication no\nSetEnv DOCKER_HOST={docker_host}\n"
        )

    def _client(self) -> str:
        key = (self.home / "host.pub").read_text()
        (self.home / "known").write_text(f"[127.0.0.1]:{self.port} {key}")
        return f"IdentityFile {self.home}/user\nIdentitiesOnly yes\nUserKnownHostsFile {self.home}/known\n"

    def _listens(self) -> bool:
        """Once it does; False when it has ended instead."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            if f"listening on 127.0.0.1 port {self.port}." in (self.home / "log").read_text():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.05)
        self._process.kill()
        return False

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._log.close()
        self._folder.cleanup()
