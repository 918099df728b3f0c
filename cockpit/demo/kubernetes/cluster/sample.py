"""What a cluster begins with: system namespaces and nodes, a small shop, or a fleet of any size."""

from datetime import timedelta

from cockpit.demo.kubernetes.cluster import build
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
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


def ground(cluster: Cluster, nodes: int = 3, age: timedelta = timedelta(days=7)) -> None:
    """Namespaces and nodes of an empty cluster."""
    created = stamp(cluster.now() - age)
    for name in _SYSTEM:
        cluster.objects.create(BY_SHELF["namespaces"], build.namespace(name), created=created)
    for number in range(nodes):
        node = build.node(f"node-{number:03d}", number, stamp(cluster.now()))
        cluster.objects.create(BY_SHELF["nodes"], node, created=created)


def shop(cluster: Cluster, namespace: str = "shop") -> None:
    """The sample platform: four Deployments with their Services, a budget and an autoscaler, all ready."""
    standing = Standing(cluster)
    cluster.objects.create(BY_SHELF["namespaces"], build.namespace(namespace), created=standing.created)
    for number, (app, replicas, image) in enumerate(SHOP):
        # 100 millicores of 145 are 69 %: the autoscaler's 70 is met, it leaves the platform alone.
        resources = {"limits": {"memory": "512Mi"}, "requests": {"cpu": "145m", "memory": "256Mi"}}
        pods = build.template(app, namespace, image, resources=resources)
        standing.deployment(build.deployment(app, namespace, pods, replicas))
        extras = {
            "services": build.service(app, namespace, number),
            "configmaps": build.config_map(app, namespace, {"application.yaml": "log: info\n"}),
            "secrets": build.secret(f"{app}-db", namespace, {"password": "c2hvcC1wYXNzd29yZA=="}),
        }
        for storage, obj in extras.items():
            cluster.objects.create(BY_SHELF[storage], obj, created=standing.created)
    budget = build.disruption_budget("checkout", namespace, minAvailable=2)
    cluster.objects.create(BY_SHELF["poddisruptionbudgets.policy"], budget, created=standing.created)
    scaler = build.autoscaler("web", namespace, 2, 6)
    cluster.objects.create(BY_SHELF["horizontalpodautoscalers.autoscaling"], scaler, created=standing.created)


def fleet(cluster: Cluster, pods: int, deployments: int, namespaces: int = 12) -> None:
    """`pods` ready pods of about 7 kB over `deployments` Deployments, spread over namespaces team-00, team-01, ..."""
    standing = Standing(cluster)
    for number in range(namespaces):
        cluster.objects.create(BY_SHELF["namespaces"], build.namespace(f"team-{number:02d}"), created=standing.created)
    for number in range(deployments):
        namespace, app = f"team-{number % namespaces:02d}", f"app-{number:03d}"
        share = pods // deployments + (number < pods % deployments)
        template = build.template(app, namespace, f"registry.example.com/{namespace}/{app}:1.{number}.0")
        standing.deployment(build.deployment(app, namespace, template, share))
