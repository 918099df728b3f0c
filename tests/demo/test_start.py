"""The platform as it starts: six real services that answer, write, measure themselves and call each other."""

import os
import re

import pytest

from cockpit.board.clock import SystemClock
from cockpit.demo.client import DemoError
from cockpit.demo.launch import DemoHost
from cockpit.demo.shape import BY_NAME, SERVICES
from tests.demo.platform import Platform, text

SAMPLE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9][0-9.e+-]*\Z')


async def test_six_services_answer_health_ready_and_metrics(demo: Platform) -> None:
    assert set(demo.services) == {shape.name for shape in SERVICES}
    assert len(demo.services) == 6
    for name, facts in demo.instances.items():
        status, health = demo.get(name, "/health")
        assert (status, health["status"], health["release"]) == (200, "ok", facts["release"])
        needs = {need.service for need in BY_NAME[facts["service"]].needs}
        assert needs <= health["components"].keys()
        assert demo.get(name, "/ready")[0] == 200
        assert demo.get(name, "/nowhere")[0] == 404


async def test_metrics_are_openmetrics_with_true_figures(demo: Platform) -> None:
    for name, facts in demo.instances.items():
        status, metrics = demo.get(name, "/metrics")
        assert status == 200
        *lines, last = metrics.splitlines()
        assert last == "# EOF"
        assert all(line.startswith("# ") or SAMPLE.match(line) for line in lines), metrics
        values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        resident = int(text(f"/proc/{facts['pid']}/statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert float(values["process_resident_memory_bytes"]) == pytest.approx(resident, rel=0.2)
        assert float(values['http_requests_total{route="/health",status="200"}']) >= 1
        assert "queue_depth" in values
        if "orders-db" in {need.service for need in BY_NAME[facts["service"]].needs} | {facts["service"]}:
            assert 'db_connections{state="max"}' in values


async def test_each_instance_is_a_process_in_its_own_group_of_the_hosts_session(demo: Platform) -> None:
    assert os.getsid(demo.host.pid) == demo.host.pid != os.getsid(0)
    for name, facts in demo.instances.items():
        pid = facts["pid"]
        assert os.getpgid(pid) == pid
        assert os.getsid(pid) == demo.host.pid
        assert text(f"/proc/{pid}/cmdline").startswith(name)
    assert len({facts["port"] for facts in demo.instances.values()}) == len(demo.instances)


async def test_shoppers_make_traffic_through_every_service_and_each_logs_in_its_own_shape(demo: Platform) -> None:
    assert '"upstream": "checkout"' in await demo.line("gateway-1", '"msg": "POST /orders", "status": 201')
    assert re.match(r"[-\d]+ [\d:]+,\d{3} INFO  \[checkout-1\] ", await demo.line("checkout-1", "order placed"))
    assert await demo.line("payments-1", '"msg": "charge approved"')
    assert await demo.line("cart-1", '"msg": "item added"')
    assert re.match(r'ts=\S+Z level=info msg="product served" id=\d', await demo.line("catalog-1", "product served"))
    assert re.search(r"UTC \[\d+\] LOG:  database system is ready", await demo.line("orders-db-1", "ready to accept"))


async def test_logs_are_files_too(demo: Platform) -> None:
    await demo.line("gateway-1", "GET /products")
    assert "GET /products" in text(demo.instances["gateway-1"]["log_path"])


async def test_the_folder_and_the_socket_are_private(demo: Platform, runtime_dir: str) -> None:
    assert demo.host.folder.startswith(runtime_dir)
    assert os.stat(demo.host.folder).st_mode & 0o777 == 0o700
    assert os.stat(demo.host.socket).st_mode & 0o777 == 0o600


async def test_a_host_that_cannot_start_says_why() -> None:
    host = DemoHost.start(pace=1000)
    with pytest.raises(DemoError, match="did not start: usage: "):
        await host.ready(SystemClock())


async def test_stats_are_measured(demo: Platform) -> None:
    stats = await demo.client.request("stats")
    assert stats["instances"].keys() == demo.instances.keys()
    for used in stats["instances"].values():
        assert used["resident"] > 1024 * 1024
        assert used["cpu"] >= 0


async def test_endpoints_that_a_responder_may_call_do_what_they_say(demo: Platform) -> None:
    assert demo.get("gateway-1", "/admin/maintenance?state=on", "POST") == (200, {"maintenance": True})
    assert demo.get("gateway-1", "/products") == (503, {"error": "maintenance"})
    assert demo.get("gateway-1", "/ready")[0] == 503
    assert demo.get("gateway-1", "/admin/maintenance?state=off", "POST")[0] == 200
    assert demo.get("gateway-1", "/products")[0] == 200
    assert demo.get("catalog-1", "/admin/cache/warm", "POST") == (200, {"entries": 10})
    assert demo.get("checkout-1", "/admin/circuit-breaker?state=open", "POST")[0] == 200
    status, order = demo.get("checkout-1", "/orders", "POST")
    assert (status, order["paid"]) == (201, False)
