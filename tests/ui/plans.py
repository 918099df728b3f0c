"""Plans as backends make them, for pictures of every dialog: their words are those of the Docker backend."""

from typing import Any

from msgspec.structs import replace

from cockpit.backends.change import DECLARED, Facts, Operation, Plan, Watch
from cockpit.board.model import SafeText
from tests.ui import scene

IMAGE = "registry.example/omninode/hook-receiver"
WHERE: Facts = (
    ("docker", SafeText("prod-1")),
    ("host", SafeText("db-host-3")),
    ("address", SafeText("unix:///run/docker.sock")),
    ("project", SafeText("omninode")),
)


def facts(**values: str) -> Facts:
    """Named values, as shown."""
    return tuple((name.replace("_", " "), SafeText(value)) for name, value in values.items())


def step(verb: str, number: int = 1, **more: Any) -> Operation:
    """One operation on one instance of the broken service."""
    target = scene.workload("hook-receiver", 2).instances[number - 1]
    values: dict[str, Any] = {
        "verb": verb,
        "title": SafeText(f"{verb} {target.name}"),
        "target": target.id,
        "before": facts(state="exited 137 (OOM killed)", image=f"{IMAGE}:v2.3.1", restarts="3"),
        "after": facts(state="running"),
        "command": SafeText(f"docker {verb} {target.name}"),
    }
    return Operation(**(values | more))


def plan(verb: str, *operations: Operation, risks: tuple[str, ...] = (), **more: Any) -> Plan:
    """A plan for the broken service."""
    made = scene.plan(verb=verb, operations=operations or (step(verb),), where=WHERE, risks=tuple(map(SafeText, risks)))
    return replace(made, **more) if more else made


def act(verb: str, after: str, inverse: str = "", **more: Any) -> Plan:
    """One verb on both instances."""
    back = (inverse, (("instance", "3f" * 32 + "," + "4a" * 32),)) if inverse else None
    return plan(
        verb, *(step(verb, number, after=facts(state=after), inverse=back) for number in (1, 2)), **more
    )  # fmt: skip


RESTART = replace(
    act("restart", "running", risks=("none of it is ready: nothing to lose", "its memory ran out: the same limit holds "
        "after a restart"), deadline=150.0), otherwise=("recreate", ()),
)  # fmt: skip
STOP = act(
    "stop", "exited, stays so", "start", risks=("2 ready will go: nothing of it answers any more",), danger="high"
)
KILL = act("kill", "exited 137, stays so", "start", risks=("2 ready will go: nothing of it answers any more",),
           danger="high")  # fmt: skip
PAUSE = act("pause", "paused", "resume", risks=("2 ready will go: nothing of it answers any more",))
RESUME = act("resume", "running", "pause")
START = act("start", "running", "stop")
REMOVE = act("remove", "gone with its log and what it wrote outside of volumes", danger="high",
             risks=("none of it is ready: nothing to lose",
                    "it does not come back by itself; anonymous volumes are kept"))  # fmt: skip
