"""The host supervises like a real one: back-off, stop, pause, scale, roll out, remove; every exit is told."""

import os
import signal
from typing import Any

import pytest

from cockpit.demo.client import DemoError
from tests.demo.platform import Platform, exists


async def refused(demo: Platform, op: str, **params: Any) -> DemoError:
    with pytest.raises(DemoError) as caught:
        await demo.client.request(op, **params)
    return caught.value


async def test_a_killed_service_is_told_with_its_signal_and_started_again(demo: Platform) -> None:
    before = demo.instances["cart-1"]
    os.kill(before["pid"], signal.SIGKILL)
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "exited")
    dead = demo.instances["cart-1"]
    assert (dead["exit_code"], dead["signal"], dead["pid"], dead["oom_killed"]) == (137, "SIGKILL", None, False)
    assert dead["restart_at"] > dead["finished_at"] >= dead["started_at"]
    await demo.all_healthy()
    after = demo.instances["cart-1"]
    assert (after["restarts"], after["port"], after["run"]) == (1, before["port"], 2)
    assert (after["pid"], after["start_time"]) != (before["pid"], before["start_time"])


async def test_a_crash_loop_grows_its_restarts_and_its_waits(demo: Platform) -> None:
    await demo.client.request("set_env", service="catalog", set={"CACHE_MB": "plenty"})
    await demo.until(lambda: all(each["state"] == "crash-looping" for each in demo.of("catalog")))
    await demo.until(lambda: demo.instances["catalog-1"]["restarts"] >= 4)
    waits = [
        event["instance"]["restart_at"] - event["instance"]["finished_at"]
        for event in demo.events
        if event["type"] == "instance"
        and event["instance"]["name"] == "catalog-1"
        and event["why"] == "exited"
        and event["instance"]["exit_code"] == 1
    ]
    assert [round(wait, 1) for wait in waits[:4]] == [0.1, 0.2, 0.4, 0.8]
    line = await demo.line("catalog-1", "invalid configuration")
    assert "level=fatal" in line
    await demo.client.request("set_env", service="catalog", set={"CACHE_MB": "8"})
    await demo.all_healthy()


async def test_stop_keeps_it_stopped_and_its_dependents_name_it(demo: Platform) -> None:
    await demo.client.request("stop", service="orders-db", grace=60)
    await demo.until(lambda: demo.instances["orders-db-1"]["state"] == "exited")
    facts = demo.instances["orders-db-1"]
    assert (facts["exit_code"], facts["wanted"], facts["restart_at"], facts["restarts"]) == (0, False, None, 0)
    await demo.until(lambda: demo.says("cart-1", "orders-db down") and demo.says("checkout-1", "orders-db down"))
    await demo.until(lambda: demo.says("gateway-1", "cart") and demo.says("gateway-1", "checkout"))
    assert "connection refused" in demo.instances["cart-1"]["health_detail"]
    status, health = demo.get("cart-1", "/health")
    assert (status, health["components"]["orders-db"]["status"]) == (503, "down")
    assert demo.get("cart-1", "/carts/x") == (503, {"error": health["components"]["orders-db"]["detail"]})
    assert await demo.line("orders-db-1", "SIGTERM received, shutting down")
    await demo.client.request("start", service="orders-db")
    await demo.all_healthy()


async def test_slow_statements_exhaust_the_pools(demo: Platform) -> None:
    await demo.client.request("set_env", service="cart", set={"DB_POOL_SIZE": "1", "DB_POOL_TIMEOUT_MS": "1"})
    await demo.until(lambda: demo.instances["cart-1"]["run"] == 2 and demo.is_well())
    await demo.client.request("fault", name="slow-dependency")
    assert await demo.line("cart-1", "pool exhausted after 1 ms (size 1, waiting")


async def test_pause_and_resume_are_what_the_kernel_says(demo: Platform) -> None:
    await demo.client.request("pause", instance="cart-1")
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "paused")
    await demo.client.request("resume", instance="cart-1")
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "running")
    os.kill(demo.instances["cart-1"]["pid"], signal.SIGSTOP)
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "paused")
    await demo.client.request("stop", instance="cart-1")
    await demo.until(lambda: demo.instances["cart-1"]["state"] == "exited")
    assert (await refused(demo, "pause", instance="cart-1")).code == "refused"
    assert (await refused(demo, "kill", instance="cart-1")).code == "refused"


