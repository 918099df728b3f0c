"""How containers behave, as a table: what a drill or a test asks for by name.

A pod template names a row in its annotation (`build.BEHAVIOUR`); without one a value of its environment may be wrong
(`Behaviours.values`), its image be in `Behaviours.images`, or carry a row's name as a word of its tag
(`shop/checkout:3.9.0-crash`). Everything else is steady, unless its memory limit is less than it needs.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cockpit.demo.kubernetes.cluster.build import BEHAVIOUR
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.quantity import amount


class Behaviour(NamedTuple):
    """One way to behave. Times are seconds as in life; None: never."""

    pull: float = 0.8
    pull_error: str = ""
    """Why its image cannot be had."""
    config_error: str = ""
    """Why its container cannot be made."""
    ready: float | None = 1.5
    unready: float | None = None
    """When its readiness probe starts to fail."""
    dies: float | None = None
    """When its liveness probe has failed so often that it is killed."""
    exits: float | None = None
    code: int = 0
    reason: str = ""
    again: float | None = None
    """When every later run exits, before it is ready, where that is sooner than the first did."""
    evicted: float | None = None
    """When its node runs short of memory."""
    stop: float = 0.5
    cpu: float = 0.1
    """Cores."""
    memory: float = 120.0
    """MiB, when it starts."""
    grows: float = 0.0
    """MiB a second."""
    rate: float = 1.0
    """Log lines a second."""
    first: tuple[str, ...] = ("starting", "listening on :8080")
    last: tuple[str, ...] = ()
    """What it says before it ends by itself."""


STEADY = Behaviour()
_MIB = 1 << 20

TABLE: Mapping[str, Behaviour] = {
    "steady": STEADY,
    "slow": Behaviour(pull=5.0, ready=20.0),
    "crash": Behaviour(
        ready=None,
        exits=1.0,
        code=1,
        reason="Error",
        last=("FATAL configuration: PROVIDER_TIMEOUT_MS is not a number: 2s", "exit status 1"),
    ),
    "panic": Behaviour(ready=1.0, exits=8.0, code=2, reason="Error", last=("panic: nil pointer dereference",)),
    "oom": Behaviour(
        ready=1.0, exits=6.0, code=137, reason="OOMKilled", memory=300, grows=35, last=("building the cache",)
    ),
    "missing": Behaviour(pull_error="not found", ready=None),
    "denied": Behaviour(
        pull_error="pull access denied, repository does not exist or may require authorization", ready=None
    ),
    "misconfigured": Behaviour(config_error='secret "absent" not found', ready=None),
    "unready": Behaviour(ready=None, first=("starting", "WARN database: connection refused")),
    "degrades": Behaviour(unready=5.0),
    "hangs": Behaviour(unready=4.0, dies=8.0),
    "evicted": Behaviour(evicted=4.0, memory=900),
    "stubborn": Behaviour(stop=3600.0),
    "done": Behaviour(ready=0.5, exits=2.0, code=0, reason="Completed", last=("done",)),
    "fails": Behaviour(ready=None, exits=1.0, code=3, reason="Error", last=("ERROR migration 0042 failed",)),
}


def _outgrows(how: Behaviour, limit: float) -> Behaviour:
    """The same with too little memory: it serves until that has grown to the limit (in MiB), and never again."""
    return how._replace(
        exits=_FULL, again=_FULL / 20, code=137, reason="OOMKilled", memory=limit / 2, grows=limit / 2 / _FULL
    )


_FULL = 6.0
"""Seconds after which a memory that is too small is full: long enough for a rollout to go on to the last pod."""


class Behaviours:
    """Which behaviour a container has. images: an image's name (with its tag) -> a row of `TABLE`, free to change."""

    def __init__(self) -> None:
        self.images: dict[str, str] = {}
        self.values: dict[tuple[str, str], str] = {}
        """(environment variable, value) -> a row: what a wrong value does."""
        self.table: dict[str, Behaviour] = dict(TABLE)
        self.loads: dict[tuple[str, str], float] = {}
        """(namespace, container) -> cores, where a drill wants another load than the table's."""

    def of(self, pod: Json, container: Json) -> Behaviour:
        """The behaviour of one container of a pod."""
        how = self.table.get(self._name(pod, container), STEADY)
        limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
        if limit is not None and amount(limit) < how.memory * _MIB:
            return _outgrows(how, amount(limit) / _MIB)
        return how

    def _name(self, pod: Json, container: Json) -> str:
        """The row that is asked for, by the annotation, a value, the image or a word of its tag."""
        asked = (pod["metadata"].get("annotations") or {}).get(BEHAVIOUR, "")
        image = str(container.get("image", ""))
        named = [asked]
        named += [self.values.get((one["name"], str(one.get("value"))), "") for one in container.get("env") or ()]
        named += [self.images.get(image, ""), *image.rpartition(":")[2].split("-")]
        return next((name for name in named if name in self.table), "")
