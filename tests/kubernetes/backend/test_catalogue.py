"""Kinds, lists and single objects of the emulated cluster, as kubectl has them; refusals, secrets, expired lists."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import Form, ObjectPage, ObjectQuery
from cockpit.backends.kubernetes import catalogue as module
from cockpit.backends.kubernetes.catalogue import KubernetesCatalogue
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.discovery import CUSTOM, Discovery
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.profile.schema import Backend
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import until
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing

pytestmark = pytest.mark.emulated("has kinds of the tests' own, and refuses as it is told")

KINDS = (
    "endpointslices",
    "quota",
    "pvc",
    "pv",
    "cm",
    "secrets",
    "ing",
    "crd",
    "promo",
    "deploy",
    "po",
    "hpa",
    "pdb",
    "ns",
    "sc",
    "svc",
)


@pytest.fixture
async def client(kubernetes: Kubernetes) -> AsyncIterator[KubeClient]:
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "HOME": str(kubernetes.kubeconfig.parent)}
    made = KubeClient(
        "main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ
    )  # fmt: skip
    yield made
    await made.reset()


@pytest.fixture
def catalogue(client: KubeClient) -> KubernetesCatalogue:
    """On the shop's namespace."""
    return KubernetesCatalogue(client, frozenset({""}), Secrets().mask)


@pytest.fixture
def kubectl(kubernetes: Kubernetes, tmp_path: Path) -> Kubectl:
    if reason := why_not():
        missing(reason)
    return Kubectl(kubernetes.kubeconfig, tmp_path)


async def whole(catalogue: KubernetesCatalogue, kind: str, **query: str) -> list[ObjectPage]:
    """Every page of a list."""
    pages = [await catalogue.page(ObjectQuery(kind=kind, **query))]
    while pages[-1].token:
        pages.append(await catalogue.page(ObjectQuery(kind=kind, token=pages[-1].token, **query)))
    return pages


def shown(page: ObjectPage) -> list[list[str]]:
    """Titles and cells as kubectl prints them: without wide columns and without ages."""
    kept = [index for index, one in enumerate(page.columns) if not one.wide and one.title not in ("Age", "Created At")]
    titles = [page.columns[index].title.upper() for index in kept]
    return [titles, *[[str(row.cells[index]) for index in kept] for row in page.rows]]


def printed(text: str) -> list[list[str]]:
    """What kubectl printed, cut at its columns: without ages."""
    head, *lines = text.splitlines()
    starts = [at for at in range(len(head)) if head[at] != " " and (at == 0 or head[at - 2 : at] == "  ")]
    rows = [
        [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)] for line in (head, *lines)
    ]  # fmt: skip
    kept = [index for index, title in enumerate(rows[0]) if title not in ("AGE", "CREATED AT")]
    return [[row[index] for index in kept] for row in rows]


async def test_lists_agree_with_kubectl(
    kubernetes: Kubernetes, catalogue: KubernetesCatalogue, kubectl: Kubectl
) -> None:
    cluster = kubernetes.cluster
    await until(cluster, lambda: len(list(cluster.store.each("endpointslices.discovery.k8s.io", "shop"))) == 4)
    # From here on nothing changes: what is listed twice is the same.
    await kubernetes.emulator.manager.stop()
    for kind in KINDS:
        (page,) = await whole(catalogue, kind)
        assert shown(page) == printed(await kubectl.ask("get", kind)), kind


async def test_every_kind_that_kubectl_knows_can_be_listed(catalogue: KubernetesCatalogue, kubectl: Kubectl) -> None:
    names = set((await kubectl.ask("api-resources", "--verbs=list", "-o", "name")).split())
    assert {one.qualified for one in await catalogue.kinds()} == names
    for name in sorted(names):
        assert (await catalogue.page(ObjectQuery(kind=name))).kind.qualified == name


WORDS = {
    "pods": ("po", "Pods", "pod"),
    "deployments.apps": ("dp", "deploy", "deployment", "deployments.apps", "deployments.v1.apps", "deployment.apps"),
    "replicasets.apps": ("rs", "replicaset.apps"),
    "statefulsets.apps": ("sts",),
    "daemonsets.apps": ("ds",),
    "jobs.batch": ("job", "jo"),
    "cronjobs.batch": ("cj",),
    "horizontalpodautoscalers.autoscaling": ("hpa",),
    "poddisruptionbudgets.policy": ("pdb",),
    "events": ("ev", "event"),
    "namespaces": ("ns",),
    "resourcequotas": ("quota",),
    "endpointslices.discovery.k8s.io": ("eps",),
    "persistentvolumeclaims": ("pvc",),
    "secrets": ("secret", "sec"),
    "ingresses.networking.k8s.io": ("ing",),
    "promotions.shop.example.com": ("promo", "promotion", "promotions.shop.example.com"),
    "pods.metrics.k8s.io": ("pods.metrics.k8s.io",),
}


