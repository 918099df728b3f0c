"""Revisions of a Deployment, as its ReplicaSets keep them; a rollout that goes bad is seen with its reason."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.history import Ran
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.history import healthy, history, selector_words
from cockpit.board.clock import SystemClock
from cockpit.board.lead import Kind, Place
from cockpit.board.leads import leads
from cockpit.board.model import Identity, SafeText, State
from cockpit.board.revision import Revision, difference
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.watch import Watch
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import rolled_out, until

IMAGE = "registry.example.com/shop/checkout"
START = datetime(2026, 3, 1, tzinfo=UTC)
CHECKOUT = Identity("kubernetes", "c1", "shop", "deployment", "checkout")


def set_image(kubernetes: Kubernetes, image: str, cause: str = "", **variables: str) -> None:
    """As `kubectl set image deployment/checkout` does it, with variables of the environment beside it."""
    kind = BY_SHELF["deployments.apps"]
    old: Any = kubernetes.cluster.store.get(kind.storage, "shop", "checkout")
    template = old["spec"]["template"]
    (container,) = template["spec"]["containers"]
    added = [{"name": name, "value": value} for name, value in variables.items()]
    kept = [one for one in container.get("env", ()) if one["name"] not in variables]
    changed = {**container, "image": image, "env": [*kept, *added]}
    new = {
        **old,
        "metadata": {
            **old["metadata"],
            "annotations": {**old["metadata"]["annotations"], "kubernetes.io/change-cause": cause},
        },
        "spec": {
            **old["spec"],
            "template": {**template, "spec": {**template["spec"], "containers": [changed]}},
        },
    }
    kubernetes.cluster.objects.change(kind, old, new)


def client(kubernetes: Kubernetes) -> KubeClient:
    environ = {"KUBECONFIG": str(kubernetes.kubeconfig), "HOME": "/"}
    return KubeClient("main", Backend(kind="kubernetes"), SystemClock(), Secrets(), read_only=True, environ=environ)


async def test_revisions_newest_first_and_what_differs(kubernetes: Kubernetes) -> None:
    asker = client(kubernetes)
    async with Watch(kubernetes.kubeconfig) as watch:
        await watch.sees("checkout", lambda one: one.instances)
        set_image(kubernetes, f"{IMAGE}:3.9.0", "release 3.9.0", DB_PASSWORD="hunter2")
        await watch.sees(
            "checkout",
            lambda one: not one.rollout and {str(pod.version) for pod in one.instances} == {"3.9.0"},
        )
        new, old = await history(asker, CHECKOUT)
        assert (new.number, old.number) == (2, 1)
        assert (new.current, old.current) == (True, False)
        assert (new.images, old.images) == ((f"{IMAGE}:3.9.0",), (f"{IMAGE}:3.8.1",))
        assert (new.replicas, old.replicas) == (3, 0)
        assert new.cause == "release 3.9.0"
        assert new.created_at is not None
        lines = difference(old, new)
        assert any(line.startswith("-") and line.endswith("3.8.1") for line in lines)
        assert any(line.startswith("+") and line.endswith("3.9.0") for line in lines)
        assert any(line.startswith("+") and "DB_PASSWORD" in line for line in lines)
        assert not any("hunter2" in line or "pod-template-hash" in line for line in lines)
        assert difference(new, new) == ()
        set_image(kubernetes, f"{IMAGE}:3.9.0", DB_PASSWORD="hunter3")
        await until(kubernetes.cluster, lambda: rolled_out(kubernetes.cluster, "checkout"))
        found = await history(asker, CHECKOUT)
        changed = [line.replace(" ", "") for line in difference(found[1], found[0]) if line[:1] in "+-"]
        assert changed == ["-value:***(value1)", "+value:***(value2)"]
        assert not any("hunter" in line for one in found for line in one.definition)
        workload = watch.workload("checkout")
        assert workload is not None
        seen = Ran(id="sha256:1", name=f"{IMAGE}:3.8.1", since=START, until=START, healthy=START)
        told = await watch.source.revisions(workload, (seen,))
        assert [(one.number, one.healthy) for one in told] == [(3, None), (2, None), (1, START)]
    await asker.reset()


def test_when_a_revision_was_healthy_is_known_where_its_image_is_its_own() -> None:
    new, old, twin = (Revision(number=number, name="", images=(SafeText(f"web:{number}"),)) for number in (1, 2, 2))
    past = (Ran(id="sha256:2", name="web:2", since=START, healthy=START),)
    assert healthy(old, (new, old), past) == START
    assert healthy(new, (new, old), past) is None
    assert healthy(old, (new, old, twin), past) is None


async def test_what_keeps_no_revisions_or_is_gone_says_so(still: Kubernetes) -> None:
    asker = client(still)
    with pytest.raises(SourceError, match="job nightly keeps no revisions"):
        await history(asker, Identity("kubernetes", "c1", "shop", "job", "nightly"))
    with pytest.raises(SourceError, match="the revisions of gone cannot be seen"):
        await history(asker, Identity("kubernetes", "c1", "shop", "deployment", "gone"))
    await asker.reset()


def test_a_selector_as_a_query_has_it() -> None:
    assert selector_words({"matchLabels": {"app": "web", "tier": "a"}}) == "app=web,tier=a"
    assert selector_words({"matchLabels": {"app": "we b,x"}, "matchExpressions": [{"key": "a"}]}) == ""


async def test_a_rollout_that_goes_bad_is_seen_with_its_reason(kubernetes: Kubernetes) -> None:
    async with Watch(kubernetes.kubeconfig) as watch:
        await watch.assessed("checkout", lambda one: one.state is State.OK)
        set_image(kubernetes, f"{IMAGE}:3.9.0-crash")
        one = await watch.assessed("checkout", lambda one: "exit 1" in one.why)
        assert one.state is State.DEGRADED
        set_image(kubernetes, f"{IMAGE}:3.9.1-missing")
        wanted = {Kind.IMAGE, Kind.CHANGE}
        one = await watch.assessed("checkout", lambda one: wanted <= {lead.kind for lead in leads(one)})
        assert next(lead for lead in leads(one) if lead.kind is Kind.IMAGE).evidence.place is Place.OBJECT
        set_image(kubernetes, f"{IMAGE}:3.8.1")
        await watch.assessed("checkout", lambda one: one.state is State.OK)
