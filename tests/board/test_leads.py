"""Findings about a service: their order, what is one finding, and where the evidence of each is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.backends.kubernetes import around, controllers
from cockpit.backends.kubernetes.pulls import pull_words
from cockpit.backends.kubernetes.wire_apps import Controller, Hpa, Pdb
from cockpit.board.lead import WEIGHTS, Kind, Lead, Place
from cockpit.board.leads import MOST, leads, of_errors
from cockpit.board.model import (
    Change,
    ChangeKind,
    Freshness,
    Health,
    Identity,
    Instance,
    Phase,
    Reading,
    ReadingState,
    Remark,
    SafeText,
    State,
    Workload,
)
from cockpit.board.snapshot import ProbeStatus, Series, ServiceStatus, SourceStatus

AT = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
WEB = Identity("kubernetes", "c1", "shop", "deployment", "web")


def ago(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


def pod(number: int, phase: Phase = Phase.RUNNING, **more: Any) -> Instance:
    return Instance(
        id=replace(WEB, instance=f"uid-{number}"), name=SafeText(f"web-{number}"), phase=phase, created_at=ago(300),
        **more,
    )  # fmt: skip


def work(*instances: Instance, **more: Any) -> Workload:
    return Workload(id=WEB, source="main", instances=instances, desired=len(instances), **more)


def service(state: State = State.DOWN, **more: Any) -> ServiceStatus:
    return ServiceStatus(
        key="web", name="web", scope=SafeText(""), tier=1, state=state, since=ago(120), since_exact=True,
        **{"why": SafeText(""), **more},
    )  # fmt: skip


def of(*instances: Instance, **more: Any) -> Lead:
    """The only finding about these instances."""
    (found,) = leads(service(workloads=(work(*instances),), **more))
    return found


def probe(name: str, state: ReadingState, critical: bool = True, freshness: Freshness = Freshness.LIVE) -> ProbeStatus:
    reading = Reading(
        service="web", probe=name, kind="http", state=state, at=ago(5), critical=critical,
        detail=SafeText("503 Service Unavailable"), target=SafeText("GET 10.0.0.1:8080/ready"),
    )  # fmt: skip
    return ProbeStatus(reading=reading, since=ago(90), freshness=freshness)


def test_every_kind_has_a_weight_of_its_own() -> None:
    assert set(WEIGHTS) == set(Kind)
    assert len(set(WEIGHTS.values())) == len(WEIGHTS)


CASES: list[tuple[Instance, Kind, Place, str]] = [
    (pod(1, Phase.EXITED, exit_code=137, oom_killed=True), Kind.MEMORY, Place.LOG, "OOM killed, 137"),
    (pod(1, Phase.RESTARTING, exit_code=1), Kind.EXIT, Place.LOG, "exit 1"),
    (pod(1, Phase.EXITED, exit_code=139), Kind.EXIT, Place.LOG, "exit 139 (SIGSEGV)"),
    (
        pod(1, Phase.PENDING, error=SafeText("image pull: not found: web:2")),
        Kind.IMAGE, Place.OBJECT, "image pull: not found: web:2",
    ),
    *(
        (pod(1, Phase.PENDING, error=SafeText(error)), Kind.IMAGE, Place.OBJECT, error)
        for error in (
            f"app: {pull_words('manifest unknown', 'r.example.com/web:2')}", pull_words("Back-off pulling", "web:2"),
            pull_words("pull access denied", "web:2"), pull_words("dial tcp: no such host", "r.example.com/web:2"),
        )
    ),
    (
        pod(1, Phase.CREATED, error=SafeText("No such image: web:2")),
        Kind.IMAGE, Place.OBJECT, "image pull: No such image",
    ),
    (
        pod(1, Phase.PENDING, error=SafeText("unschedulable: 0/3 nodes: insufficient cpu")),
        Kind.SCHEDULING, Place.OBJECT, "unschedulable: 0/3 nodes: insufficient cpu",
    ),
    (pod(1, Phase.EXITED, error=SafeText("evicted: low")), Kind.EVICTED, Place.OBJECT, "evicted: low"),
    (
        pod(1, Phase.UNKNOWN, error=SafeText("node worker-2 does not answer since 14:02:11Z")),
        Kind.NODE, Place.LISTED, "node worker-2 does not answer since 14:02:11Z",
    ),
    (pod(1, Phase.CREATED, error=SafeText("port is in use")), Kind.START, Place.OBJECT, "port is in use"),
    (
        pod(1, health=Health.UNHEALTHY, health_detail=SafeText("readiness: 503"), health_since=ago(60)),
        Kind.HEALTH, Place.LOG, "unhealthy: readiness: 503",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("instance", "kind", "place", "words"), CASES, ids=[f"{one[1]}-{one[3]}" for one in CASES])
def test_what_is_wrong_with_an_instance(instance: Instance, kind: Kind, place: Place, words: str) -> None:
    found = of(instance)
    assert (found.kind, found.evidence.place) == (kind, place)
    assert str(found.text).startswith(words) or words.removeprefix("unhealthy: ") in found.text
    assert found.state is ReadingState.DOWN


def test_a_node_is_looked_at_by_its_name() -> None:
    evidence = of(pod(1, Phase.UNKNOWN, error=SafeText("node worker-2 does not answer"))).evidence
    assert (evidence.kind, evidence.name, evidence.source) == ("nodes", "worker-2", "main")


def test_well_instances_and_done_ones_are_no_finding() -> None:
    well = pod(1, health=Health.HEALTHY), pod(2), pod(3, Phase.EXITED, exit_code=0), pod(4, Phase.PAUSED)
    assert leads(service(State.OK, workloads=(work(*well),))) == ()


def test_what_crashed_and_runs_again_is_read_in_the_run_before() -> None:
    told = (SafeText("web-1: exit 1, restarted 4x in 2 min"),)
    running = of(pod(1, exit_code=1, started_at=ago(3)), evidence=told)
    assert (running.kind, running.text) == (Kind.EXIT, "exit 1, restarted 4x in 2 min")
    assert running.evidence.previous
    assert not of(pod(1, Phase.RESTARTING, exit_code=1)).evidence.previous


def test_instances_that_fail_alike_are_one_finding_with_the_last_as_its_evidence() -> None:
    pods = [pod(number, Phase.EXITED, exit_code=1, finished_at=ago(100 - number)) for number in range(24)]
    found = of(*pods)
    assert (found.count, found.text, found.since) == (24, "exit 1 (24x)", ago(100))
    assert found.evidence.identity == pods[-1].id


def test_a_crash_loop_is_as_old_as_the_trouble() -> None:
    found = of(pod(1, Phase.RESTARTING, exit_code=1, finished_at=ago(3)))
    assert found.since == ago(120)


def test_errors_without_a_word_tell_nothing() -> None:
    shapes = [(SafeText("{…: …, …: …}"), 7, None), (SafeText("pool exhausted"), 1, None)]
    assert [one.text for one in of_errors(service(), shapes)] == ["log: pool exhausted"]


def test_what_stands_around_it() -> None:
    db = replace(service(why=SafeText("tcp 5432 refused")), key="db", name="db", since=ago(130))
    silent = SourceStatus(
        name="main", label=SafeText("cluster"), kind="kubernetes", freshness=Freshness.LOST, since=ago(20),
        heard_at=ago(40), why=SafeText("connection refused"),
    )  # fmt: skip
    web = service(
        workloads=(work(pod(1, Phase.RESTARTING, exit_code=1)),),
        probes=(probe("ready", ReadingState.DOWN), probe("extra", ReadingState.DEGRADED, critical=False)),
        series={"cpu": Series("%", AT, (97.0,), None, ReadingState.DEGRADED)},
        evidence=(SafeText("cpu 97 % > 85 %"), SafeText("0 of 1 ready")),
        changes=(Change(ago(180), ChangeKind.ROLLOUT, SafeText("rollout web:1 -> 2"), "web-5d4f8"),),
    )
    found = leads(web, db, (silent,), of_errors(web, [(SafeText("pool exhausted …"), 12, ago(10))]))
    assert [(one.kind, one.evidence.place) for one in found] == [
        (Kind.SILENCE, Place.NOWHERE),
        (Kind.DEPENDENCY, Place.SERVICE),
        (Kind.EXIT, Place.LOG),
        (Kind.PROBE, Place.PROBE),
        (Kind.CHANGE, Place.REVISIONS),
        (Kind.THRESHOLD, Place.RESOURCES),
        (Kind.MINOR, Place.PROBE),
        (Kind.ERRORS, Place.LOG),
        (Kind.KNOWN, Place.OBJECT),
    ]
    texts = {one.kind: str(one.text) for one in found}
    assert texts[Kind.DEPENDENCY] == "db down before it: tcp 5432 refused"
    assert texts[Kind.PROBE] == "http /ready 503 Service Unavailable"
    assert texts[Kind.CHANGE] == "last change before it: rollout web:1 -> 2"
    assert texts[Kind.THRESHOLD] == "cpu 97 % > 85 %"
    assert texts[Kind.ERRORS] == "log: pool exhausted … (12x)"
    assert texts[Kind.KNOWN] == "0 of 1 ready"


def test_what_may_not_be_seen_stands_last_and_a_probe_that_is_silent_is_unknown() -> None:
    partly = SourceStatus(
        name="main", label=SafeText("cluster"), kind="kubernetes", freshness=Freshness.LIVE, since=AT, heard_at=AT,
        why=SafeText("needs list and watch on events"),
    )  # fmt: skip
    quiet = probe("ready", ReadingState.OK, freshness=Freshness.STALE)
    first, last = leads(service(workloads=(work(pod(1)),), probes=(quiet,)), None, (partly,))
    assert (first.kind, first.state) == (Kind.PROBE, ReadingState.UNKNOWN)
    assert (last.kind, last.text) == (Kind.SIGHT, "cannot be seen: cluster: needs list and watch on events")


def test_what_is_degraded_below_it_stands_behind_its_own_reasons() -> None:
    db = replace(service(State.DEGRADED, why=SafeText("node n-1 does not answer")), key="db", name="db")
    web = service(State.DEGRADED, workloads=(work(pod(1, Phase.UNKNOWN, error=SafeText("node n-1 is not ready"))),))
    own, needed = leads(web, db)
    assert (own.kind, needed.kind) == (Kind.NODE, Kind.NEEDED)
    assert needed.text == "db degraded since then too: node n-1 does not answer"


def test_the_change_of_a_node_that_is_named_already_is_not_told_twice() -> None:
    change = Change(ago(120), ChangeKind.NODE, SafeText("node n-1 does not answer"), "n-1")
    lost = pod(1, Phase.UNKNOWN, error=SafeText("node n-1 does not answer"))
    assert [one.kind for one in leads(service(workloads=(work(lost),), changes=(change,)))] == [Kind.NODE]
    other = replace(change, subject="n-2", text=SafeText("node n-2 does not answer"))
    told = leads(service(workloads=(work(lost),), changes=(other,)))
    assert [one.kind for one in told] == [Kind.NODE, Kind.CHANGE]


def test_a_change_that_was_no_rollout_is_looked_at_in_the_timeline() -> None:
    change = Change(ago(200), ChangeKind.CONFIG, SafeText("ConfigMap web changed"), "ConfigMap web")
    (found,) = leads(service(workloads=(work(pod(1)),), changes=(change,)))
    assert (found.kind, found.evidence.place, found.evidence.at) == (Kind.CHANGE, Place.TIMELINE, ago(200))


def remark_of(made: Any) -> Remark:
    assert made.remark is not None
    return made.remark  # type: ignore[no-any-return]


def convert(kind: type[Any], **fields: Any) -> Any:
    import msgspec

    return msgspec.convert(fields, kind)


def kubernetes_remarks() -> list[tuple[Remark, Kind, Place, str]]:
    """What the Kubernetes backend really says, each made by what makes it there."""
    meta = {"name": "web", "namespace": "shop", "uid": "u1", "creationTimestamp": "2026-03-01T14:00:00Z"}
    hpa = convert(
        Hpa, metadata=meta,
        spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 2, "maxReplicas": 5},
        status={"currentReplicas": 5, "desiredReplicas": 5},
    )  # fmt: skip
    pdb = convert(
        Pdb, metadata=meta, spec={},
        status={"currentHealthy": 2, "desiredHealthy": 2, "disruptionsAllowed": 0, "expectedPods": 2},
    )  # fmt: skip
    stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    quota = {"type": "ReplicaFailure", "status": "True", "message": 'pods "web" is forbidden: exceeded quota: small'}
    deployment = convert(
        Controller, metadata=meta, spec={"replicas": 3, "template": {"metadata": {}, "spec": {}}},
        status={"conditions": [stuck, quota], "updatedReplicas": 1},
    )  # fmt: skip
    rollout, full = controllers.deployment(deployment).remarks
    return [
        (remark_of(around.hpa(hpa)), Kind.SCALER, Place.LISTED, "horizontalpodautoscalers"),
        (remark_of(around.pdb(pdb)), Kind.BUDGET, Place.LISTED, "poddisruptionbudgets"),
        (rollout, Kind.ROLLOUT, Place.REVISIONS, ""),
        (full, Kind.QUOTA, Place.OBJECT, ""),
        (Remark(SafeText("exit 1 (2 new pods)"), ReadingState.DEGRADED), Kind.NEW, Place.OBJECT, ""),
        (Remark(SafeText("1 pod is on n-2, which is cordoned"), ReadingState.OK), Kind.REMARK, Place.LISTED, "nodes"),
    ]


@pytest.mark.parametrize(("remark", "kind", "place", "objects"), kubernetes_remarks())
def test_what_a_cluster_says_of_a_workload(remark: Remark, kind: Kind, place: Place, objects: str) -> None:
    (found,) = leads(service(workloads=(work(pod(1), remarks=(remark,)),)))
    assert (found.kind, found.evidence.place, found.evidence.kind) == (kind, place, objects)
    assert (found.text, found.state) == (remark.text, remark.state)


def test_new_instances_that_do_not_come_up_lead_to_the_one_made_last() -> None:
    well = pod(1, health=Health.HEALTHY)
    new = [replace(pod(number, health=Health.STARTING), created_at=ago(50 - number)) for number in (2, 3)]
    remark = Remark(SafeText("readiness probe 503 (2 new pods)"), ReadingState.DEGRADED)
    # That they start, which the board says of each, is no finding beside what keeps them from being ready.
    said = tuple(SafeText(f"{one.name}: starting") for one in new)
    (found,) = leads(service(State.DEGRADED, workloads=(work(well, *new, remarks=(remark,)),), evidence=said))
    assert found.evidence.identity == new[-1].id
    (found,) = leads(service(State.DEGRADED, workloads=(work(well, remarks=(remark,)),)))
    assert found.evidence.place is Place.REVISIONS


def test_new_instances_that_say_why_themselves_are_told_once() -> None:
    error = SafeText("image not found: web:2")
    new = pod(1, Phase.CREATED, error=error)
    remark = Remark(SafeText(f"{error} (new pod)"), ReadingState.DEGRADED)
    told = service(State.DEGRADED, workloads=(work(new, remarks=(remark,)),), evidence=(remark.text,))
    assert [(one.kind, one.text) for one in leads(told)] == [(Kind.IMAGE, error)]


def test_a_rollout_is_told_once() -> None:
    words = SafeText("rollout stuck, 1 of 3 updated")
    found = leads(service(workloads=(work(rollout=words, remarks=(Remark(words, ReadingState.DEGRADED),)),)))
    assert [one.kind for one in found] == [Kind.ROLLOUT]
    (running,) = leads(service(State.OK, workloads=(work(rollout=SafeText("rollout: 1 of 3 updated")),)))
    assert (running.kind, running.state) == (Kind.ROLLOUT, ReadingState.OK)


phases = st.sampled_from(Phase)
texts = st.text(max_size=60).map(SafeText)
instances = st.builds(
    pod, st.integers(0, 60), phases, health=st.sampled_from(Health), exit_code=st.none() | st.integers(0, 255),
    oom_killed=st.none() | st.booleans(), error=texts | st.sampled_from([one[0].error for one in CASES]),
    finished_at=st.none() | st.just(ago(9)), started_at=st.none() | st.just(ago(50)),
)  # fmt: skip
remarks = st.builds(
    Remark, texts | st.sampled_from(["HPA web is", "node x"]).map(SafeText), st.sampled_from(ReadingState)
)
probes = st.builds(
    probe, st.sampled_from("abc"), st.sampled_from(ReadingState), st.booleans(), st.sampled_from(Freshness)
)


@given(
    st.lists(instances, max_size=60), st.lists(remarks, max_size=5), st.lists(probes, max_size=4),
    st.sampled_from(State), st.lists(texts, max_size=4), st.randoms(),
)  # fmt: skip
def test_whatever_is_known_the_order_is_that_of_the_table(
    pods: list[Instance], said: list[Remark], asked: list[ProbeStatus], state: State, told: list[SafeText], random: Any
) -> None:
    whole = service(
        state, workloads=(work(*pods, remarks=tuple(said)),), probes=tuple(asked), evidence=tuple(told)
    )  # fmt: skip
    found = leads(whole)
    assert len(found) <= MOST
    weights = [WEIGHTS[one.kind] for one in found]
    assert weights == sorted(weights, reverse=True)
    assert len({(one.kind, one.subject) for one in found}) == len(found)
    assert all(len(one.text) <= 300 for one in found)
    random.shuffle(pods)
    again = leads(replace(whole, workloads=(work(*pods, remarks=tuple(said)),)))
    assert {(one.kind, one.count) for one in again} == {(one.kind, one.count) for one in found}


@given(st.lists(instances, min_size=1, max_size=30))
def test_what_is_in_trouble_is_never_without_a_finding(pods: list[Instance]) -> None:
    told = (SafeText("0 of 9 ready"),)
    assert leads(service(State.DOWN, workloads=(work(*pods),), evidence=told))
