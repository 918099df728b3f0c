"""The kinds that are observed: where the API has them, how they are decoded, what they are needed for."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from cockpit.backends.kubernetes.wire import Edited, Page
from cockpit.backends.kubernetes.wire_apps import Controller, CronJob, Event, Hpa, Isolation, Job, Pdb
from cockpit.backends.kubernetes.wire_nodes import Node
from cockpit.backends.kubernetes.wire_pods import Pod
from cockpit.backends.kubernetes.wire_templates import Revised


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of object. type, page: one of it, and a page of a list; first: the first whole list waits for it."""

    plural: str
    singular: str
    group: str = ""
    version: str = "v1"
    type: Any
    page: Any
    namespaced: bool = True
    first: bool = True
    selector: str = ""
    """A field selector, where not all of the kind is wanted."""
    labels: str = ""
    """The same by labels."""
    accept: str = ""
    """How it is asked for, where not as it is."""
    accept_one: str = ""
    """The same for what a watch tells."""
    aside: bool = False
    """Nothing that is shown now needs it: only what changed lately would be known better."""
    optional: bool = False
    """That it may not be seen is worth no word of its own."""

    def path(self, namespace: str = "") -> str:
        """Where it is listed; an empty namespace means all."""
        base = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inner = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{base}{inner}/{self.plural}"

    @property
    def resource(self) -> str:
        """As a role names it: "deployments.apps"."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


PODS = Kind(plural="pods", singular="pod", type=Pod, page=Page[Pod])
DEPLOYMENTS = Kind(
    plural="deployments", singular="deployment", group="apps", type=Controller, page=Page[Controller]
)  # fmt: skip
STATEFULSETS = Kind(plural="statefulsets", singular="statefulset", group="apps", type=Controller, page=Page[Controller])
DAEMONSETS = Kind(plural="daemonsets", singular="daemonset", group="apps", type=Controller, page=Page[Controller])
REPLICASETS = Kind(plural="replicasets", singular="replicaset", group="apps", type=Controller, page=Page[Controller])
JOBS = Kind(plural="jobs", singular="job", group="batch", type=Job, page=Page[Job])
CRONJOBS = Kind(plural="cronjobs", singular="cronjob", group="batch", type=CronJob, page=Page[CronJob])
NODES = Kind(plural="nodes", singular="node", type=Node, page=Page[Node], namespaced=False)
HPAS = Kind(
    plural="horizontalpodautoscalers", singular="horizontalpodautoscaler", group="autoscaling", version="v2",
    type=Hpa, page=Page[Hpa], first=False,
)  # fmt: skip
PDBS = Kind(
    plural="poddisruptionbudgets", singular="poddisruptionbudget", group="policy", type=Pdb, page=Page[Pdb], first=False
)
# Of events nine in ten are Normal and say what the objects say already.
EVENTS = Kind(
    plural="events", singular="event", type=Event, page=Page[Event], first=False, selector="type=Warning"
)  # fmt: skip

REVISIONS = Kind(
    plural="controllerrevisions", singular="controllerrevision", group="apps", type=Revised, page=Page[Revised],
    first=False, aside=True,
)  # fmt: skip
_METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1"
CONFIG_MAPS = Kind(
    plural="configmaps", singular="configmap", type=Edited, page=Page[Edited], first=False, aside=True,
    accept=_METADATA.format("List"), accept_one=_METADATA.format(""),
)  # fmt: skip
# Helm keeps each release in a Secret of its own, of a type that no pod is given.
SECRETS = Kind(
    plural="secrets", singular="secret", type=Edited, page=Page[Edited], first=False, aside=True,
    selector="type!=helm.sh/release.v1", accept=_METADATA.format("List"), accept_one=_METADATA.format(""),
)  # fmt: skip

MANAGED_BY, US = "app.kubernetes.io/managed-by", "incident-cockpit"
"""The label of what the cockpit made, and its value."""
# Of network policies only the cockpit's own, and of them whom they isolate.
ISOLATIONS = Kind(
    plural="networkpolicies", singular="networkpolicy", group="networking.k8s.io", type=Isolation, page=Page[Isolation],
    first=False, aside=True, optional=True, labels=f"{MANAGED_BY}={US}",
    accept=_METADATA.format("List"), accept_one=_METADATA.format(""),
)  # fmt: skip

OBSERVED: tuple[Kind, ...] = (
    DEPLOYMENTS, STATEFULSETS, DAEMONSETS, REPLICASETS, JOBS, CRONJOBS, PODS, NODES, HPAS, PDBS, EVENTS,
    REVISIONS, CONFIG_MAPS, SECRETS, ISOLATIONS,
)  # fmt: skip

BY_NAME: Mapping[str, Kind] = {kind.singular: kind for kind in OBSERVED}
"""By the kind of a board identity."""