async def test_a_kind_is_found_by_any_of_its_names(client: KubeClient) -> None:
    discovery = Discovery(client)
    for meant, words in WORDS.items():
        for word in words:
            assert (await discovery.find(word)).qualified == meant, word


async def test_words_of_responders_stand_among_a_kinds_names(client: KubeClient) -> None:
    known = {one.qualified: one.names for one in await Discovery(client).kinds()}
    assert {word: word in known[meant] for word, meant in CUSTOM.items()} == dict.fromkeys(CUSTOM, True)


async def test_a_word_that_means_nothing_says_what_is_near(catalogue: KubernetesCatalogue) -> None:
    with pytest.raises(SourceError, match="has no kind deploymets; did you mean deployments"):
        await catalogue.page(ObjectQuery(kind="deploymets"))


async def test_discovery_is_asked_once(kubernetes: Kubernetes, catalogue: KubernetesCatalogue) -> None:
    for kind in ("po", "cm", "promo"):
        await catalogue.page(ObjectQuery(kind=kind))
    asked = [one for one in kubernetes.cluster.faults.seen if one in ("GET /api", "GET /apis")]
    assert sorted(asked) == ["GET /api", "GET /apis"]


async def test_an_api_without_aggregated_discovery_is_asked_group_by_group(
    kubernetes: Kubernetes, catalogue: KubernetesCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cockpit.backends.kubernetes import discovery

    aggregated = await catalogue.kinds()
    monkeypatch.setattr(discovery, "_AGGREGATED", "application/json")
    kubernetes.cluster.faults.add(Fault(status=503, where="/apis/metrics.k8s.io/v1beta1"))
    old = await KubernetesCatalogue(catalogue._client, frozenset({""})).kinds()
    # A server beside the main one that is down takes nothing but its own kinds along.
    assert set(old) == {one for one in aggregated if one.group != "metrics.k8s.io"}


async def test_all_namespaces_labels_and_several_namespaces(
    client: KubeClient, catalogue: KubernetesCatalogue, kubectl: Kubectl
) -> None:
    await kubectl.ask("create", "namespace", "other")
    await kubectl.ask("create", "configmap", "far", "-n", "other", "--from-literal=a=b")
    (everywhere,) = await whole(catalogue, "cm", space="")
    assert ("other", "far") in {(row.space, row.name) for row in everywhere.rows}
    assert everywhere.spaces == ()
    (one,) = await whole(catalogue, "deploy", labels="app.kubernetes.io/name=web")
    assert [row.name for row in one.rows] == ["web"]
    both = KubernetesCatalogue(client, frozenset({"shop", "other"}))
    pages = await whole(both, "cm")
    assert [page.spaces for page in pages] == [("other", "shop")] * 2
    assert [{row.space for row in page.rows} for page in pages] == [{"other"}, {"shop"}]


async def test_a_long_list_comes_in_pages(
    catalogue: KubernetesCatalogue, kubectl: Kubectl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    pages = await whole(catalogue, "po")
    assert [len(page.rows) for page in pages] == [4, 4, 2]
    assert [page.remaining for page in pages] == [6, 2, 0]
    names = (await kubectl.ask("get", "pods", "-o", "name")).split()
    assert [f"pod/{row.name}" for page in pages for row in page.rows] == names


async def test_an_expired_list_says_so(
    kubernetes: Kubernetes, catalogue: KubernetesCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 4)
    first = await catalogue.page(ObjectQuery(kind="cm"))
    second = ObjectQuery(kind="po", token=(await catalogue.page(ObjectQuery(kind="po"))).token)
    cluster = kubernetes.cluster
    cluster.objects.set_status("pods", next(cluster.store.each("pods", "shop")), {"phase": "Running"})
    kubernetes.emulator.api.compact()
    page = await catalogue.page(second)
    assert (page.expired, page.rows) == (True, ())
    garbled = await catalogue.page(ObjectQuery(kind="po", token="0:garbled"))
    assert (garbled.expired, first.expired) == (True, False)


async def test_who_may_not_is_told_what_is_missing(kubernetes: Kubernetes, catalogue: KubernetesCatalogue) -> None:
    kubernetes.cluster.policy.grants[ADMIN] = (Grant(("list",), ("pods",)),)
    assert (await catalogue.page(ObjectQuery(kind="po"))).rows
    with pytest.raises(SourceError) as refused:
        await catalogue.page(ObjectQuery(kind="secrets"))
    assert str(refused.value) == "secrets in namespace shop: not permitted: needs list on secrets in namespace shop"
    with pytest.raises(SourceError) as refused:
        await catalogue.page(ObjectQuery(kind="pv"))
    assert str(refused.value) == "persistentvolumes: not permitted: needs list on persistentvolumes"
    with pytest.raises(SourceError, match="secret web-db in namespace shop: not permitted: needs get on secrets"):
        await catalogue.show("secret", "shop", "web-db", "yaml")


async def test_what_is_gone_says_so(kubernetes: Kubernetes, catalogue: KubernetesCatalogue) -> None:
    await catalogue.kinds()
    with pytest.raises(SourceError, match="configmap nowhere in namespace shop is gone"):
        await catalogue.show("cm", "shop", "nowhere", "describe")
    kubernetes.cluster.faults.add(Fault(status=404, where="/promotions"))
    with pytest.raises(SourceError, match="promotions in namespace shop are not served by the cluster any more"):
        await catalogue.page(ObjectQuery(kind="promo"))


@pytest.mark.parametrize("name", ["..", ".", "../../secrets/web-db", "web?watch=1", "web/status", "a b", "%2e%2e"])
async def test_no_name_leads_to_another_path(kubernetes: Kubernetes, catalogue: KubernetesCatalogue, name: str) -> None:
    await catalogue.kinds()
    del kubernetes.cluster.faults.seen[:]
    with pytest.raises(SourceError):
        await catalogue.show("configmaps", "shop", name, "yaml")
    asked = [one for one in kubernetes.cluster.faults.seen if "configmaps" in one]
    assert all(one.count("/") == "GET /api/v1/namespaces/shop/configmaps/NAME".count("/") for one in asked)


SECRET = "shop-password"


async def test_no_value_of_a_secret_is_shown(catalogue: KubernetesCatalogue, kubectl: Kubectl) -> None:
    secret = json.loads(await kubectl.ask("get", "secret", "web-db", "-o", "json"))
    secret["metadata"]["annotations"] = {"tool/copy": json.dumps({"data": SECRET * 9}), "team": "shop"}
    await kubectl.ask("apply", "-f", "-", stdin=json.dumps(secret))
    forms: tuple[Form, ...] = ("describe", "yaml")
    for form in forms:
        text = str(await catalogue.show("secrets", "shop", "web-db", form))
        assert SECRET not in text
        assert "c2hvcC1w" not in text
        assert "password" in text
        assert "(13 bytes)" in text
        assert "shop" in text
    listed = repr(await catalogue.page(ObjectQuery(kind="secrets")))
    assert "web-db" in listed
    assert SECRET not in listed
    assert "c2hvcC1w" not in listed


async def test_yaml_is_the_object_as_kubectl_has_it(catalogue: KubernetesCatalogue, kubectl: Kubectl) -> None:
    for kind, name in (("cm", "web-config"), ("svc", "web"), ("ing", "shop"), ("crd", "promotions.shop.example.com")):
        text = await catalogue.show(kind, "shop", name, "yaml")
        wanted = json.loads(await kubectl.ask("get", kind, name, "-o", "json"))
        wanted["metadata"].pop("managedFields", None)
        assert YAML(typ="safe", pure=True).load(str(text)) == wanted


async def test_values_of_variables_are_masked_and_names_kept(catalogue: KubernetesCatalogue) -> None:
    text = str(await catalogue.show("deploy", "shop", "web", "yaml"))
    assert "name: DATABASE_URL" in text
    assert "postgres://" not in text


async def test_describe_tells_state_owner_and_events(kubernetes: Kubernetes, catalogue: KubernetesCatalogue) -> None:
    (page,) = await whole(catalogue, "po")
    row = next(row for row in page.rows if row.name.startswith("web"))
    cluster = kubernetes.cluster
    pod = cluster.store.get("pods", "shop", row.name)
    assert pod is not None
    cluster.events.warning("pods", pod, "Unhealthy", "Readiness probe failed: 503", "kubelet")
    text = str(await catalogue.show("po", "shop", row.name, "describe"))
    assert text.startswith(f"Pod {row.name}  (v1)\nnamespace    shop\n")
    assert f"owner        ReplicaSet {pod['metadata']['ownerReferences'][0]['name']}" in text
    assert "  Ready True  since " in text
    assert "Warning Unhealthy (1x): Readiness probe failed: 503" in text
    assert "\n\nevents: none\n\n" in await catalogue.show("quota", "shop", "shop", "describe")
    cluster.policy.grants[ADMIN] = (Grant(("get", "list"), ("pods", "replicasets")),)
    text = str(await catalogue.show("po", "shop", row.name, "describe"))
    assert "\n\nevents: not permitted: needs list on events\n\n" in text
    assert row.owner is not None
    (sets,) = await whole(catalogue, row.owner.kind)
    assert row.owner.name in {one.name for one in sets.rows}
