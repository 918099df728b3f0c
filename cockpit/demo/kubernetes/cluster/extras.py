"""What a platform has beside what runs: a quota, volumes and their claims, a way in, a kind of its own."""

from collections.abc import Iterator

from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json

_CLASS = "fast"
_CLAIMS = (("catalog-images", "20Gi", "ReadWriteMany", "Bound"), ("payments-ledger", "50Gi", "ReadWriteOnce", "Bound"))


def put(cluster: Cluster, namespace: str, created: str) -> None:
    """Put them into a namespace. created: a timestamp."""
    for storage, obj, status in _all(namespace):
        made = cluster.objects.create(BY_SHELF[storage], obj, created=created)
        if status:
            cluster.objects.set_status(storage, made, status)


def _all(namespace: str) -> Iterator[tuple[str, Json, Json]]:
    """(storage, object, status)."""
    hard = {"pods": "200", "requests.cpu": "100", "limits.memory": "200Gi"}
    used = {"pods": "10", "requests.cpu": "1450m", "limits.memory": "5120Mi"}
    quota = {"metadata": {"name": "shop", "namespace": namespace}, "spec": {"hard": hard}}
    yield "resourcequotas", quota, {"hard": hard, "used": used}
    provisioner = {"metadata": {"name": _CLASS}, "provisioner": "disk.example.com", "reclaimPolicy": "Delete"}
    yield "storageclasses.storage.k8s.io", provisioner, {}
    for claim, size, mode, phase in _CLAIMS:
        yield from _volume(claim, namespace, size, mode, phase)
    yield "ingresses.networking.k8s.io", _ingress(namespace), {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}]}}
    yield "customresourcedefinitions.apiextensions.k8s.io", _definition(), {}
    for name, percent, ready, reason in (
        ("spring-sale", 20, "True", ""),
        ("welcome", 5, "False", "CatalogUnreachable"),
    ):
        made = {"metadata": {"name": name, "namespace": namespace}, "spec": {"percent": percent}}
        yield (
            "promotions.shop.example.com",
            made,
            {"conditions": [{"type": "Ready", "status": ready}], "reason": reason},
        )


def _volume(claim: str, namespace: str, size: str, mode: str, phase: str) -> Iterator[tuple[str, Json, Json]]:
    common = {"accessModes": [mode], "storageClassName": _CLASS}
    room = {"storage": size}
    reference = {"kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim}
    spec = common | {"capacity": room, "claimRef": reference, "persistentVolumeReclaimPolicy": "Delete"}
    yield "persistentvolumes", {"metadata": {"name": f"pv-{claim}"}, "spec": spec}, {"phase": phase}
    spec = common | {"resources": {"requests": room}, "volumeName": f"pv-{claim}"}
    status = {"phase": phase, "capacity": room, "accessModes": [mode]}
    yield "persistentvolumeclaims", {"metadata": {"name": claim, "namespace": namespace}, "spec": spec}, status


def _ingress(namespace: str) -> Json:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    spec = {"ingressClassName": "nginx", "rules": [rule], "tls": [{"hosts": ["shop.example.com"], "secretName": "tls"}]}
    return {"metadata": {"name": "shop", "namespace": namespace}, "spec": spec}


def _definition() -> Json:
    """Of the kind `Promotion`, which the table of kinds serves."""
    columns = [{"name": "Percent", "type": "integer", "jsonPath": ".spec.percent"}]
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "additionalPrinterColumns": columns}
    names = {"plural": "promotions", "singular": "promotion", "kind": "Promotion", "shortNames": ["promo"]}
    spec = {"group": "shop.example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "promotions.shop.example.com"}, "spec": spec}
