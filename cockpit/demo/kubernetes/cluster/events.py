"""Events: what controllers and the kubelet tell about an object, repeated ones counted, old ones forgotten."""

from collections import OrderedDict

from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json, Kind
from cockpit.demo.kubernetes.cluster.names import uid
from cockpit.demo.kubernetes.cluster.objects import Objects
from cockpit.demo.kubernetes.cluster.store import Store
from cockpit.demo.kubernetes.cluster.times import stamp

MOST = 5_000
"""Events kept. A real server forgets them after an hour."""


class Events:
    """Records events of one cluster."""

    def __init__(self, store: Store, objects: Objects) -> None:
        self._store, self._objects = store, objects
        self._known: OrderedDict[tuple[str, ...], tuple[str, str]] = OrderedDict()

    def normal(self, storage: str, obj: Json, reason: str, message: str, component: str, **more: str) -> None:
        self._record("Normal", storage, obj, (reason, message, component), **more)

    def warning(self, storage: str, obj: Json, reason: str, message: str, component: str, **more: str) -> None:
        self._record("Warning", storage, obj, (reason, message, component), **more)

    def _record(
        self, kind: str, storage: str, obj: Json, told: tuple[str, str, str], *, host: str = "", field: str = ""
    ) -> None:
        """host: the node that tells; field: which part of the object, as `spec.containers{web}`."""
        reason, message, component = told
        meta, about = obj["metadata"], BY_SHELF[storage]
        namespace = meta.get("namespace") or "default"
        key = (meta["uid"], reason, message, field, component)
        now = self._objects.now()
        known = self._known.get(key)
        old = self._store.get("events", *known) if known else None
        if old is not None:
            again = {"lastTimestamp": stamp(now), "count": old["count"] + 1}
            self._store.put("events", {**old, **again})
            return
        name = f"{meta['name']}.{uid().replace('-', '')[:16]}"
        body = _event(kind, about, obj, told, stamp(now), host, field)
        body["metadata"] = {"name": name, "namespace": namespace}
        self._objects.create(BY_SHELF["events"], body)
        self._known[key] = (namespace, name)
        while len(self._known) > MOST:
            _, oldest = self._known.popitem(last=False)
            self._store.remove("events", *oldest)


def _event(kind: str, about: Kind, obj: Json, told: tuple[str, str, str], now: str, host: str, field: str) -> Json:
    """A first event, without its metadata."""
    (reason, message, component), meta = told, obj["metadata"]
    involved = {
        "kind": about.kind,
        **({"namespace": meta["namespace"]} if "namespace" in meta else {}),
        "name": meta["name"],
        "uid": meta["uid"],
        "apiVersion": about.api_version,
        "resourceVersion": meta["resourceVersion"],
        **({"fieldPath": field} if field else {}),
    }
    return {
        "involvedObject": involved,
        "reason": reason,
        "message": message,
        "source": {"component": component} | ({"host": host} if host else {}),
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": host,
    }
