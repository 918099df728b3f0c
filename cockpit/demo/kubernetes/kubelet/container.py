"""One container's life, step by step: what it is in, until when, and what comes next."""

from dataclasses import dataclass, field
from typing import Literal

from cockpit.demo.kubernetes.cluster.behaviour import Behaviour
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.kubelet import status

Phase = Literal["creating", "refused", "pull backoff", "running", "ended", "crash backoff", "over"]

FIRST_BACKOFF, LONGEST_BACKOFF = 10.0, 300.0
PULL_RETRY = 10.0
_SIGNALS = {137: 9, 143: 15, 139: 11}


@dataclass
class Note:
    """An event that a step makes: its type, reason and message."""

    type: str
    reason: str
    message: str


@dataclass
class ContainerRun:
    """The life of one container. Times are the clock's monotonic seconds, moments are timestamps."""

    spec: Json
    uid: str
    where: str
    """pod_namespace(uid), as messages name it."""
    behaviour: Behaviour
    pace: float
    restarts_on: frozenset[str]
    """Among "success" and "failure": after which of them it is started again."""
    phase: Phase = "creating"
    due: float | None = None
    began: float = 0.0
    state: Json = field(default_factory=lambda: status.waiting("ContainerCreating"))
    last: Json = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    pulled: bool = False
    backoff: float = 0.0
    failing: bool = False

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    def begin(self, now: float) -> list[Note]:
        """Its pod has come to a node."""
        self.due = now + self.behaviour.pull * self.pace
        if self.behaviour.config_error:
            return []
        return [Note("Normal", "Pulling", f'Pulling image "{self.spec["image"]}"')]

    def advance(self, now: float, moment: str) -> list[Note]:
        """Do what is due."""
        if self.due is None or now < self.due:
            return []
        steps = {
            "creating": self._created,
            "refused": self._back_off_pull,
            "pull backoff": self._pull_again,
            "running": self._runs_on,
            "ended": self._ended,
            "crash backoff": self._restart,
        }
        step = steps.get(self.phase)
        self.due = None
        return step(now, moment) if step else []

    def _created(self, now: float, moment: str) -> list[Note]:
        how = self.behaviour
        if how.config_error:
            self.state = status.waiting("CreateContainerConfigError", how.config_error)
            self.due = now + PULL_RETRY * self.pace
            return [Note("Warning", "Failed", f"Error: {how.config_error}")]
        if how.pull_error:
            return self._refuse(now)
        took = f"{how.pull:.3g}s"
        words = f'Successfully pulled image "{self.spec["image"]}" in {took} ({took} including waiting).'
        if self.pulled:
            words = f'Container image "{self.spec["image"]}" already present on machine'
        self.pulled = True
        return [Note("Normal", "Pulled", words), *self._start(now, moment)]

    def _refuse(self, now: float) -> list[Note]:
        image, why = self.spec["image"], self.behaviour.pull_error
        words = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: {why}'
        self.phase, self.state = "refused", status.waiting("ErrImagePull", words)
        self.due = now + 1.0 * self.pace
        return [
            Note("Warning", "Failed", f'Failed to pull image "{image}": {words}'),
            Note("Warning", "Failed", "Error: ErrImagePull"),
        ]

    def _back_off_pull(self, now: float, _: str) -> list[Note]:
        words = f'Back-off pulling image "{self.spec["image"]}"'
        self.phase, self.state = "pull backoff", status.waiting("ImagePullBackOff", words)
        self.backoff = self._longer()
        self.due = now + self.backoff * self.pace
        return [Note("Normal", "BackOff", words), Note("Warning", "Failed", "Error: ImagePullBackOff")]

    def _pull_again(self, now: float, moment: str) -> list[Note]:
        self.phase = "creating"
        return [Note("Normal", "Pulling", f'Pulling image "{self.spec["image"]}"'), *self._created(now, moment)]

    def _start(self, now: float, moment: str) -> list[Note]:
        self.phase, self.began, self.failing = "running", now, False
        self.state, self.ready = status.running(moment), False
        self._next(now)
        return [
            Note("Normal", "Created", f"Created container: {self.name}"),
            Note("Normal", "Started", f"Started container {self.name}"),
        ]

    def _next(self, now: float) -> None:
        """When its life goes on: the earliest of what its behaviour holds in store."""
        how, age = self.behaviour, (now - self.began) / self.pace
        ahead = [how.exits, how.dies]
        ahead += [how.ready] if not self.ready and not self.failing else []
        ahead += [how.unready] if not self.failing else []
        ahead += [age + 10.0] if self.failing or (how.ready is None and not self.ready) else []
        found = [one for one in ahead if one is not None and one > age - 1e-6]
        self.due = self.began + min(found) * self.pace if found else None

    def _runs_on(self, now: float, moment: str) -> list[Note]:
        how, age = self.behaviour, (now - self.began) / self.pace + 1e-6
        notes: list[Note] = []
        if how.exits is not None and age >= how.exits:
            return self._exit(now, moment, how.code, how.reason)
        if how.dies is not None and age >= how.dies:
            words = f"Container {self.name} failed liveness probe, will be restarted"
            notes = [Note("Warning", "Unhealthy", _probe("Liveness")), Note("Normal", "Killing", words)]
            return notes + self._exit(now, moment, 137, "Error")
        if how.unready is not None and age >= how.unready:
            self.ready, self.failing = False, True
            notes = [Note("Warning", "Unhealthy", _probe("Readiness"))]
        elif how.ready is not None and age >= how.ready:
            self.ready = True
        else:
            notes = [Note("Warning", "Unhealthy", _probe("Readiness"))]
        self._next(now + 1e-3 * self.pace)
        return notes

    def crash(self, now: float, moment: str, code: int, reason: str) -> list[Note]:
        """End it from outside while it runs."""
        return self._exit(now, moment, code, reason) if self.phase == "running" else []

    def _exit(self, now: float, moment: str, code: int, reason: str) -> list[Note]:
        started = self.state["running"]["startedAt"]
        identity = status.container_id(self.uid, self.name, self.restarts)
        signal = _SIGNALS.get(code, 0) if reason != "OOMKilled" else 0
        # As terminationMessagePolicy FallbackToLogsOnError does: a run that fails leaves the end of its log.
        said = "\n".join(self.behaviour.last) if code else ""
        self.state = status.terminated(code, reason or "Error", started, moment, identity, signal=signal, said=said)
        self.ready = False
        again = ("failure" if code else "success") in self.restarts_on
        self.phase = "ended" if again else "over"
        self.due = now + 0.4 * self.pace if again else None
        return []

    def _ended(self, now: float, moment: str) -> list[Note]:
        """Started again at once after the first end, with growing pauses later."""
        if not self.restarts or now - self.began > 600 * self.pace:
            self.backoff = 0.0
            return self._restart(now, moment)
        self.backoff = self._longer()
        self.last = self.state
        words = f"back-off {self.backoff:.0f}s restarting failed container={self.name} pod={self.where}"
        self.phase, self.state = "crash backoff", status.waiting("CrashLoopBackOff", words)
        self.due = now + self.backoff * self.pace
        return [Note("Warning", "BackOff", f"Back-off restarting failed container {self.name} in pod {self.where}")]

    def _restart(self, now: float, moment: str) -> list[Note]:
        if "terminated" in self.state:
            self.last = self.state
        self.restarts += 1
        if self.behaviour.again is not None:
            self.behaviour = self.behaviour._replace(exits=self.behaviour.again, ready=None)
        words = f'Container image "{self.spec["image"]}" already present on machine'
        return [Note("Normal", "Pulled", words), *self._start(now, moment)]

    def _longer(self) -> float:
        return min(LONGEST_BACKOFF, self.backoff * 2 if self.backoff else FIRST_BACKOFF)

    def told(self) -> Json:
        """Its status."""
        return status.container(
            self.uid, self.spec, self.state, self.last, ready=self.ready, restarts=self.restarts, pulled=self.pulled
        )


def _probe(which: str) -> str:
    return f"{which} probe failed: HTTP probe failed with statuscode: 503"
