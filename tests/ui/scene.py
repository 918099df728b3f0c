"""One bad night, made by hand: the platform of the screen's text snapshots."""

from datetime import timedelta
from typing import Any

from cockpit.backends.change import Operation, Plan
from cockpit.board.model import (
    Change,
    ChangeKind,
    Component,
    Freshness,
    Health,
    Identity,
    Instance,
    Phase,
    Port,
    Reading,
    ReadingState,
    SafeText,
    State,
    Workload,
)
from cockpit.board.snapshot import ProbeStatus, Series, ServiceStatus, Snapshot, SourceStatus
from cockpit.incident.entry import Entry
from cockpit.incident.temporary import Temporary
from tests.ui.fakeport import AT, FakePort

MIB = 1 << 20


def ago(seconds: float) -> Any:
    """The moment so many seconds before the scene."""
    return AT - timedelta(seconds=seconds)


def workload(name: str, instances: int = 1, **faults: Any) -> Workload:
    """A Compose service; `faults` are fields of its instances."""
    owner = Identity("docker", "engine-1", "omninode", "service", name)
    values: dict[str, Any] = {
        "phase": Phase.RUNNING,
        "health": Health.HEALTHY,
        "started_at": ago(3 * 86400),
        "restarts": 0,
        "image": SafeText(f"registry.example/omninode/{name}:v2.3.1"),
        "version": SafeText("v2.3.1"),
        "ports": (Port(8001, "tcp", "0.0.0.0", 18001),),
        "memory_limit": 512 * MIB,
        "restart_policy": "on-failure:3",
    } | faults
    made = tuple(
        Instance(
            id=Identity("docker", "engine-1", "omninode", "service", name, f"{name}-{number:02d}" + "0" * 8),
            name=SafeText(f"{name}-{number}"),
            **values,
        )
        for number in range(1, instances + 1)
    )
    where = (("docker", SafeText("prod-1")), ("project", SafeText("omninode")))
    return Workload(id=owner, source="main", where=where, instances=made, desired=instances, image=made[0].image)


def probe(
    service: str, name: str, state: ReadingState, latency: float | None, detail: str = "", **more: Any
) -> ProbeStatus:
    """An http probe whose last ten readings end in `state`."""
    reading = Reading(
        service=service,
        probe=name,
        kind="http",
        state=state,
        at=ago(3),
        latency_ms=latency,
        detail=SafeText(detail),
        target=SafeText(f"GET 127.0.0.1:18001/{name} (published port of 8001)"),
        timings_ms=(("dns", 0.1), ("connect", 0.4), ("first byte", latency or 0.0), ("total", (latency or 0.0) + 0.3)),
        **more,
    )
    good = tuple((ReadingState.OK, 10.0 + step * step * 4) for step in range(7))
    return ProbeStatus(
        reading=reading, since=ago(252), freshness=Freshness.LIVE, history=(*good, *((state, latency),) * 3)
    )


def service(name: str, tier: int, state: State, seconds: float | None, **more: Any) -> ServiceStatus:
    """One service in a state since so many seconds."""
    return ServiceStatus(
        key=name,
        name=name,
        scope=SafeText(""),
        tier=tier,
        state=state,
        since=None if seconds is None else ago(seconds),
        since_exact=True,
        **({"why": SafeText("")} | more),
    )


def well(name: str, tier: int, cpu: float, mib: int, instances: int = 2) -> ServiceStatus:
    """A service with nothing wrong."""
    return service(
        name,
        tier,
        State.OK,
        3 * 86400,
        ready=instances,
        desired=instances,
        restarts=0,
        cpu=cpu,
        memory=float(mib * MIB),
        workloads=(workload(name, instances),),
    )


def changed(seconds: float, text: str, kind: ChangeKind = ChangeKind.ROLLOUT) -> Change:
    """What was changed so many seconds ago."""
    return Change(ago(seconds), kind, SafeText(text), text)


def broken() -> ServiceStatus:
    """The service that people are paged about."""
    killed = workload(
        "hook-receiver",
        2,
        phase=Phase.EXITED,
        health=Health.NONE,
        exit_code=137,
        oom_killed=True,
        restarts=3,
        finished_at=ago(252),
    )
    return service(
        "hook-receiver",
        1,
        State.DOWN,
        252,
        why=SafeText("OOM killed, exit 137"),
        evidence=(
            SafeText("OOM killed (exit 137) 14:27:48, limit 512M"),
            SafeText("then exit 1: database unavailable"),
        ),
        cause="postgres",
        ready=0,
        desired=2,
        restarts=3,
        workloads=(killed,),
        probes=(
            probe("hook-receiver", "health", ReadingState.DOWN, None, "connection refused"),
            probe("hook-receiver", "ready", ReadingState.DOWN, None, "connection refused", critical=False),
        ),
        series={
            "cpu": Series("%", ago(250), (8.0, 9.0, 12.0, 30.0, 70.0, 95.0), None),
            "memory": Series("bytes", ago(250), tuple(float(n * 80 * MIB) for n in range(1, 7)), float(512 * MIB)),
        },
        memory_limit=512 * MIB,
        changes=(
            changed(21, "restart hook-receiver: did not work (exit 1 again after 9 s)", ChangeKind.MITIGATION),
            changed(1560, "rollout hook-receiver:v2.3.0 -> v2.3.1"),
        ),
        depends_on=("postgres", "kafka"),
        owner="platform-team",
        description="takes the webhooks of customers",
        notes="a restart is safe: senders repeat for 24 h",
    )


