"""`cockpit init`: what was found becomes a profile that loads, with and without its comments."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.board.model import Freshness, Identity, Instance, Phase, Port, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus
from cockpit.board.text import safe
from cockpit.profile.init import profile_text
from cockpit.profile.schema import Backend, Profile
from tests.profile.reading import good

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def workload(
    kind: str, space: str, name: str, *ports: int, needs: tuple[str, ...] = (), source: str = "docker"
) -> Workload:
    identity = Identity("docker", "engine", space, kind, name)
    instance = Instance(
        id=Identity("docker", "engine", space, kind, name, "c1"),
        name=safe(f"{name}-1"),
        phase=Phase.RUNNING,
        ports=tuple(Port(number) for number in ports),
    )
    return Workload(id=identity, source=source, instances=(instance,), image=safe(f"shop/{name}:1"), depends_on=needs)


def snapshot(*workloads: Workload, sources: tuple[str, ...] = ("docker",)) -> Snapshot:
    return Snapshot(
        version=1,
        at=NOW,
        profile="here",
        services=tuple(
            ServiceStatus(
                key=f"{each.id.space}/{each.id.name}", name=each.id.name, scope=safe(each.id.space), tier=3,
                state=State.OK, since=None, since_exact=False, why=safe(""), workloads=(each,),
            )
            for each in workloads
        ),
        sources=tuple(
            SourceStatus(name=name, label=safe(name), kind="docker", freshness=Freshness.LIVE, since=NOW, heard_at=NOW)
            for name in sources
        ),
    )  # fmt: skip


def uncommented(text: str) -> str:
    """The text with everything switched on that is there to be switched on."""
    return re.sub(
        r"^(\s*)# ?(?=\s*(?:probes:|port-\d+:|health:|severities:|SEV\d:|owner:|environment:))", r"\1", text, flags=re.M
    )


FOUND = snapshot(
    workload("compose", "shop", "web", 8001, 8080, needs=("db", "elsewhere")),
    workload("compose", "shop", "db", 5432),
    workload("compose", "blog", "db"),
    workload("container", "", "a b", 80),
    workload("swarm", "stack", "true"),
)


def test_what_was_found_loads_as_a_profile() -> None:
    profile = good(profile_text(FOUND))
    assert {name: service.workloads[0] for name, service in profile.services.items()} | {} == {
        name: service.workloads[0] for name, service in profile.services.items()
    }
    selected = {
        name: (chosen.compose or chosen.container or chosen.swarm, chosen.project, chosen.backend)
        for name, service in profile.services.items()
        for chosen in service.workloads
    }
    assert selected == {
        "web": ("web", "shop", "docker"),
        "shop-db": ("db", "shop", "docker"),
        "blog-db": ("db", "blog", "docker"),
        "a-b": ("a b", "", "docker"),
        "true": ("true", "stack", "docker"),
    }
    assert profile.services["web"].depends_on == ("shop-db",)
    assert profile.discover


def test_its_comments_are_valid_too() -> None:
    profile = good(uncommented(profile_text(FOUND)))
    assert set(profile.services["web"].probes) == {"port-8001", "port-8080", "health"}
    assert profile.services["blog-db"].probes == {}
    assert list(profile.severities) == ["SEV1", "SEV2"]


def test_two_engines_are_told_apart() -> None:
    found = snapshot(
        workload("compose", "shop", "web", source="docker"),
        workload("compose", "shop", "web", source="rootless"),
        sources=("docker", "rootless"),
    )
    backends = {
        "docker": Backend(kind="docker"),
        "rootless": Backend(kind="docker", host="unix:///run/user/1/docker.sock"),
    }
    profile = good(profile_text(found, Profile(version=1, name="here", backends=backends)))
    assert profile.backends == backends
    assert {name: service.workloads[0].backend for name, service in profile.services.items()} == {
        "shop-web": "docker",
        "shop-web-2": "rootless",
    }


def test_nothing_found_is_a_profile_too() -> None:
    profile = good(profile_text(snapshot(sources=())))
    assert (profile.services, profile.backends) == ({}, {})


def test_a_circle_that_labels_describe_is_left_open() -> None:
    found = snapshot(workload("compose", "s", "a", needs=("b",)), workload("compose", "s", "b", needs=("a",)))
    profile = good(profile_text(found))
    assert sorted(len(service.depends_on) for service in profile.services.values()) == [0, 1]


NAMES = st.text(min_size=1, max_size=70).map(lambda text: str(safe(text))).filter(bool)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["compose", "container", "swarm", "task"]), NAMES, NAMES, st.lists(NAMES, max_size=3)
        ),
        max_size=6,
    )
)
def test_whatever_the_names_are_it_loads(found: list[tuple[str, str, str, list[str]]]) -> None:
    workloads = [workload(kind, space, name, 80, needs=tuple(needs)) for kind, space, name, needs in found]
    profile = good(profile_text(snapshot(*workloads)))
    chosen = [selector for service in profile.services.values() for selector in service.workloads]
    assert len(chosen) == sum(1 for kind, *_ in found if kind != "task")
    assert {selector.compose or selector.container or selector.swarm for selector in chosen} == {
        name for kind, _, name, _ in found if kind != "task"
    }


def test_workloads_of_a_cluster_keep_their_namespace() -> None:
    found = snapshot(workload("deployment", "shop", "web", 8080, source="prod"), sources=())
    profile = Profile(
        version=1, name="here", backends={"prod": Backend(kind="kubernetes", context="c", namespace="shop")}
    )
    text = profile_text(found, profile)
    assert "prod: {kind: kubernetes, context: c, namespace: shop}" in text
    assert "- {deployment: web, namespace: shop}" in text
    assert good(text).services["web"].workloads[0].namespace == "shop"
