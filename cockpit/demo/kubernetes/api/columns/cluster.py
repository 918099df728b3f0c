"""The columns of nodes, namespaces, services, volumes and what configures pods."""

from collections.abc import Callable, Mapping, Sequence

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


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(volume: Json) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in at("spec.accessModes", [])(volume))


def _address(kind: str) -> Column:
    def read(node: Json) -> str:
        found = [one["address"] for one in at("status.addresses", [])(node) if one["type"] == kind]
        return found[0] if found else NONE

    return Column({"InternalIP": "Internal-IP", "ExternalIP": "External-IP"}[kind], read, wide=True)


def _info(name: str, path: str) -> Column:
    return Column(name, at(f"status.nodeInfo.{path}", UNKNOWN), wide=True)


def _ports(service: Json) -> str:
    return joined(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in at("spec.ports", [])(service))


def _claim(volume: Json) -> str:
    held = at("spec.claimRef", {})(volume)
    return f"{held.get('namespace', '')}/{held.get('name', '')}" if held else ""


def _condition(kind: str) -> Callable[[Json], str]:
    """The status of a condition."""

    def read(obj: Json) -> str:
        return next((one["status"] for one in at("status.conditions", [])(obj) if one["type"] == kind), "")

    return read


def _hosts(ingress: Json) -> str:
    return ",".join(rule.get("host", "*") for rule in at("spec.rules", [])(ingress)) or "*"


def _reached(ingress: Json) -> str:
    return ",".join(one.get("ip") or one.get("hostname", "") for one in at("status.loadBalancer.ingress", [])(ingress))


def _role(binding: Json) -> str:
    role = at("roleRef", {})(binding)
    return f"{role.get('kind', '')}/{role.get('name', '')}"


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
        Column("Access Modes", _modes),
        Column("StorageClass", at("spec.storageClassName", "")),
        AGE,
    ),
    "persistentvolumes": (
        NAME,
        Column("Capacity", at("spec.capacity.storage", "")),
        Column("Access Modes", _modes),
        Column("Reclaim Policy", at("spec.persistentVolumeReclaimPolicy", "")),
        Column("Status", at("status.phase", "Pending")),
        Column("Claim", _claim),
        Column("StorageClass", at("spec.storageClassName", "")),
        AGE,
    ),
    "ingresses.networking.k8s.io": (
        NAME,
        Column("Class", at("spec.ingressClassName")),
        Column("Hosts", _hosts),
        Column("Address", _reached),
        Column("Ports", lambda ingress: "80, 443" if at("spec.tls", [])(ingress) else "80"),
        AGE,
    ),
    "customresourcedefinitions.apiextensions.k8s.io": (
        NAME,
        Column("Created At", at("metadata.creationTimestamp"), "date"),
    ),
    # What its definition names as additionalPrinterColumns.
    "promotions.shop.example.com": (
        NAME,
        Column("Percent", at("spec.percent", 0), "integer"),
        Column("Ready", _condition("Ready")),
        Column("Reason", at("status.reason", ""), wide=True),
        AGE,
    ),
    "serviceaccounts": (NAME, Column("Secrets", lambda obj: len(at("secrets", [])(obj)), "integer"), AGE),
    "roles.rbac.authorization.k8s.io": (NAME, Column("Created At", at("metadata.creationTimestamp"), "date")),
    "clusterroles.rbac.authorization.k8s.io": (NAME, Column("Created At", at("metadata.creationTimestamp"), "date")),
    "rolebindings.rbac.authorization.k8s.io": (NAME, Column("Role", _role), AGE),
    "clusterrolebindings.rbac.authorization.k8s.io": (NAME, Column("Role", _role), AGE),
    "priorityclasses.scheduling.k8s.io": (
        NAME,
        Column("Value", at("value", 0), "integer"),
        Column("Global-Default", at("globalDefault", False), "boolean"),
        AGE,
        Column("PreemptionPolicy", at("preemptionPolicy", "PreemptLowerPriority")),
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