_KEPT = facts(
    configuration="the same, volumes kept", old_container="kept until the new one is ready, put back if it is not"
)
RECREATE = plan(
    "recreate",
    step("recreate", title=SafeText(f"replace hook-receiver-1 by one from {IMAGE}:v2.3.1"),
         after=(*facts(image=f"{IMAGE}:v2.3.1 9f21c0aa41d2"), *_KEPT)),
)  # fmt: skip
SCALE = plan(
    "scale",
    step("scale", title=SafeText("scale hook-receiver from 2 to 4"), before=facts(replicas="2"),
         after=facts(replicas="4", new="hook-receiver-3, hook-receiver-4, cloned from hook-receiver-1"),
         inverse=("scale", (("replicas", "2"),)),
         command=SafeText("docker compose -p omninode up -d --no-deps --scale hook-receiver=4 hook-receiver")),
    risks=("none of its 2 containers is ready: the new ones may fail the same way",),
)  # fmt: skip
ROLLBACK = plan(
    "rollback",
    step("rollback", title=SafeText(f"replace hook-receiver-1 by one from {IMAGE}:v2.3.0"),
         before=facts(state="exited 137", image=f"{IMAGE}:v2.3.1 9f21c0aa41d2"),
         after=(*facts(image=f"{IMAGE}:v2.3.0 4be7aa90cd11"), *_KEPT),
         inverse=("rollback", (("to", f"{IMAGE}:v2.3.1"),)),
         command=SafeText("docker compose -p omninode up -d --no-deps hook-receiver")),
    risks=("the next docker compose up brings back what the file says",),
    choices=(
        (f"{IMAGE}:v2.3.0", SafeText("v2.3.0 4be7aa90cd11, built 8 days ago, last healthy 14:04")),
        (f"{IMAGE}:v2.2.9", SafeText("v2.2.9 77d1c2be0911, built 29 days ago")),
    ),
    smoke=(step("call", title=SafeText("GET /v1/ping answers 200")),),
    watch=(Watch(service="hook-receiver", samples=3, traffic="requests"),),
)  # fmt: skip
SET = plan(
    "set",
    step("set", title=SafeText("limit the memory of hook-receiver-1 to 1G"), before=facts(memory="512M"),
         after=facts(memory="1G"), inverse=("set", (("memory", "512M"),)),
         command=SafeText("docker update --memory 1g --memory-swap 1g hook-receiver-1")),
    risks=("the next docker compose up brings back what the file says",),
)  # fmt: skip
ISOLATE = plan(
    "isolate",
    step("capture", title=SafeText("keep log and inspect of hook-receiver-1 first"),
         after=facts(files="2, at most 20M"), command=SafeText("")),
    step("isolate", title=SafeText("disconnect hook-receiver-1 from omninode_default, omninode_db"),
         before=facts(networks="omninode_default, omninode_db"), after=facts(networks="none"),
         inverse=("connect", (("instance", "hook-receiver-1"),))),
    risks=("its published port 18001 ends with it", "what it is doing goes on, nobody hears of it"), danger="high",
)  # fmt: skip
_LOGS = "logs (last 5 MiB each, the run before too; 40 MiB in all), description, events"
DENY_ALL = plan(
    "isolate",
    step("capture", title=SafeText("keep the log of 2 pods: hook-receiver-1, hook-receiver-2"), before=(),
         done_when="captured",
         after=facts(kept_in_the_evidence_folder=_LOGS), command=SafeText("")),
    step("isolate", title=SafeText("isolate deployment hook-receiver: let nothing in or out of its 2 pods"),
         before=facts(pods="2 of 2 ready"), after=facts(traffic="none in, none out", pods="go on running"),
         inverse=("connect", (("policy", "isolate-deployment-hook-receiver"),)),
         diff=tuple(map(SafeText, (
             "+apiVersion: networking.k8s.io/v1", "+kind: NetworkPolicy", "+metadata:",
             "+  name: isolate-deployment-hook-receiver", "+spec:", "+  podSelector:", "+    matchLabels:",
             "+      app: hook-receiver", "+  policyTypes:", "+    - Ingress", "+    - Egress"))),
         command=SafeText("echo '{...}' | kubectl -n omninode create -f -")),
    risks=("2 ready are cut off: nothing of it answers any more, and it reaches nothing",
           "policies add up: what NetworkPolicy allow-ingress allows these pods stays allowed",
           "it does something only where the cluster's network plugin enforces policies; the API cannot say whether it "
           "does"), danger="high", where=facts(cluster="prod", namespace="omninode", server="https://10.0.0.1:6443"),
)  # fmt: skip
CAPTURE = plan(
    "capture",
    step("capture", title=SafeText("capture hook-receiver-1"), before=(),
         after=facts(kept="log (5 MiB at most), inspect, threads (jstack 1)", to="~/.local/state/cockpit/evidence"),
         command=SafeText("")),
)  # fmt: skip
CALL = plan(
    "failover",
    step("call", title=SafeText("POST https://models.example/v1/failover"), before=(), after=facts(answer="2xx"),
         source=DECLARED, inverse=("failback", ()), done_when="probes",
         command=SafeText("curl -X POST -H 'Authorization: Bearer ***' https://models.example/v1/failover")),
    source=DECLARED,
)  # fmt: skip
ACTION = plan(
    "shift traffic",
    *(step("call", title=SafeText(f"POST /weights: {share} % to the new release"), source=DECLARED, before=(),
           after=facts(answer="200"), command=SafeText("")) for share in (10, 50, 100)),
    source=DECLARED, on_failure="step back", smoke=(step("call", title=SafeText("GET /v1/ping answers 200")),),
    risks=("each stage is watched for 60 s before the next",), hold=60.0, deadline=400.0,
)  # fmt: skip
SHELL = plan(
    "shell",
    step("shell", title=SafeText("open /bin/sh in hook-receiver-1"),
         after=facts(recorded="its start, end and exit code"),
         command=SafeText("docker exec -it hook-receiver-1 /bin/sh")),
    risks=("what is typed in it is not recorded, and nothing takes it back",),
)  # fmt: skip
UNDO = plan(
    "scale",
    step("scale", title=SafeText("scale hook-receiver from 4 to 2"), before=facts(replicas="4"),
         after=facts(replicas="2"), inverse=("scale", (("replicas", "4"),)), command=SafeText("")),
    risks=("hook-receiver-3, hook-receiver-4 will go, with the log; named volumes stay",),
)  # fmt: skip

