"""Recorded answers of old and new engines become the board's values."""

from datetime import UTC, datetime, timedelta

import pytest

from cockpit.backends.docker import shape
from cockpit.backends.docker.health import health_of
from cockpit.backends.docker.times import moment, nanoseconds, query_time
from cockpit.backends.docker.wire import (
    Config,
    Container,
    ContainerRow,
    ContainerState,
    HealthResult,
    HealthState,
    HostConfig,
    PortRow,
)
from cockpit.board.model import Health, Identity, Instance, Phase, Port
from tests.docker.recorded import recorded

EMPTY = ContainerRow(id="c")


def rows(version: str) -> dict[str, Instance]:
    found = {}
    for row in recorded(f"containers.{version}.json", list[ContainerRow]):
        name = shape.row_name(row)
        owner = shape.owner(name, row.labels or {})
        found[name] = shape.from_row(row, owner.identity("engine", row.id))
    return found


def inspected(name: str, *, oom_seen: bool = False) -> Instance:
    container = recorded(name, Container)
    owner = shape.owner(container.name.lstrip("/"), (container.config.labels if container.config else None) or {})
    return shape.from_inspect(container, EMPTY, owner.identity("engine", container.id), oom_seen=oom_seen)


@pytest.mark.parametrize("version", ["1.41", "1.52"])
def test_a_list(version: str) -> None:
    found = rows(version)
    assert {name: (one.phase, one.health, one.exit_code) for name, one in found.items()} == {
        "console": (Phase.PAUSED, Health.NONE, None),
        "shop_worker_1": (Phase.RESTARTING, Health.NONE, 1),
        "shop_web_1": (Phase.RUNNING, Health.NONE, None),
        "shop_search_1": (Phase.RUNNING, Health.UNHEALTHY, None),
        "billing_report_1": (Phase.EXITED, Health.NONE, 137),
    }
    web = found["shop_web_1"]
    assert web.id == Identity("docker", "engine", "shop", "compose", "web", web.id.instance)
    assert (web.image, web.version) == ("busybox:test", "test")
    assert [(port.number, port.host_ip, bool(port.host_port)) for port in web.ports] == [(8080, "127.0.0.1", True)]
    assert found["console"].id.kind == "container"
    # What only inspect knows is not known, never zero.
    assert (web.restarts, web.started_at, web.memory_limit, web.oom_killed) == (None, None, None, None)


def test_an_exit_by_memory() -> None:
    one = inspected("container-oom.1.41.json")
    assert (one.phase, one.exit_code, one.oom_killed, one.memory_limit) == (Phase.EXITED, 137, True, 8 << 20)
    assert one.started_at is not None
    assert one.finished_at is not None
    assert one.started_at < one.finished_at


def test_a_crash_loop() -> None:
    one = inspected("container-looping.1.41.json")
    assert (one.phase, one.exit_code, one.restart_policy) == (Phase.RESTARTING, 1, "always")
    assert one.restarts is not None
    assert one.restarts > 2


@pytest.mark.parametrize("version", ["1.41", "1.52"])
def test_an_unhealthy_one(version: str) -> None:
    one = inspected(f"container-unhealthy.{version}.json")
    assert (one.phase, one.health, one.health_detail) == (Phase.RUNNING, Health.UNHEALTHY, "index is corrupt")
    assert one.exit_code is None
    assert one.health_since is not None
    if version == "1.52":
        # Seven failures, five kept, two seconds apart: the first was four seconds before the oldest that is kept.
        assert one.health_since == datetime(2026, 11, 21, 11, 36, 11, 100000, tzinfo=UTC)
        assert (one.cpu_limit, one.memory_limit) == (150.0, 512 << 20)


def test_what_a_terminal_and_a_published_port_look_like() -> None:
    assert inspected("container-tty.1.41.json").tty
    web = inspected("container-published.1.41.json")
    assert [(port.number, port.host_ip) for port in web.ports] == [(8080, "127.0.0.1")]
    assert len(web.addresses) == 1
    container = recorded("container-published.1.41.json", Container)
    assert container.config is not None
    assert shape.depends_on(container.config.labels or {}) == ("search", "db")


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("busybox", ""),
        ("registry.example:5000/team/app:v2.3.1", "v2.3.1"),
        ("registry.example:5000/team/app", ""),
        ("app:v1@sha256:" + "a" * 64, "v1"),
        ("sha256:" + "a" * 64, ""),
        ("app:latest", "latest"),
    ],
)
def test_versions_of_images(image: str, version: str) -> None:
    identity = shape.Owner("container", "", "x").identity("engine", "c")
    assert shape.from_row(ContainerRow(id="c", image=image), identity).version == version
    labelled = ContainerRow(id="c", image=image, labels={shape.VERSION: "9.9"})
    expected = "9.9" if version in ("", "latest") else version
    assert shape.from_row(labelled, identity).version == expected


