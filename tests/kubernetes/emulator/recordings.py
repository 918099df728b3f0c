"""What a real API server was asked and answered (tests/data/kubernetes), and how two answers are compared in shape."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF

Json = Any

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "kubernetes"
NAMESPACES = ("checkout-prod", "payments-prod")


def exchanges(name: str) -> list[Json]:
    """The exchanges of a file: request (method, path, headers, body) and response (status, headers, body)."""
    found: list[Json] = json.loads((_FOLDER / f"{name}.json").read_bytes())
    return found


def body_of(exchange: Json) -> Json:
    return exchange["response"]["body"]


def load(cluster: Cluster) -> None:
    """Put every object that the recordings hold whole into the cluster."""
    for name in NAMESPACES:
        cluster.objects.create(BY_SHELF["namespaces"], build.namespace(name))
    for storage, obj in _objects():
        bare = {key: value for key, value in obj.items() if key not in {"kind", "apiVersion"}}
        cluster.store.put(storage, bare)


def _objects() -> Iterator[tuple[str, Json]]:
    for page in exchanges("pods-list-paged"):
        yield from (("pods", item) for item in body_of(page)["items"])
    # Events of the deployment's own pods: the four that were there when the watch began.
    for event in body_of(exchanges("watch-during-rollout")[0])["stream"][:4]:
        yield "pods", event["object"]
    for item in body_of(exchanges("nodes-list")[0])["items"]:
        yield from ((("nodes"), {**item, "metadata": {**item["metadata"], "name": f"node-00{n}"}}) for n in range(4))
    yield "deployments.apps", body_of(exchanges("deployment")[0])
    budgets, scalers = exchanges("pdb-hpa")
    yield from (("poddisruptionbudgets.policy", item) for item in body_of(budgets)["items"])
    yield from (("horizontalpodautoscalers.autoscaling", item) for item in body_of(scalers)["items"])


LEFT_OUT = frozenset({"managedFields", "storageVersionHash", "freshness", "remainingItemCount"})
"""Keys that are not compared: who last wrote a field, a cache's hint, a count that depends on how many there are."""


def differences(wanted: Json, found: Json, at: str = "") -> Iterator[str]:
    """Where `found` lacks a key of `wanted`, or has another type there. The items of a list are taken together."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            if key in LEFT_OUT:
                continue
            if key not in found:
                yield f"{at}.{key} is missing"
            else:
                yield from differences(value, found[key], f"{at}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list):
        if wanted and not found:
            yield f"{at} is empty"
        elif wanted:
            yield from differences(_together(wanted), _together(found), f"{at}[]")
    elif _type(wanted) != _type(found):
        yield f"{at} is {_type(found)}, not {_type(wanted)}"


def _together(items: list[Json]) -> Json:
    """Items as one: of objects every key that any of them has."""
    if not all(isinstance(item, dict) for item in items):
        return items[0]
    return {key: value for item in items for key, value in item.items()}


def _type(value: Json) -> str:
    return {bool: "bool", int: "number", float: "number"}.get(type(value), type(value).__name__)