CLUSTER: Facts = (
    *facts(cluster="prod", namespace="omninode", server="https://10.0.0.1:6443"),
    ("checked", SafeText("permitted (patch deployments.apps/scale in omninode), dry run accepted")),
)
_BOUNDS = (
    ("8", SafeText("8, as asked")),
    ("min=8", SafeText("min=8 and max=8 of HPA hook-receiver instead: so it lasts")),
    ("2", SafeText("2, the minimum of HPA hook-receiver")),
    ("6", SafeText("6, the maximum of HPA hook-receiver")),
)
SCALE_HPA = plan(
    "scale",
    step("scale", title=SafeText("scale deployment hook-receiver from 3 to 8"), before=facts(replicas="3"),
         after=facts(replicas="8"), inverse=("scale", (("replicas", "3"),)),
         command=SafeText("kubectl --context prod -n omninode scale deployment/hook-receiver --replicas=8")),
    risks=("HPA hook-receiver keeps it between 2 and 6 and will fight: it lowers it to 6 at once",
           "quota team: pods 10 of 20"),
    where=CLUSTER, choices=_BOUNDS, chosen="8",
)  # fmt: skip
AUTOSCALE = plan(
    "autoscale",
    step("autoscale", title=SafeText("autoscale deployment hook-receiver: exactly 8"),
         before=facts(autoscaler="2 to 6 pods, at 70 % of the requested CPU", replicas="3", pods="3 of 3 ready"),
         after=facts(autoscaler="exactly 8"), inverse=("autoscale", (("min", "2"), ("max", "6"))),
         command=SafeText("kubectl --context prod -n omninode patch hpa hook-receiver --type=merge "
                          """-p '{"spec":{"minReplicas":8,"maxReplicas":8}}'""")),
    risks=("it raises 3 pods to 8 at once; taken back, their number stays with the HPA",),
    where=CLUSTER, choices=_BOUNDS, chosen="min=8",
)  # fmt: skip


def bulk(on_failure: str = "stop") -> Plan:
    """A restart of three services."""

    def one(name: str, number: int) -> Operation:
        target = scene.workload(name, 2).instances[number - 1]
        return step(
            "restart", title=SafeText(f"restart {target.name}"), target=target.id, service=name, source="main",
            before=facts(state="running, healthy"), command=SafeText(f"docker restart {target.name}"),
        )  # fmt: skip

    steps = (one("hook-receiver", 1), one("hook-receiver", 2), one("auth", 1), one("auth", 2), one("kafka", 1))
    risks = ("kafka: single replica: nothing answers from its stop (up to 10 s) until it is ready again",)
    return plan("restart", *steps, risks=risks, on_failure=on_failure)


def everything() -> Plan:
    """A restart of all services of a namespace."""
    risks = (
        "left out: restart ingest: its rollouts are paused, so nothing would happen: resume it first",
        "all of omninode that is seen: what others need first, then by tier",
    )
    choices = (
        ("stop", SafeText("the first that fails ends it: the others stay as they are")),
        ("continue", SafeText("the others are restarted though one fails")),
    )
    order = ("order", SafeText("hook-receiver, then auth, then kafka"))
    return replace(bulk(), where=(*CLUSTER, order), choices=choices, chosen="stop", risks=tuple(map(SafeText, risks)))
