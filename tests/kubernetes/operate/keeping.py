"""The door on the emulated cluster with a place for evidence, and what a profile declares of `checkout`."""

import hashlib
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from cockpit.backends.evidence import Evidence
from cockpit.backends.kubernetes.operate.operator import KubernetesOperator
from cockpit.board.secrets import Secrets
from cockpit.incident.temporary import Changes, Temporary
from cockpit.profile.captures import Capture
from cockpit.profile.policy import PolicyRule
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.kubernetes.backend.watch import NAME
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.bridge import Bridge

SECRET = "hunter22"


class Keeping(Bridge):
    """What is known of a pod is kept before it goes."""

    def __init__(
        self, kubernetes: Kubernetes, directory: Path, policy: tuple[PolicyRule, ...] = (),
        captures: Mapping[str, Capture] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(kubernetes, directory)
        backend = Backend(kind="kubernetes")
        checkout = Service(workloads=(Selector(deployment="checkout"),), captures=captures or {}, tier=2)
        profile = Profile(
            version=1, name="shop", discover=True, backends={NAME: backend}, services={"checkout": checkout},
            policy=policy,
        )  # fmt: skip
        evidence = Evidence(directory / "state", profile, self.watch.clock, Secrets([SECRET]), {"SET": SECRET})
        environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "PATH": "/usr/bin:/bin", "HOME": str(directory)}
        self.operator = KubernetesOperator(NAME, backend, self.watch.clock, None, evidence, environ=environ)

    async def __aenter__(self) -> "Keeping":
        await super().__aenter__()
        return self

    @property
    def temporary(self) -> tuple[Temporary, ...]:
        """What was changed for the time being and still stands."""
        return Changes(self.journal.entries).open

    def facts(self, name: str) -> list[str]:
        """Facts of this name in the journal's results."""
        found = [entry for entry in self.journal.entries if entry.kind == "result"]
        return [value for entry in found for fact, value in entry.facts if fact == name]

    def files(self) -> dict[str, dict[str, bytes]]:
        """By pod, then by file: what was kept; each is private and has the size and hash that were written down."""
        found: dict[str, dict[str, bytes]] = {}
        for pod, path, data in self._files():
            found.setdefault(pod, {})[path.name] = data
        return found

    def _files(self) -> Iterator[tuple[str, Path, bytes]]:
        for fact in self.facts("kept"):
            words, size, _, _, digest = fact.rsplit(" ", 4)
            path = Path(words)
            data = path.read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size), digest)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            yield path.parent.name.partition("-")[2], path, data
