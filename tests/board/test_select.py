"""Selectors: what they match, and which services are discovered."""

import pytest
from msgspec.structs import replace

from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.select import Selection, candidates, selected_by
from cockpit.profile.schema import Backend, Profile, Selector, Service
from tests.board.scene import SOURCE, identity, instance, profile, workload


def chosen(selector: Selector, one: Workload, **fields: object) -> list[str]:
    made = profile({"svc": Service(workloads=(selector,))}, **fields)
    return [service.key for service in Selection(made).services(one)]


def on(backend: str, kind: str, name: str, space: str = "") -> Workload:
    return workload(name, owner=Identity(backend, "E1", space, kind, name))


@pytest.mark.parametrize(
    ("selector", "one", "found"),
    [
        (Selector(compose="web"), on("docker", "compose", "web", "shop"), True),
        (Selector(compose="web"), on("docker", "container", "web"), False),
        (Selector(compose="web", project="shop"), on("docker", "compose", "web", "shop"), True),
        (Selector(compose="web", project="other"), on("docker", "compose", "web", "shop"), False),
        (Selector(compose="web", backend="far"), on("docker", "compose", "web", "shop"), False),
        (Selector(container="web"), on("docker", "container", "web"), True),
        (Selector(container="web-1"), on("docker", "compose", "web", "shop"), True),
        (Selector(swarm="web"), on("docker", "swarm", "web", "shop"), True),
        (Selector(swarm="shop_web"), on("docker", "swarm", "web", "shop"), True),
        (Selector(deployment="web"), on("kubernetes", "deployment", "web", "shop"), True),
        (Selector(deployment="web", namespace="shop"), on("kubernetes", "deployment", "web", "shop"), True),
        (Selector(deployment="web", namespace="other"), on("kubernetes", "deployment", "web", "shop"), False),
        (Selector(deployment="web"), on("kubernetes", "statefulset", "web", "shop"), False),
        (Selector(service="web"), on("demo", "service", "web", "shop"), True),
        (Selector(service="web"), on("docker", "compose", "web", "shop"), False),
        (Selector(port=8080), on("process", "port", "8080"), True),
        (Selector(pidfile="/run/x.pid"), on("process", "pidfile", "/run/x.pid"), True),
        (Selector(command="^nginx"), on("process", "command", "^nginx"), True),
        (Selector(), on("docker", "container", ""), False),
    ],
)
def test_what_a_selector_matches(selector: Selector, one: Workload, found: bool) -> None:
    assert chosen(selector, one) == (["svc"] if found else [])


def test_the_project_of_the_only_backend_counts() -> None:
    only = {SOURCE: Backend(kind="docker", project="shop")}
    assert chosen(Selector(compose="web"), on("docker", "compose", "web", "shop"), backends=only) == ["svc"]
    assert chosen(Selector(compose="web"), on("docker", "compose", "web", "other"), backends=only) == []
    assert chosen(Selector(container="web"), on("docker", "container", "web"), backends=only) == ["svc"]


def test_the_namespace_of_the_only_backend_counts() -> None:
    only = {SOURCE: Backend(kind="kubernetes", namespace="shop")}
    assert chosen(Selector(cronjob="web"), on("kubernetes", "cronjob", "web", "shop"), backends=only) == ["svc"]
    assert chosen(Selector(cronjob="web"), on("kubernetes", "cronjob", "web", "other"), backends=only) == []


def test_several_services_may_share_a_workload() -> None:
    made = profile(
        {"api": Service(workloads=(Selector(compose="web"),)), "ui": Service(workloads=(Selector(compose="web"),))}
    )
    assert [one.key for one in Selection(made).services(workload("web"))] == ["api", "ui"]


def test_discovery_keeps_projects_apart() -> None:
    selection = Selection(profile({}, discover=True))
    shop, blog = workload("web"), workload("web", owner=identity("web", space="blog"))
    assert [(one.key, one.name, one.scope) for one in selection.services(shop)] == [("shop/web", "web", "shop")]
    assert [(one.key, one.name, one.scope) for one in selection.services(blog)] == [("blog/web", "web", "blog")]


def test_discovery_leaves_out_what_is_selected() -> None:
    selection = Selection(profile({"front": Service(workloads=(Selector(compose="web"),))}, discover=True))
    assert [one.key for one in selection.services(workload("web"))] == ["front"]
    assert [one.key for one in selection.services(workload("db"))] == ["shop/db"]


def test_discovery_names_the_engine_when_there_are_several() -> None:
    two = {SOURCE: Backend(kind="docker"), "far": Backend(kind="docker")}
    selection = Selection(profile({}, discover=True, backends=two))
    here = workload("web")
    there = replace(workload("web", owner=identity("web", scope="E2")), source="far")
    assert [one.key for one in selection.services(here)] == ["main/shop/web"]
    assert [one.key for one in selection.services(there)] == ["far/shop/web"]


def test_keys_are_unique_whatever_the_names() -> None:
    made = profile({"redis": Service()}, discover=True)
    selection = Selection(made)
    several = [
        on("docker", "container", "redis"),
        on("docker", "compose", "web", "shop"),
        on("docker", "swarm", "web", "shop"),
        on("docker", "container", "web"),
        workload("web", owner=identity("web", scope="E2")),
        workload("web", owner=identity("web", scope="E3")),
    ]
    keys = [one.key for each in several for one in selection.services(each)]
    assert len(set(keys)) == len(several)
    assert "redis" not in keys
    assert keys == [one.key for each in several for one in selection.services(each)]


def test_without_discovery_the_rest_is_not_shown() -> None:
    assert Selection(profile()).services(workload("db")) == ()


def test_an_instance_with_markup_in_its_name_is_matched_as_text() -> None:
    owner = Identity("docker", "E1", "", "container", "[/]")
    one = Workload(id=owner, source=SOURCE, instances=(instance(owner, name=SafeText("[/]")),))
    assert chosen(Selector(container="[/]"), one) == ["svc"]


def test_where_a_selector_may_find_something() -> None:
    docker, process = Backend(kind="docker"), Backend(kind="process")
    made = Profile(version=1, name="p", backends={"a": docker, "b": docker, "c": process})
    assert candidates(Selector(compose="web"), made) == ("a", "b")
    assert candidates(Selector(compose="web", backend="b"), made) == ("b",)
    assert candidates(Selector(port=80), made) == ("c",)
    assert selected_by(Selector(port=80)) == ("port", "80")
