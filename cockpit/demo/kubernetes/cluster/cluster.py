"""One emulated cluster: its objects, its clock, who may do what, and the faults of its API."""

from datetime import datetime

from cockpit.board.clock import Clock
from cockpit.demo.kubernetes.cluster.access import Policy
from cockpit.demo.kubernetes.cluster.faults import Faults
from cockpit.demo.kubernetes.cluster.objects import Objects
from cockpit.demo.kubernetes.cluster.store import Store


class Cluster:
    """What all rooms of the emulator share. Everything happens on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.store = Store()
        self.objects = Objects(self.store, clock)
        self.policy = Policy()
        self.faults = Faults()
        self.has_metrics = True
        """Whether metrics.k8s.io is served."""

    def now(self) -> datetime:
        return self.clock.now()
