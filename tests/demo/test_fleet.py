"""The host's facts as workloads: lives, phases, times, ports, and text that is safe."""

from typing import Any

from msgspec.structs import replace

from cockpit.board.model import Health, Phase, Port
from cockpit.demo.fleet import Fleet, next_life
from cockpit.demo.told import ChangeTold, InstanceTold, PlatformTold, Rollout, ServiceTold

CART = ServiceTold(
    name="cart", needs=(), desired=1, max_instances=5, release="2.3.1", history=(Rollout("2.3.1", 10.0, None, ""),),
    env={}, changes=(ChangeTold(20.0, "release"),), generation=3, rollout="2.3.0 -> 2.3.1",
)  # fmt: skip


def told(**fields: Any) -> InstanceTold:
    values: dict[str, Any] = {
        "name": "cart-1", "service": "cart", "state": "running", "wanted": True, "pid": 7, "ports": {"http": 4001},
        "release": "2.3.1", "restarts": 0, "started_at": 100.0, "finished_at": None, "restart_at": None,
        "exit_code": None, "oom_killed": False, "health": "healthy", "health_detail": "", "health_since": 101.0,
        "memory_limit": 1024,
    }  # fmt: skip
    return InstanceTold(**(values | fields))


CRASHED = told(state="exited", pid=None, finished_at=110.0, restart_at=110.5, exit_code=1, health="none")
AGAIN = told(state="starting", pid=8, started_at=110.5, finished_at=110.0, exit_code=1, restarts=1, health="starting")


def story(*facts: InstanceTold) -> list[tuple[Phase, float]]:
    """(phase, start) of one instance after each fact."""
    fleet = Fleet("demo", "d1")
    fleet.listed(PlatformTold((CART,), ()))
    seen = []
    for fact in facts:
        workload = fleet.took_instance(fact)
        assert workload is not None
        (one,) = workload.instances
        assert one.started_at is not None
        seen.append((one.phase, one.started_at.timestamp()))
    return seen


def test_a_start_after_a_crash_counts_once_it_came_to_something() -> None:
    up = replace(AGAIN, state="running")
    assert story(told(), CRASHED, AGAIN, up) == [
        (Phase.RUNNING, 100.0), (Phase.EXITED, 100.0), (Phase.RESTARTING, 100.0), (Phase.RUNNING, 110.5),
    ]  # fmt: skip


def test_a_crash_loop_is_never_shown_as_a_start() -> None:
    looping = replace(CRASHED, state="crash-looping", started_at=110.5, restarts=3)
    assert story(told(), CRASHED, AGAIN, looping, replace(AGAIN, started_at=112.0))[2:] == [
        (Phase.RESTARTING, 100.0), (Phase.RESTARTING, 110.5), (Phase.RESTARTING, 110.5),
    ]  # fmt: skip


def test_an_ordered_restart_of_what_is_just_being_started_again_is_no_second_crash() -> None:
    stopping = replace(AGAIN, state="stopping")
    ended = replace(AGAIN, state="exited", pid=None, exit_code=143)
    fresh = replace(AGAIN, started_at=111.0)
    assert story(told(), CRASHED, AGAIN, stopping, ended, fresh)[2:] == [
        (Phase.RESTARTING, 100.0), (Phase.STOPPING, 100.0), (Phase.EXITED, 100.0), (Phase.STARTING, 111.0),
    ]  # fmt: skip


def test_a_start_that_was_ordered_is_a_start() -> None:
    stopped = told(state="exited", pid=None, wanted=False, exit_code=0, finished_at=105.0)
    assert story(stopped, told(state="starting", started_at=106.0))[-1] == (Phase.STARTING, 106.0)
    assert next_life(None, AGAIN).held is False


def test_a_workload_says_what_the_platform_wants_and_what_runs() -> None:
    fleet = Fleet("demo", "d1")
    (workload,) = fleet.listed(PlatformTold((CART,), (told(),)))
    assert (workload.id.kind, workload.id.scope, workload.id.name, workload.desired) == ("service", "d1", "cart", 1)
    assert workload.rollout == "rollout: 2.3.0 -> 2.3.1"
    assert workload.changed_at is not None
    (one,) = workload.instances
    assert (one.version, one.health, one.memory_limit) == ("2.3.1", Health.HEALTHY, 1024)
    assert one.ports == (Port(80, "tcp", "127.0.0.1", 4001),)
    assert (one.exit_code, one.oom_killed, one.finished_at) == (None, None, None)


def test_how_the_last_run_ended_is_told_only_while_nothing_runs() -> None:
    fleet = Fleet("demo", "d1")
    (workload,) = fleet.listed(PlatformTold((CART,), (replace(CRASHED, exit_code=137, oom_killed=True),)))
    assert (workload.instances[0].exit_code, workload.instances[0].oom_killed) == (137, True)
    again = fleet.took_instance(replace(AGAIN, state="running", exit_code=137, oom_killed=True))
    assert again is not None
    assert (again.instances[0].exit_code, again.instances[0].oom_killed) == (None, None)


def test_what_a_service_says_of_itself_is_made_safe() -> None:
    fleet = Fleet("demo", "d1")
    hostile = told(health="unhealthy", health_detail="\x1b]0;x\x07[/]\x1b[2J" + "x" * 500)
    (workload,) = fleet.listed(PlatformTold((CART,), (hostile,)))
    detail = workload.instances[0].health_detail
    assert "\x1b" not in detail
    assert detail.startswith("[/]")
    assert len(detail) <= 300


def test_what_a_list_does_not_name_is_gone() -> None:
    fleet = Fleet("demo", "d1")
    fleet.listed(PlatformTold((CART,), (told(),)))
    (workload,) = fleet.listed(PlatformTold((CART,), ()))
    assert workload.instances == ()
    assert fleet.took_instance(told(service="nothing")) is None
