"""One emulated cluster: its objects, its clock, who may do what, and the faults of its API."""

from datetime import datetime

from cockpit.board.clock import Clock
from cockpit.demo.kubernetes.cluster.access import Policy
from cockpit.demo.kubernetes.cluster.behaviour import Behaviours
from cockpit.demo.kubernetes.cluster.events import Events
from cockpit.demo.kubernetes.cluster.faults import Faults
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.objects import Objects
from cockpit.demo.kubernetes.cluster.store import Store
from cockpit.demo.kubernetes.cluster.usage import usage
from cockpit.demo.kubernetes.kubelet.logbook import Logbook
from cockpit.demo.kubernetes.kubelet.shell import Shell


class Cluster:
    """What all rooms of the emulator share. Everything happens on one event loop. pace: seconds for each second that
    pods, probes, back-offs and deadlines take in life; moments stay true."""

    def __init__(self, clock: Clock, pace: float = 1.0) -> None:
        self.clock, self.pace = clock, pace
        self.store = Store()
        self.objects = Objects(self.store, clock)
        self.events = Events(self.store, self.objects)
        self.behaviours = Behaviours()
        self.logbook = Logbook(self.store)
        self.shell = Shell()
        self.policy = Policy()
        self.faults = Faults()
        self.has_metrics = True
        """Whether metrics.k8s.io is served."""
        self.silent: set[str] = set()
        """Nodes whose kubelet does not answer."""

    def usage(self, pod: Json, container: Json) -> tuple[float, float]:
        """(cores, bytes) that a container uses now; zeros where its node cannot be asked."""
        if not self.is_heard(pod):
            return 0.0, 0.0
        return usage(self.behaviours, pod, container, self.now().timestamp())

    def now(self) -> datetime:
        return self.clock.now()

    def is_heard(self, pod: Json) -> bool:
        """Whether the kubelet of the pod's node answers: without it there is no log, no command, no number of it."""
        return pod["spec"].get("nodeName") not in self.silent
