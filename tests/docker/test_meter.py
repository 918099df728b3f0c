"""Numbers from two samples, on control groups of both versions; and whose turn it is to be sampled."""

from msgspec.structs import replace

from cockpit.backends.docker import shape
from cockpit.backends.docker.group import Known
from cockpit.backends.docker.meter import measure, memory_used, totals
from cockpit.backends.docker.stats import FIRST, OFTEN, OTHER_RATE, SELDOM, SHOWN_RATE, Due
from cockpit.backends.docker.wire import ContainerRow, MemoryStats, Stats
from cockpit.board.model import Identity
from tests.docker.recorded import recorded

TARGET = Identity("docker", "engine", "shop", "compose", "web", "c")


def measured(name: str) -> dict[str, float]:
    first, second = recorded(name, list[Stats])
    before, now = totals(first), totals(second)
    assert now is not None
    return {one.metric: one.value for one in measure(TARGET, before, now, second.memory_stats)}


def test_control_groups_of_version_1() -> None:
    found = measured("stats.1.41-cgroup1.json")
    assert found["memory"] == 339968 - 4096
    assert found["cpu"] == 0.0
    assert found["net rx"] == 0.0


def test_control_groups_of_version_2() -> None:
    assert measured("stats.1.52-cgroup2.json") == {
        "memory": 104857600 - 20971520,
        "cpu": 150.0,  # three seconds of CPU in two seconds, whatever the number of cores
        "net rx": 1000.0,
        "net tx": 2000.0,
        "disk read": 2048.0,
        "disk write": 10240.0,
    }


def test_block_numbers_may_be_missing() -> None:
    assert set(measured("stats.1.44-cgroup2.json")) == {"memory", "cpu", "net rx", "net tx"}


def test_a_stopped_container_has_none() -> None:
    assert totals(recorded("stats-stopped.1.41.json", Stats)) is None


def test_memory_as_the_cli_counts_it() -> None:
    assert memory_used(MemoryStats(usage=0)) is None
    assert memory_used(MemoryStats(usage=100, stats=None)) == 100
    assert memory_used(MemoryStats(usage=100, stats={"inactive_file": 150})) == 100
    assert memory_used(MemoryStats(usage=100, stats={"inactive_file": 30, "total_inactive_file": 40})) == 60


def test_another_run_gives_no_rate() -> None:
    first, second = recorded("stats.1.52-cgroup2.json", list[Stats])
    before, now = totals(first), totals(second)
    assert before is not None
    assert now is not None
    restarted = replace(now, cpu=before.cpu - 1)
    assert [one.metric for one in measure(TARGET, before, restarted, second.memory_stats)] == ["memory"]
    assert [one.metric for one in measure(TARGET, None, now, second.memory_stats)] == ["memory"]
    at_once = replace(now, at=before.at + 1000)
    assert [one.metric for one in measure(TARGET, before, at_once, second.memory_stats)] == ["memory"]
    recreated = replace(now, rx=0)
    assert "net rx" not in [one.metric for one in measure(TARGET, before, recreated, second.memory_stats)]


def _known(number: int, service: str = "") -> Known:
    owner = shape.Owner("compose", "shop", service or f"s{number}")
    row = ContainerRow(id=f"{service}c{number}", state="running")
    return Known(row, owner, shape.from_row(row, owner.identity("engine", row.id)))


def _asked(count: int, shown: int, seconds: float) -> dict[str, int]:
    """How often each is sampled within a time, one round each half second."""
    fleet = [_known(number) for number in range(count)]
    visible = frozenset(one.instance.id.workload for one in fleet[:shown])
    due, asked, now = Due(), dict.fromkeys((one.row.id for one in fleet), 0), 0.0
    while now < seconds:
        for one in due.choose(fleet, visible, now, 10):
            due.sampled(one, now)
            asked[one.row.id] += 1
        now += 0.5
    return asked


def test_what_is_shown_comes_often_and_the_rest_seldom() -> None:
    asked = _asked(count=40, shown=10, seconds=61)
    assert all(asked[f"c{n}"] >= 60 / OFTEN * 0.9 for n in range(10))
    assert all(2 <= asked[f"c{n}"] <= 1 + 60 / SELDOM + 1 for n in range(10, 40))


def test_many_containers_do_not_ask_more_of_the_daemon() -> None:
    asked = _asked(count=500, shown=60, seconds=600)
    assert sum(asked.values()) / 600 <= SHOWN_RATE + OTHER_RATE + 0.5
    assert min(asked.values()) >= 1
    assert min(asked[f"c{n}"] for n in range(60)) >= 600 / 60 * SHOWN_RATE * 0.8


def test_a_row_of_many_containers_gets_numbers_as_often_as_one_of_few() -> None:
    rows = {"few": 1, "some": 4, "many": 30}
    fleet = [_known(number, row) for row, count in rows.items() for number in range(count)]
    shown = frozenset(one.instance.id.workload for one in fleet)
    due, now = Due(), 0.0
    last, longest = dict.fromkeys(rows, 60.0), dict.fromkeys(rows, 0.0)
    asked = dict.fromkeys((one.row.id for one in fleet), 0)
    while now < 180:
        for one in due.choose(fleet, shown, now):
            due.sampled(one, now)
            asked[one.row.id] += 1
            if now > 60:  # by then each has been sampled twice
                row = one.instance.id.name
                longest[row], last[row] = max(longest[row], now - last[row]), now
        now += 0.25
    assert max(longest.values()) <= 5
    assert min(asked.values()) >= 10


def test_cpu_is_known_soon_and_what_is_gone_is_forgotten() -> None:
    due, one = Due(), _known(1)
    nobody: frozenset[Identity] = frozenset()
    assert due.choose([one], nobody, 0.0) == [one]
    due.sampled(one, 0.0)
    shown = frozenset({one.instance.id.workload})
    assert due.choose([one], shown, FIRST / 2) == []
    assert due.choose([one], shown, FIRST) == [one]
    due.sampled(one, FIRST)
    assert due.choose([one], nobody, FIRST + OFTEN) == []
    due.forget([])
    assert due.choose([one], nobody, FIRST + OFTEN) == [one]
