"""Every fault of the table: it shows where the table says, its useless verbs do not help, its mitigations mend it."""

from collections.abc import Callable
from typing import Any

import pytest

from cockpit.demo.faults import BY_NAME, FAULTS, Fault, Mend
from tests.demo.platform import Platform, running

LOGGED = {
    "crash-loop": ("payments-1", "invalid configuration: PROVIDER_TIMEOUT_MS: expected a whole number"),
    "slow-dependency": ("orders-db-1", "AccessExclusiveLock"),
    "memory-leak": ("catalog-1", "picture cache over its limit"),
    "error-burst": ("payments-1", '"level": "error"'),
    "bad-release": ("checkout-1", "health is down"),
    "full-disk": ("orders-db-1", "No space left on device"),
    "hung-endpoint": ("cart-1", "worker blocked"),
}
FELT = {
    "crash-loop": ("checkout-1", "payments down"),
    "slow-dependency": ("cart-1", "orders-db degraded: answered in"),
    "error-burst": ("checkout-1", "payments degraded: its own health names acquirer"),
    "bad-release": ("gateway-1", "checkout down: its own health names schema"),
    "full-disk": ("orders-db-1", "disk down: no space left on device"),
    "hung-endpoint": ("gateway-1", "cart down"),
}
"""Who else notices, and in which words."""
CASES = [pytest.param(fault, mend, id=f"{fault.name}:{mend.verb}") for fault in FAULTS for mend in fault.mends]


def shows(demo: Platform, fault: Fault) -> Callable[[], bool]:
    def holds() -> bool:
        instances = demo.of(fault.service)
        if fault.name == "crash-loop":
            return bool(instances[0]["state"] == "crash-looping" and instances[0]["exit_code"] == 1)
        return any(demo.says(each["name"], fault.shows) for each in instances)

    return holds


async def mend_by(demo: Platform, fault: Fault, mend: Mend) -> None:
    if mend.verb == "call":
        path = mend.arguments["path"]
        assert all(demo.get(each["name"], path, "POST")[0] == 200 for each in demo.of(fault.service))
    elif mend.verb == "set_env":
        await demo.client.request("set_env", service=fault.service, set=mend.arguments)
    else:
        arguments: dict[str, Any] = dict(mend.arguments)
        await demo.client.request(mend.verb, service=fault.service, **arguments)


@pytest.mark.parametrize(("fault", "mend"), CASES)
async def test_a_fault_shows_and_is_mended(demo: Platform, fault: Fault, mend: Mend) -> None:
    await demo.client.request("fault", name=fault.name, on=True, speed=20)
    await demo.until(shows(demo, fault))
    await demo.until(lambda: demo.faults[fault.name]["active"])
    assert await demo.line(*LOGGED[fault.name])
    if fault.name in FELT:
        await demo.until(lambda: demo.says(*FELT[fault.name]))

    await mend_by(demo, fault, mend)
    await demo.until(lambda: demo.is_well() and not demo.faults[fault.name]["active"])
    assert not any(each["active"] for each in (await demo.client.request("faults"))["faults"])


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if "restart" in fault.useless], ids=lambda fault: fault.name
)
async def test_a_restart_does_not_mend_what_is_not_in_the_process(demo: Platform, fault: Fault) -> None:
    await demo.client.request("fault", name=fault.name)
    await demo.until(shows(demo, fault))
    seen = len(demo.events)
    await demo.client.request("restart", service=fault.service)
    await demo.until(
        lambda: any(
            event["type"] == "instance" and event["why"] == "started" and event["instance"]["service"] == fault.service
            for event in demo.events[seen:]
        )
    )
    await demo.until(shows(demo, fault))
    await demo.until(lambda: demo.faults[fault.name]["active"])


@pytest.mark.parametrize("name", BY_NAME)
async def test_a_fault_is_cleared_by_switching_it_off(demo: Platform, name: str) -> None:
    await demo.client.request("fault", name=name)
    await demo.until(lambda: demo.faults[name]["active"])
    await demo.client.request("fault", name=name, on=False)
    await demo.until(lambda: not demo.faults[name]["active"] and not demo.services[BY_NAME[name].service]["rollout"])
    await demo.all_healthy()


async def test_the_leak_really_allocates(demo: Platform) -> None:
    before = (await demo.client.request("stats"))["instances"]["catalog-1"]["resident"]
    await demo.client.request("fault", name="memory-leak", speed=40)
    await demo.until(lambda: demo.says("catalog-1", "memory"))
    after = (await demo.client.request("stats"))["instances"]["catalog-1"]["resident"]
    assert after - before > 100 * 1024 * 1024


async def test_a_full_disk_refuses_to_write_and_goes_on_reading(demo: Platform) -> None:
    assert demo.get("cart-1", "/carts/me?item=7", "POST") == (201, {"items": ["7"]})
    await demo.client.request("fault", name="full-disk")
    await demo.until(lambda: demo.says("orders-db-1", "disk"))
    status, answer = demo.get("cart-1", "/carts/me?item=8", "POST")
    assert status == 503
    assert "No space left on device" in answer["error"]
    assert demo.get("cart-1", "/carts/me") == (200, {"items": ["7"]})
    assert await demo.line("orders-db-1", "could not write to file")
    await demo.client.request("restart", service="orders-db")
    await demo.until(lambda: demo.instances["orders-db-1"]["run"] == 2 and demo.says("orders-db-1", "disk"))
    assert demo.get("orders-db-1", "/admin/archive", "POST")[0] == 200
    await demo.all_healthy()
    assert demo.get("cart-1", "/carts/me") == (200, {"items": ["7"]})


async def test_a_hung_service_still_shows_its_metrics(demo: Platform) -> None:
    await demo.client.request("fault", name="hung-endpoint")
    await demo.until(lambda: demo.says("cart-1", "no answer within"))
    await demo.until(lambda: demo.instances["cart-1"]["health"] == "unhealthy")
    assert demo.get("cart-1", "/health", timeout=0.3) == (
        0,
        f"GET 127.0.0.1:{demo.instances['cart-1']['port']}/health: no answer within 300 ms",
    )
    assert demo.get("cart-1", "/metrics")[0] == 200


async def test_a_bad_release_first_looks_good() -> None:
    async with running(pace=3.0) as demo:  # well for six seconds, in which the host asks it more than once
        await looks_good_first(demo)


async def looks_good_first(demo: Platform) -> None:
    await demo.client.request("release", service="checkout", version="3.9.0")
    await demo.until(lambda: demo.instances["checkout-1"]["health"] == "unhealthy")
    seen = [
        event["instance"]["health_status"]
        for event in demo.events
        if event["type"] == "instance"
        and event["instance"]["name"] == "checkout-1"
        and event["instance"]["release"] == "3.9.0"
    ]
    assert seen.index("ok") < seen.index("down")
    status, answer = demo.get("checkout-1", "/orders", "POST")
    assert (status, answer["error"]) == (500, "internal error")
    assert await demo.line("checkout-1", "at shop.store.OrderStore.insert")