async def test_scaling_up_and_down(demo: Platform) -> None:
    result = await demo.client.request("scale", service="cart", n=3)
    await demo.until(lambda: len(demo.of("cart")) == 3 and demo.is_well())
    assert demo.services["cart"]["desired"] == 3
    assert result["generation"] == demo.services["cart"]["generation"] == 2
    assert {each["name"] for each in demo.of("cart")} == {"cart-1", "cart-2", "cart-3"}
    await demo.line("cart-3", "item added")
    await demo.client.request("scale", service="cart", n=1)
    await demo.until(lambda: len(demo.of("cart")) == 1)
    assert [each["name"] for each in demo.of("cart")] == ["cart-1"]
    assert not exists(f"{demo.host.folder}/cart-3.log")


async def test_a_database_is_not_scaled_and_limits_are_said(demo: Platform) -> None:
    error = await refused(demo, "scale", service="orders-db", n=2)
    assert (error.code, str(error)) == (
        "refused",
        "orders-db cannot be scaled: it has one writer and one data folder: more instances would split the data",
    )
    assert (await refused(demo, "scale", service="cart", n=6)).code == "refused"
    assert (await refused(demo, "scale", service="cart", n=0)).code == "bad-request"


async def test_a_roll_back_and_its_history(demo: Platform) -> None:
    await demo.client.request("release", service="payments", version="1.18.4")
    await demo.until(lambda: demo.instances["payments-1"]["release"] == "1.18.4" and demo.is_well())
    await demo.until(lambda: demo.services["payments"]["rollout"] == "")
    history = demo.services["payments"]["history"]
    assert [each["version"] for each in history] == ["1.18.4", "1.19.0", "1.18.4"]
    assert history[1]["until"] == history[2]["since"]
    assert history[2]["until"] is None
    assert demo.services["payments"]["changes"][-1]["before"] == "1.19.0"
    assert (await refused(demo, "release", service="payments", version="1.18.4")).code == "refused"
    assert (await refused(demo, "release", service="payments", version="9")).code == "not-found"


async def test_a_rolling_restart_takes_one_instance_at_a_time(demo: Platform) -> None:
    begin = len(demo.events)
    await demo.client.request("restart", service="catalog")
    await demo.until(lambda: all(each["run"] == 2 for each in demo.of("catalog")) and demo.is_well())
    state = {"catalog-1": "running", "catalog-2": "running"}
    for event in demo.events[begin:]:
        if event["type"] == "instance" and event["instance"]["name"] in state:
            state[event["instance"]["name"]] = event["instance"]["state"]
            assert "running" in state.values()
    assert [event["service"]["rollout"] for event in demo.events[begin:] if event["type"] == "service"] == [
        "restart",
        "restart",
        "",
    ]


async def test_a_removed_instance_is_replaced_by_a_fresh_one(demo: Platform) -> None:
    await demo.client.request("fault", name="full-disk")
    await demo.until(lambda: demo.says("orders-db-1", "disk"))
    await demo.client.request("remove", instance="orders-db-1")
    await demo.until(lambda: "orders-db-2" in demo.instances and demo.is_well())
    assert "orders-db-1" not in demo.instances
    assert not exists(f"{demo.host.folder}/orders-db-1")
    assert not demo.faults["full-disk"]["active"]


async def test_too_much_memory_is_a_kill(demo: Platform) -> None:
    # Below what any of these processes needs: the next look at its memory ends it.
    await demo.client.request("limit", service="payments", memory=1024 * 1024)
    await demo.until(lambda: demo.instances["payments-1"]["oom_killed"])
    assert demo.instances["payments-1"]["exit_code"] == 137
    await demo.client.request("limit", service="payments", memory=128 * 1024 * 1024)
    await demo.all_healthy()
    assert demo.services["payments"]["memory_limit"] == 128 * 1024 * 1024


async def test_a_change_in_between_is_a_conflict(demo: Platform) -> None:
    generation, pid = demo.services["cart"]["generation"], demo.instances["cart-1"]["pid"]
    await demo.client.request("set_env", service="cart", set={"NEW": "1"}, if_generation=generation)
    error = await refused(demo, "set_env", service="cart", set={"NEW": None}, if_generation=generation)
    assert error.code == "conflict"
    await demo.until(lambda: demo.instances["cart-1"]["run"] == 2)
    assert (await refused(demo, "stop", instance="cart-1", if_pid=pid)).code == "conflict"
    await demo.client.request("set_env", service="cart", set={"NEW": None}, if_generation=generation + 1)
    await demo.until(lambda: demo.instances["cart-1"]["run"] == 3)
    assert "NEW" not in demo.instances["cart-1"]["env"]


async def test_what_cannot_be_set_is_refused(demo: Platform) -> None:
    for changes in ({}, {"lower": "1"}, {"A": 1}, {"A": "x" * 2000}, {f"K{n}": "" for n in range(70)}, "A=1"):
        assert (await refused(demo, "set_env", service="cart", set=changes)).code in {"bad-request", "refused"}
    assert demo.services["cart"]["generation"] == 1
