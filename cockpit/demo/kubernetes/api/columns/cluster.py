"""The columns of nodes, namespaces, services, volumes and what configures pods."""

from collections.abc import Mapping, Sequence

from cockpit.demo.kubernetes.api.columns.column import AGE, NAME, NONE, UNKNOWN, Column, at, joined, pairs
from cockpit.demo.kubernetes.cluster.kinds import Json


def _node_status(node: Json) -> str:
    held = {one["type"]: one["status"] for one in at("status.conditions", [])(node)}
    words = [{"True": "Ready", "False": "NotReady"}.get(held.get("Ready", ""), "NotReady" if held else "Unknown")]
    if node.get("spec", {}).get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def _roles(node: Json) -> str:
    prefix = "node-role.kubernetes.io/"
    return joined(
        sorted(name.removeprefix(prefix) for name in at("metadata.labels", {})(node) if name.startswith(prefix))
    )


def _address(kind: str) -> Column:
    def read(node: Json) -> str:
        found = [one["address"] for one in at("status.addresses", [])(node) if one["type"] == kind]
        return found[0] if found else NONE

    return Column({"InternalIP": "Internal-IP", "ExternalIP": "External-IP"}[kind], read, wide=True)


def _info(name: str, path: str) -> Column:
    return Column(name, at(f"status.nodeInfo.{path}", UNKNOWN), wide=True)


def _ports(service: Json) -> str:
    return joined(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in at("spec.ports", [])(service))


def _count(path: str) -> Column:
    return Column("Data", lambda obj: str(len(at(path, {})(obj))))


COLUMNS: Mapping[str, Sequence[Column]] = {
    "namespaces": (NAME, Column("Status", at("status.phase")), AGE),
    "nodes": (
        NAME,
        Column("Status", _node_status),
        Column("Roles", _roles),
        AGE,
        Column("Version", at("status.nodeInfo.kubeletVersion", "")),
        _address("InternalIP"),
        _address("ExternalIP"),
        _info("OS-Image", "osImage"),
        _info("Kernel-Version", "kernelVersion"),
        _info("Container-Runtime", "containerRuntimeVersion"),
    ),
    "services": (
        NAME,
        Column("Type", at("spec.type", "ClusterIP")),
        Column("Cluster-IP", at("spec.clusterIP")),
        Column("External-IP", lambda _: NONE),
        Column("Port(s)", _ports),
        AGE,
        Column("Selector", lambda service: pairs(at("spec.selector", {})(service)), wide=True),
    ),
    "configmaps": (NAME, _count("data"), AGE),
    "secrets": (NAME, Column("Type", at("type", "Opaque")), _count("data"), AGE),
    "persistentvolumeclaims": (
        NAME,
        Column("Status", at("status.phase", "Pending")),
        Column("Volume", at("spec.volumeName", "")),
        Column("Capacity", at("status.capacity.storage", "")),
        Column("Access Modes", lambda claim: ",".join(at("spec.accessModes", [])(claim))),
        Column("StorageClass", at("spec.storageClassName", "")),
        AGE,
    ),
    "leases.coordination.k8s.io": (NAME, Column("Holder", at("spec.holderIdentity", "")), AGE),
    "endpoints": (
        NAME,
        Column(
            "Endpoints",
            lambda obj: joined(one["ip"] for part in obj.get("subsets") or () for one in part.get("addresses") or ()),
        ),
        AGE,
    ),
}
