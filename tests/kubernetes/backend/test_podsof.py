"""Whose log is asked for by an object's name: a pod, what runs pods, what selects some; on the emulated cluster."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectRef
from cockpit.backends.kubernetes.catalogue import KubernetesCatalogue
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.podsof import selector_of
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster.access import ADMIN, Grant
from cockpit.profile.schema import Backend
from tests.kubernetes.conftest import Kubernetes


@pytest.fixture
async def catalogue(kubernetes: Kubernetes) -> AsyncIterator[KubernetesCatalogue]:
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "HOME": str(kubernetes.kubeconfig.parent)}
    client = KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)
    yield KubernetesCatalogue(client, frozenset({""}), Secrets().mask)
    await client.reset()


@pytest.mark.emulated("knows its pods by looking into its store")
async def test_the_pods_of_what_runs_or_selects_them(kubernetes: Kubernetes, catalogue: KubernetesCatalogue) -> None:
    store = kubernetes.cluster.store
    names = sorted(one["metadata"]["name"] for one in store.each("pods", "shop") if "web" in one["metadata"]["name"])
    (owner,) = {one["metadata"]["name"].rpartition("-")[0] for one in store.each("pods", "shop")
                if one["metadata"]["name"] in names}  # fmt: skip
    for kind, name in (("deploy", "web"), ("svc", "web"), ("rs", owner)):
        found = await catalogue.instances(ObjectRef("main", kind, "shop", name))
        assert sorted(str(one.name) for one in found) == names, kind
    (one,) = await catalogue.instances(ObjectRef("main", "po", "shop", names[0]))
    stored = store.get("pods", "shop", names[0])
    assert stored is not None
    assert (one.id.kind, one.id.space, one.id.name, one.id.instance) == (
        "pod", "shop", names[0], stored["metadata"]["uid"],
    )  # fmt: skip
    assert await catalogue.instances(ObjectRef("main", "po", "shop", "never")) == ()


@pytest.mark.emulated("refuses as it is told")
async def test_what_has_no_pods_or_may_not_be_asked_says_so(
    kubernetes: Kubernetes, catalogue: KubernetesCatalogue
) -> None:
    with pytest.raises(SourceError, match="web-db has no pods of its own, so there is no log of it"):
        await catalogue.instances(ObjectRef("main", "secrets", "shop", "web-db"))
    kubernetes.cluster.policy.grants[ADMIN] = (Grant(("get",), ("deployments",)),)
    with pytest.raises(SourceError, match="the pods of web may not be seen: needs list on pods in namespace shop"):
        await catalogue.instances(ObjectRef("main", "deploy", "shop", "web"))
    with pytest.raises(SourceError, match="needs get on pods in namespace shop"):
        await catalogue.instances(ObjectRef("main", "po", "shop", "any"))


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ({"matchLabels": {"app": "web"}}, "app=web"),
        ({"app": "web", "tier": "a"}, "app=web,tier=a"),
        (
            {"matchLabels": {"a": "b"}, "matchExpressions": [
                {"key": "c", "operator": "In", "values": ["d", "e"]},
                {"key": "f", "operator": "NotIn", "values": ["g"]},
                {"key": "h", "operator": "Exists"}, {"key": "i", "operator": "DoesNotExist"},
            ]},
            "a=b,c in (d,e),f notin (g),h,!i",
        ),
        ({}, ""),
        (None, ""),
        ({"matchLabels": {}}, ""),
        ({"matchExpressions": [{"key": "c", "operator": "Odd"}]}, ""),
        (["odd"], ""),
    ],
)  # fmt: skip
def test_selectors_as_a_query_has_them(selector: object, words: str) -> None:
    assert selector_of(msgspec.Raw(json.dumps(selector).encode())) == words