def test_two_projects_with_the_same_service_stay_apart() -> None:
    labels = [{shape.PROJECT: project, shape.SERVICE: "web"} for project in ("shop", "billing")]
    owners = [shape.owner("any", each) for each in labels]
    assert owners[0] != owners[1]
    assert {owner.identity("engine").name for owner in owners} == {"web"}


def test_a_container_without_names_and_with_links() -> None:
    assert shape.row_name(ContainerRow(id="0123456789abcdef", names=None)) == "0123456789ab"
    assert shape.row_name(ContainerRow(id="c", names=["/other/alias", "/own"])) == "own"


def test_ports_of_both_families_are_one() -> None:
    container = Container(id="c")
    assert shape.inspected_ports(container.network_settings) == ()
    listed = [
        PortRow(private_port=80, ip="0.0.0.0", public_port=8080),
        PortRow(private_port=80, ip="::", public_port=8080),
        PortRow(private_port=443),
        PortRow(private_port=53, type="udp", ip="::", public_port=53),
    ]
    assert shape.row_ports(listed) == (
        Port(53, "udp", "::", 53),
        Port(80, "tcp", "0.0.0.0", 8080),
        Port(443, "tcp", "", None),
    )


@pytest.mark.parametrize(
    ("host", "limit"),
    [
        (HostConfig(nano_cpus=1_500_000_000), 150.0),
        (HostConfig(cpu_quota=50_000, cpu_period=100_000), 50.0),
        (HostConfig(cpu_quota=50_000), 50.0),
        (HostConfig(cpu_quota=-1), None),
        (HostConfig(), None),
    ],
)
def test_limits_of_cpu(host: HostConfig, limit: float | None) -> None:
    assert shape.cpu_limit(host) == limit


def _running(status: str, codes: list[int], *, streak: int = 0, output: str = "") -> ContainerState:
    start = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
    log = [
        HealthResult((start + timedelta(seconds=10 * n)).isoformat().replace("+00:00", "Z"), "", code, output)
        for n, code in enumerate(codes)
    ]
    return ContainerState(status="running", running=True, health=HealthState(status, streak, log))


def test_since_when_health_is_so() -> None:
    start = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)

    def since(state: ContainerState) -> datetime | None:
        return health_of(state, Config())[2]

    assert since(_running("unhealthy", [0, 0, 1, 1], streak=2)) == start + timedelta(seconds=20)
    assert since(_running("healthy", [1, 0, 0])) == start + timedelta(seconds=10)
    assert since(_running("healthy", [0, 0, 0])) is None
    assert since(_running("starting", [1])) is None
    assert since(_running("unhealthy", [1], streak=100)) == start


def test_what_a_health_check_said_last() -> None:
    def said(state: ContainerState) -> str:
        return str(health_of(state, Config())[1])

    assert said(_running("unhealthy", [1], output="curl: (7)\n\nrefused \x1b[31m\n")) == "refused"
    assert said(_running("unhealthy", [2])) == "the health check ended with exit 2"
    assert said(_running("unhealthy", [-1])) == "the health check timed out"
    assert said(_running("healthy", [0], output="fine")) == ""
    exited = ContainerState(status="exited", health=HealthState("unhealthy", 3, []))
    assert health_of(exited, Config()) == (Health.NONE, "", None)


def test_times() -> None:
    assert moment("2026-03-01T14:27:52.118000999Z") == datetime(2026, 3, 1, 14, 27, 52, 118000, tzinfo=UTC)
    assert moment("2026-03-01T16:27:52+02:00") == datetime(2026, 3, 1, 14, 27, 52, tzinfo=UTC)
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("yesterday") is None
    assert moment("2026-13-01T00:00:00Z") is None
    assert nanoseconds("1970-01-01T00:00:01.000000007Z") == 1_000_000_007
    assert nanoseconds("0001-01-01T00:00:00Z") is None
    assert query_time(datetime(1970, 1, 1, 0, 0, 1, 500, tzinfo=UTC)) == "1.000500000"
