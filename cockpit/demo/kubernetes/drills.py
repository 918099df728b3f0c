"""The drills of the sample shop, as a table: what breaks, how it is injected and cleared, and what mends it.

Each breaks the cluster the way a person does (an image, a value, a limit) or a machine does (a node): what mends it in
life mends it here.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.sample import SHOP
from cockpit.demo.kubernetes.emulator import Emulator

NAMESPACE = "shop"
_REGISTRY = "registry.example.com/shop"
_DEPLOYMENTS = "deployments.apps"
BAD_VALUE, GOOD_VALUE, VALUE_NAME = "2s", "2000", "PROVIDER_TIMEOUT_MS"
SMALL_LIMIT, GOOD_LIMIT = "64Mi", "512Mi"
NODE = "node-001"
STUCK_AFTER = 30
"""Seconds without progress after which a rollout of the shop is stuck; nobody watches a drill for the usual 600."""


class Drill(NamedTuple):
    """One drill. line: what breaks, for a list; mend: what ends it."""

    name: str
    line: str
    mend: str
    inject: Callable[[Emulator], None]
    clear: Callable[[Emulator], None]
    active: Callable[[Emulator], bool]


def prepare(emulator: Emulator) -> None:
    """Teach the cluster what the drills rest on: which release is bad, which value, which image there is none of."""
    behaviours = emulator.cluster.behaviours
    behaviours.images |= {f"{_REGISTRY}/checkout:3.9.0": "unready", f"{_REGISTRY}/web:2.5.0": "missing"}
    behaviours.values[VALUE_NAME, BAD_VALUE] = "crash"
    for app, _, _ in SHOP:
        old = emulator.cluster.store.get(_DEPLOYMENTS, NAMESPACE, app)
        if old is not None:
            made = {**old, "spec": {**old["spec"], "progressDeadlineSeconds": STUCK_AFTER}}
            emulator.cluster.objects.change(BY_SHELF[_DEPLOYMENTS], old, made)


def _container(emulator: Emulator, app: str) -> Json:
    found = emulator.cluster.store.get(_DEPLOYMENTS, NAMESPACE, app)
    return found["spec"]["template"]["spec"]["containers"][0] if found else {}


def _change(emulator: Emulator, app: str, **parts: object) -> None:
    """Roll out another definition of a service's container; nothing when the service was deleted."""
    old = emulator.cluster.store.get(_DEPLOYMENTS, NAMESPACE, app)
    if old is None:
        return
    template = old["spec"]["template"]
    first, *rest = template["spec"]["containers"]
    spec = {**template["spec"], "containers": [{**first, **parts}, *rest]}
    made = {**old, "spec": {**old["spec"], "template": {**template, "spec": spec}}}
    emulator.cluster.objects.change(BY_SHELF[_DEPLOYMENTS], old, made)


def _release(name: str, line: str, app: str, good: str, bad: str) -> Drill:
    """A release that is bad: rolling back mends it."""

    def to(version: str) -> Callable[[Emulator], None]:
        return lambda emulator: _change(emulator, app, image=f"{_REGISTRY}/{app}:{version}")

    def active(emulator: Emulator) -> bool:
        return str(_container(emulator, app).get("image", "")).endswith(f":{bad}")

    return Drill(name, line, "roll back to the previous revision", to(bad), to(good), active)


def _set_value(value: str) -> Callable[[Emulator], None]:
    def change(emulator: Emulator) -> None:
        env = [one for one in _container(emulator, "payments").get("env", ()) if one["name"] != VALUE_NAME]
        _change(emulator, "payments", env=[*env, {"name": VALUE_NAME, "value": value}])

    return change


def _set_limit(limit: str) -> Callable[[Emulator], None]:
    def change(emulator: Emulator) -> None:
        requests = {"cpu": "145m", "memory": SMALL_LIMIT if limit == SMALL_LIMIT else "256Mi"}
        _change(emulator, "catalog", resources={"limits": {"memory": limit}, "requests": requests})

    return change


def _value_is_bad(emulator: Emulator) -> bool:
    return {"name": VALUE_NAME, "value": BAD_VALUE} in _container(emulator, "payments").get("env", ())


def _limit_is_small(emulator: Emulator) -> bool:
    resources = _container(emulator, "catalog").get("resources") or {}
    return bool((resources.get("limits") or {}).get("memory") == SMALL_LIMIT)


DRILLS: tuple[Drill, ...] = (
    _release(
        "bad-release",
        "checkout 3.9.0 is rolled out and never becomes ready: its rollout is stuck",
        "checkout",
        "3.8.1",
        "3.9.0",
    ),
    Drill(
        "crash-loop",
        "payments exits at every start: a value in its environment is wrong",
        f"set {VALUE_NAME} to {GOOD_VALUE}, or roll back",
        _set_value(BAD_VALUE),
        _set_value(GOOD_VALUE),
        _value_is_bad,
    ),
    Drill(
        "out-of-memory",
        "catalog is killed again and again: its memory limit is less than it needs",
        f"set its memory limit to {GOOD_LIMIT}, or roll back",
        _set_limit(SMALL_LIMIT),
        _set_limit(GOOD_LIMIT),
        _limit_is_small,
    ),
    _release("image-pull", "web 2.5.0 is rolled out and its image is not in the registry", "web", "2.4.1", "2.5.0"),
    Drill(
        "node-lost",
        f"{NODE} falls silent: nobody knows how its pods are, and they move after five minutes",
        "wait, or drain the node; the machine comes back when the drill ends",
        lambda emulator: emulator.nodes.lose(NODE),
        lambda emulator: emulator.nodes.find(NODE),
        lambda emulator: NODE in emulator.cluster.silent,
    ),
)

BY_NAME: Mapping[str, Drill] = {drill.name: drill for drill in DRILLS}
