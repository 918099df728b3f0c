"""GET /metrics: numbers of the API server itself, as Prometheus reads them."""

from cockpit.demo.kubernetes.api.discovery import VERSION
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.server.wire import Call, Reply

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(cluster: Cluster, call: Call) -> Reply | None:
    """The answer when the path is this one."""
    if call.path != "/metrics":
        return None
    build = f'git_version="{VERSION["gitVersion"]}",major="{VERSION["major"]}",minor="{VERSION["minor"]}"'
    lines = [
        "# HELP kubernetes_build_info The version that is served.",
        "# TYPE kubernetes_build_info gauge",
        f"kubernetes_build_info{{{build}}} 1",
        "# HELP apiserver_storage_objects Objects that are stored, by kind.",
        "# TYPE apiserver_storage_objects gauge",
    ]
    for name, shelf in sorted(cluster.store.shelves.items()):
        lines.append(f'apiserver_storage_objects{{resource="{name}"}} {len(shelf.items)}')
    lines += [
        "# HELP apiserver_storage_changes_total Changes of all objects.",
        "# TYPE apiserver_storage_changes_total counter",
        f"apiserver_storage_changes_total {cluster.store.version}",
    ]
    return Reply(200, ("\n".join(lines) + "\n").encode(), _TYPE)
