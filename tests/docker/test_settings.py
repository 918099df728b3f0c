"""What is set, how networks are written down, and the order of a project: as words and requests, without an engine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.change import PlanRefused
from cockpit.backends.docker import endpoints, wishes
from cockpit.backends.docker.endpoints import Endpoint
from cockpit.backends.docker.leftover import plain_name, taken_by
from cockpit.backends.docker.project import in_order
from cockpit.backends.docker.wire import ContainerRow, HostConfig, RestartPolicy
from cockpit.backends.docker.wishes import Wish

MIB = 1 << 20


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ({"memory": "512m"}, Wish(memory=str(512 * MIB))),
        ({"memory": "1.5 GiB"}, Wish(memory=str(1536 * MIB))),
        ({"memory": "0"}, Wish(memory="none")),
        ({"cpus": "1.50"}, Wish(cpus="1.5")),
        ({"cpus": "0"}, Wish(cpus="none")),
        ({"restart": "on-failure:3", "image": " v2 "}, Wish(image="v2", restart="on-failure:3")),
    ],
)
def test_what_is_typed_has_one_spelling(typed: dict[str, str], read: Wish) -> None:
    assert wishes.read_wish("set web", typed) == read


@pytest.mark.parametrize("typed", [{"memory": "-1"}, {"cpus": "0.001"}, {"cpus": "1e3"}, {"restart": "on-failure:"}])
def test_what_cannot_be_meant_is_refused(typed: dict[str, str]) -> None:
    with pytest.raises(PlanRefused, match=f"set web: {next(iter(typed))} is "):
        wishes.read_wish("set web", typed)


@pytest.mark.parametrize(
    ("host", "body"),
    [
        (HostConfig(), {"Memory": 64 * MIB, "MemorySwap": 128 * MIB}),
        (HostConfig(memory=32 * MIB, memory_swap=32 * MIB), {"Memory": 64 * MIB, "MemorySwap": 64 * MIB}),
        (HostConfig(memory=32 * MIB, memory_swap=48 * MIB), {"Memory": 64 * MIB, "MemorySwap": 80 * MIB}),
        (HostConfig(memory=32 * MIB, memory_swap=-1), {"Memory": 64 * MIB, "MemorySwap": -1}),
    ],
)
def test_as_much_swap_stays_beside_the_memory_as_there_was(host: HostConfig, body: dict[str, int]) -> None:
    assert wishes.body_of(Wish(memory=str(64 * MIB)), host) == body


def test_cores_are_said_in_the_way_that_the_container_was_made_with() -> None:
    assert wishes.body_of(Wish(cpus="1.5"), HostConfig()) == {"NanoCpus": 1_500_000_000}
    by_quota = HostConfig(cpu_quota=50_000, cpu_period=100_000)
    assert wishes.now_of(by_quota).cpus == "0.5"
    assert wishes.body_of(Wish(cpus="1.5"), by_quota) == {"CpuPeriod": 100_000, "CpuQuota": 150_000}
    policy = HostConfig(restart_policy=RestartPolicy("on-failure", 3))
    assert wishes.now_of(policy) == Wish(cpus="none", memory="none", restart="on-failure:3")


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "Aliases": st.lists(WORDS, min_size=1, max_size=3),
        "IPAMConfig": st.just({"IPv4Address": "172.18.0.3"}),
        "DriverOpts": st.dictionaries(WORDS.filter(lambda word: "=" not in word), WORDS, min_size=1, max_size=2),
    },
)


@given(
    st.dictionaries(
        WORDS, st.lists(st.builds(Endpoint, WORDS, SETTINGS), min_size=1, max_size=3).map(tuple), min_size=1, max_size=3
    )
)
def test_networks_are_read_as_they_were_written(found: dict[str, tuple[Endpoint, ...]]) -> None:
    assert endpoints.read(endpoints.written(found)) == found


@pytest.mark.parametrize(
    "text", ["", "alias=x", "container=a", "container=a ip=1.2.3.4", "container=a network=b 'x", "a"]
)
def test_networks_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(PlanRefused, match="networks"):
        endpoints.read(text)


def row(service: str, needs: str) -> ContainerRow:
    return ContainerRow(id=service, labels={"com.docker.compose.depends_on": needs})


def test_dependencies_come_first() -> None:
    project = {
        "web": [row("web", "api:service_healthy:false,elsewhere:service_started:false")],
        "api": [row("api", "db:service_started:true,cache:service_started:true")],
        "db": [row("db", "")],
        "cache": [row("cache", "")],
    }
    assert in_order(project) == ["cache", "db", "api", "web"]
    with pytest.raises(PlanRefused, match="depend on each other"):
        in_order(project | {"db": [row("db", "web:service_started:true")]})


def test_what_was_set_aside_is_known_by_its_name() -> None:
    compose = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    assert plain_name("0123456789ab_shop_web_1", compose) == "shop_web_1"
    assert plain_name("0123456789ab_shop_web_1", {}) == ""
    assert plain_name("shop_web_1", compose) == ""
    message = 'Conflict. The container name "/web" is already in use by container "0123456789abcdef". You have to ...'
    assert taken_by(message) == "0123456789abcdef"
    assert taken_by("no space left on device") == ""
