"""Objects of any shape: each is taken or refused in one line, and the cluster goes on as if nothing had been."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.board.clock import ManualClock
from cockpit.demo.kubernetes.cluster import build, sample
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.server.wire import Call, Reply

Json = Any

SCALARS = st.none() | st.booleans() | st.integers(-5, 1 << 40) | st.text(max_size=8) | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PATHS = {
    "deployments.apps": "/apis/apps/v1/namespaces/shop/deployments",
    "statefulsets.apps": "/apis/apps/v1/namespaces/shop/statefulsets",
    "pods": "/api/v1/namespaces/shop/pods",
    "poddisruptionbudgets.policy": "/apis/policy/v1/namespaces/shop/poddisruptionbudgets",
    "horizontalpodautoscalers.autoscaling": "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers",
    "services": "/api/v1/namespaces/shop/services",
    "nodes": "/api/v1/nodes",
    "resourcequotas": "/api/v1/namespaces/default/resourcequotas",
}


def good(storage: str) -> Json:
    """An object that is taken."""
    template = build.template("odd", "shop", "registry.example.com/shop/odd:1")
    made: dict[str, Json] = {
        "deployments.apps": build.deployment("odd", "shop", template, 2),
        "statefulsets.apps": build.stateful_set("odd", "shop", template, 2),
        "pods": {"metadata": {"name": "odd", "namespace": "shop"}, "spec": template["spec"]},
        "poddisruptionbudgets.policy": build.disruption_budget("web", "shop", minAvailable=1),
        "horizontalpodautoscalers.autoscaling": build.autoscaler("catalog", "shop", 1, 3),
        "services": build.service("odd", "shop", 9),
        "nodes": build.node("odd", 9, "2026-03-01T14:00:00Z"),
        "resourcequotas": {"metadata": {"name": "odd", "namespace": "default"}, "spec": {"hard": {"pods": "50"}}},
    }
    return made[storage]


def places(value: Json, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


def replaced(value: Json, place: tuple[Any, ...], new: Json) -> Json:
    """A copy of a value with something else at one place."""
    if not place:
        return new
    made = copy.deepcopy(value)
    inner = made
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return made


async def answered(emulator: Emulator, method: str, path: str, body: Json) -> Reply:
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    call = Call(method, path, {}, {"content-type": kind}, json.dumps(body).encode())
    answer = await emulator.api.handle(call)
    assert isinstance(answer, Reply)
    return answer


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
async def test_no_object_stops_the_cluster(data: st.DataObject) -> None:
    storage = data.draw(st.sampled_from(sorted(PATHS)))
    whole = good(storage)
    body = replaced(whole, data.draw(st.sampled_from(places(whole))), data.draw(VALUES))
    clock = ManualClock()
    emulator = Emulator(clock)
    sample.ground(emulator.cluster)
    sample.shop(emulator.cluster)
    answer = await answered(emulator, "POST", PATHS[storage], body)
    assert answer.status in {201, 400, 404, 409, 422}
    if answer.status != 201:
        assert "\n" not in json.loads(answer.body)["message"]
    again = await answered(emulator, "PATCH", f"{PATHS['deployments.apps']}/payments", {"spec": {"replicas": 3}})
    assert again.status == 200
    for _ in range(8):
        emulator.manager.loop.settle()
        await clock.advance(1.0)
    found = emulator.cluster.store.get("deployments.apps", "shop", "payments")
    assert found is not None
    assert found["status"]["availableReplicas"] == 3
    for kind in BY_SHELF.values():
        listed = await emulator.api.handle(_table(kind.api_version, kind.plural))
        assert isinstance(listed, Reply)
        assert listed.status in {200, 400}


def _table(version: str, plural: str) -> Call:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return Call("GET", f"{root}/{plural}", {}, {"accept": accept}, b"")