def services() -> tuple[ServiceStatus, ...]:
    """Worst first, as the board sorts them."""
    slow = probe(
        "model-metrics",
        "metrics",
        ReadingState.DEGRADED,
        6200.0,
        "200 in 6.2 s, slower than 2 s",
        components=(
            Component(SafeText("database"), ReadingState.OK, SafeText("3 ms")),
            Component(SafeText("cache"), ReadingState.DEGRADED, SafeText("hit rate 12 %")),
        ),
    )
    return (
        broken(),
        service(
            "postgres", 1, State.DOWN, 270, why=SafeText("tcp 5432 refused"), ready=1, desired=1, restarts=0, cpu=2.0,
            memory=410.0 * MIB, workloads=(workload("postgres"),), dependents=("hook-receiver",),
        ),
        service(
            "model-metrics", 2, State.DEGRADED, 185, why=SafeText("p95 6.2s > 2s"), ready=2, desired=2, restarts=0,
            cpu=91.0, memory=1.2 * 1024 * MIB, workloads=(workload("model-metrics", 2),), probes=(slow,),
        ),
        service(
            "prometheus", 3, State.UNKNOWN, 48, why=SafeText("no answer 48 s"), ready=1, desired=1, restarts=0, cpu=4.0,
            memory=380.0 * MIB, freshness=Freshness.STALE, freshness_since=ago(48), workloads=(workload("prometheus"),),
        ),
        well("auth", 1, 8.0, 140),
        well("kafka", 2, 12.0, 900, 1),
        well("workflow-coord", 2, 15.0, 220),
        well("redis", 3, 1.0, 40, 1),
    )  # fmt: skip


def snapshot(**changes: Any) -> Snapshot:
    """The whole board."""
    source = SourceStatus(
        name="main",
        label=SafeText("docker:prod-1/omninode"),
        kind="docker",
        freshness=Freshness.LIVE,
        since=ago(3600),
        heard_at=ago(1),
    )
    values: dict[str, Any] = {
        "version": 1,
        "at": AT,
        "profile": "omninode-bridge",
        "services": services(),
        "sources": (source,),
    }
    return Snapshot(**(values | changes))


def entry(number: int, seconds: float, kind: str, who: str, text: str, unique: str = "", **facts: str) -> Entry:
    """One row of the timeline."""
    return Entry(
        id=number,
        happened=ago(seconds),
        recorded=ago(seconds),
        who=who,
        host="bastion",
        kind=kind,
        text=SafeText(text),
        facts=tuple(facts.items()),
        unique=unique,
    )


TIMELINE = (
    entry(1, 252, "state", "cockpit", "hook-receiver down: OOM killed, exit 137"),
    entry(2, 62, "decision", "oncall", "SEV2 declared: webhooks failing"),
    entry(3, 21, "intent", "oncall", "restart hook-receiver", "intent:r1"),
    entry(
        4,
        20,
        "verdict",
        "oncall",
        "restart hook-receiver: did not work (exit 1 again after 9 s)",
        "verdict:r1",
        service="hook-receiver",
        verb="restart",
        result="did not work",
    ),
)
LOG = (
    ("hook-receiver-2", "ERROR pool exhausted after 30000 ms (size 20, waiting 118)", False),
    ("hook-receiver-2", "FATAL out of memory: cannot allocate 67108864 bytes", False),
    ("hook-receiver-2", "hook-receiver-2 exited 137 (OOM killed)", True),
    ("hook-receiver-1", "WARN  retry 3/3 postgres:5432 connection refused", False),
    ("hook-receiver-1", "FATAL giving up: database unavailable", False),
    ("hook-receiver-1", "hook-receiver-1 exited 1; nothing is writing any more", True),
)


def plan(**changes: Any) -> Plan:
    """A restart of the broken service."""
    target = workload("hook-receiver", 2)
    operation = Operation(
        verb="restart",
        title=SafeText("restart hook-receiver-1"),
        target=target.instances[0].id,
        before=(("state", SafeText("exited 137")),),
        after=(("state", SafeText("running, healthy")),),
        command=SafeText("docker restart --time 10 hook-receiver-1"),
    )
    values: dict[str, Any] = {
        "id": "p1",
        "verb": "restart",
        "service": "hook-receiver",
        "workload": target.id,
        "source": "main",
        "where": target.where,
        "operations": (operation,),
        "made_at": AT,
        "risks": (SafeText("0 of 2 ready: nothing to lose"), SafeText("postgres is down: a restart may not help")),
    }
    return Plan(**(values | changes))


def scaled() -> Temporary:
    """What was scaled two hours ago and still stands."""
    target = workload("hook-receiver", 2).id
    return Temporary(
        word=SafeText("scaled"), title=SafeText("scale hook-receiver to 2"), service="hook-receiver", target=target,
        workload=target, since=ago(7200), who="oncall", verdict="worked", inverse=("scale", (("replicas", "4"),)),
    )  # fmt: skip


def port(**more: Any) -> FakePort:
    """The scene behind a port, with its log and its timeline."""
    made = FakePort(snapshot(), timeline=TIMELINE)
    made.answers["MakePlan"] = plan()
    for source, text, note in LOG:
        made.write(text, source=source, at=ago(248), note=note)
    if more:
        made.push(**more)
    return made
