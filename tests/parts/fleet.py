"""Forty containers as a responder meets them: three Compose projects, four of the containers in trouble."""

from dataclasses import dataclass, replace

from cockpit.board.instances import LOOP
from tests.parts.container import ContainerSpec, Healthcheck, compose_labels
from tests.parts.docker import IMAGE, DockerEngine
from tests.patience import PATIENCE

_MIB = 1 << 20

# project -> service -> how many containers; `web` stands in two projects and must never be mixed up.
PROJECTS: dict[str, dict[str, int]] = {
    "shop": {"web": 4, "api": 4, "cache": 2, "db": 1, "mail": 2, "queue": 2, "search": 1, "worker": 1},
    "billing": {"web": 3, "ledger": 3, "rates": 3, "invoice": 2, "report": 1},
    "metrics": {"collector": 6, "store": 2, "relay": 2, "console": 1},
}
SIZE = 40

_STAYS = "exec sleep 2147483647"
_SERVES = "echo serving; echo welcome > /srv/index.html; exec httpd -f -v -p 8080 -h /srv"
# Half a second before (the engine has begun to watch) and after (it still does): without them one in four such
# containers exits 137 and lacks its OOM mark (20.10, cgroup v1).
_EATS = "echo rendering; sleep 0.5; dd if=/dev/zero of=/dev/null bs=64M; code=$?; sleep 0.5; exit $code"
_CORRUPT = Healthcheck("echo index is corrupt; exit 1")

_SPECIAL: dict[tuple[str, str], ContainerSpec] = {
    ("shop", "web"): ContainerSpec(_SERVES, ports=(8080,), restart="unless-stopped"),
    ("shop", "search"): ContainerSpec(f"echo indexing; {_STAYS}", health=_CORRUPT, restart="unless-stopped"),
    ("shop", "worker"): ContainerSpec("echo FATAL queue refused the connection >&2; exit 1", restart="always"),
    ("billing", "report"): ContainerSpec(_EATS, memory=8 * _MIB),
    ("metrics", "console"): ContainerSpec(f"echo console on a terminal; {_STAYS}", tty=True, restart="unless-stopped"),
}


@dataclass(frozen=True)
class Fleet:
    """Names of the containers; every one not named in trouble runs."""

    names: list[str]
    unhealthy: str = "shop_search_1"
    crash_looping: str = "shop_worker_1"
    oom_killed: str = "billing_report_1"
    tty: str = "metrics_console_1"


def compose_name(project: str, service: str, number: int) -> str:
    return f"{project}_{service}_{number}"


def _specs() -> dict[str, ContainerSpec]:
    specs = {}
    for project, services in PROJECTS.items():
        for service, count in services.items():
            for number in range(1, count + 1):
                name = compose_name(project, service, number)
                steady = ContainerSpec(f"echo {name} is ready; {_STAYS}", restart="unless-stopped")
                spec = _SPECIAL.get((project, service), steady)
                labels = compose_labels(project, service, number)
                specs[name] = replace(spec, image=f"{project}/{service}:v1.0.0", labels=labels)
    return specs


def build_fleet(engine: DockerEngine, within: float = 2 * PATIENCE) -> Fleet:
    """Create and start the fleet (5 s on two cores), and wait until each container in trouble shows it."""
    specs = _specs()
    for image in sorted({spec.image for spec in specs.values() if spec.image}):
        engine.tag(IMAGE, image)
    engine.api.each(lambda item: engine.run(*item), list(specs.items()))
    fleet = Fleet(sorted(specs))
    engine.api.until(lambda: _in_trouble(engine, fleet), within)
    return fleet


def standing_fleet(engine: DockerEngine) -> Fleet:
    """The fleet that stands on the engine already, if it is as it was built; else a new one on a cleared engine."""
    engine.start()
    engine.resume()
    if engine.fleet is None or not _intact(engine, engine.fleet):
        engine.clear()
        engine.fleet = build_fleet(engine)
    return engine.fleet


def _intact(engine: DockerEngine, fleet: Fleet) -> bool:
    rows = {row["Names"][0].lstrip("/"): row["State"] for row in engine.api.containers()}
    troubled = {fleet.crash_looping, fleet.oom_killed}
    well = all(rows[name] == "running" for name in rows.keys() - troubled)
    return sorted(rows) == fleet.names and well and _in_trouble(engine, fleet)


def _in_trouble(engine: DockerEngine, fleet: Fleet) -> bool:
    unhealthy = engine.api.state(fleet.unhealthy).get("Health", {}).get("Status") == "unhealthy"
    looping = engine.api.inspect(fleet.crash_looping)["RestartCount"] >= LOOP
    return unhealthy and looping and marked(engine, fleet.oom_killed)


def marked(engine: DockerEngine, container: str) -> bool:
    """Whether a container that eats up its memory has ended with the engine's mark; one that lacks it eats again."""
    state = engine.api.state(container)
    if state["Status"] == "exited" and not state["OOMKilled"]:
        engine.api.call("POST", f"/containers/{container}/start")
    return state["Status"] == "exited" and bool(state["OOMKilled"])
