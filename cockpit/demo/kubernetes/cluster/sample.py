"""What a cluster begins with: system namespaces and nodes, a small shop, or a fleet of any size."""

from collections.abc import Iterator
from datetime import timedelta

from cockpit.demo.kubernetes.cluster import basics, build, extras
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.standing import Standing
from cockpit.demo.kubernetes.cluster.times import stamp

_SYSTEM = ("default", "kube-node-lease", "kube-public", "kube-system")

SHOP: tuple[tuple[str, int, str], ...] = (
    ("web", 3, "registry.example.com/shop/web:2.4.1"),
    ("checkout", 3, "registry.example.com/shop/checkout:3.8.1"),
    ("payments", 2, "registry.example.com/shop/payments:1.12.0"),
    ("catalog", 2, "registry.example.com/shop/catalog:5.0.3"),
)
"""Name, replicas, image."""
DEPLOYMENTS = "deployments.apps"


def ground(cluster: Cluster, nodes: int = 3, age: timedelta = timedelta(days=7)) -> None:
    """Namespaces and nodes of an empty cluster."""
    created = stamp(cluster.now() - age)
    for name in _SYSTEM:
        _namespace(cluster, name, created)
    for number in range(nodes):
        node = build.node(f"node-{number:03d}", number, stamp(cluster.now()))
        cluster.objects.create(BY_SHELF["nodes"], node, created=created)
    basics.put(cluster, created)


def _namespace(cluster: Cluster, name: str, created: str) -> None:
    cluster.objects.create(BY_SHELF["namespaces"], build.namespace(name), created=created)
    basics.account(cluster, name, created)


def shop(cluster: Cluster, namespace: str = "shop") -> None:
    """The sample platform in place, all ready."""
    standing = Standing(cluster)
    _namespace(cluster, namespace, standing.created)
    for storage, obj in definitions(namespace):
        if storage == DEPLOYMENTS:
            standing.deployment(obj)
        else:
            cluster.objects.create(BY_SHELF[storage], obj, created=standing.created)
    extras.put(cluster, namespace, standing.created)


def definitions(namespace: str) -> Iterator[tuple[str, Json]]:
    """What the sample platform is made of, as its team would apply it: four Deployments with their Services, a budget
    and an autoscaler. Each with the name of its shelf."""
    for number, (app, replicas, image) in enumerate(SHOP):
        # 100 millicores of 145 are 69 %: the autoscaler's 70 is met, it leaves the platform alone.
        resources = {"limits": {"memory": "512Mi"}, "requests": {"cpu": "145m", "memory": "256Mi"}}
        pods = build.template(app, namespace, image, resources=resources)
        yield DEPLOYMENTS, build.deployment(app, namespace, pods, replicas)
        yield "services", build.service(app, namespace, number)
        yield "configmaps", build.config_map(app, namespace, {"application.yaml": "log: info\n"})
        yield "secrets", build.secret(f"{app}-db", namespace, {"password": "c2hvcC1wYXNzd29yZA=="})
    yield "poddisruptionbudgets.policy", build.disruption_budget("checkout", namespace, minAvailable=2)
    yield "horizontalpodautoscalers.autoscaling", build.autoscaler("web", namespace, 2, 6)


def fleet(cluster: Cluster, pods: int, deployments: int, namespaces: int = 12) -> None:
    """`pods` ready pods of about 7 kB over `deployments` Deployments, spread over namespaces team-00, team-01, ..."""
    standing = Standing(cluster)
    for number in range(namespaces):
        _namespace(cluster, f"team-{number:02d}", standing.created)
    for number in range(deployments):
        namespace, app = f"team-{number % namespaces:02d}", f"app-{number:03d}"
        share = pods // deployments + (number < pods % deployments)
        template = build.template(app, namespace, f"registry.example.com/{namespace}/{app}:1.{number}.0")
        standing.deployment(build.deployment(app, namespace, template, share))
