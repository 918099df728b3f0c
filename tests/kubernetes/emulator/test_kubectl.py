"""The real kubectl drives the emulator: what a responder types, and what then is."""

import json
import ssl
from pathlib import Path

import pytest

from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.cluster.access import READ_ONLY
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.asking import client
from tests.kubernetes.emulator.waiting import Json, get, pods_of, rolled_out, until
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing
from tests.program import CHECKOUT

IMAGE = "registry.example.com/shop"


async def test_get_wide_prints_what_the_cluster_holds(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    rows = [line.split() for line in (await kubectl.ask("get", "pods", "-o", "wide")).splitlines()]
    assert rows[0][:7] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    told = {row[0]: (row[1], row[2], row[5], row[6]) for row in rows[1:]}
    assert told == {
        pod["metadata"]["name"]: ("1/1", "Running", pod["status"]["podIP"], pod["spec"]["nodeName"])
        for pod in kubernetes.cluster.store.each("pods", "shop")
    }


async def test_get_watch_follows_a_change(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    async with kubectl.following("get", "deployments", "payments", "-w", "--no-headers") as lines:
        assert (await anext(lines)).split()[:2] == ["payments", "2/2"]
        await kubectl.ask("scale", "deployment", "payments", "--replicas=4")
        while (await anext(lines)).split()[1] != "4/4":
            pass
    assert rolled_out(kubernetes.cluster, "payments")


async def test_describe_names_containers_and_events(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    before = [pod["metadata"]["name"] for pod in pods_of(kubernetes.cluster, "web")]

    def new() -> list[str]:
        """The one that replaces the deleted pod, once it is ready."""
        return [
            pod["metadata"]["name"]
            for pod in pods_of(kubernetes.cluster, "web")
            if pod["metadata"]["name"] not in before and any(one["ready"] for one in _containers(pod))
        ]

    await kubectl.ask("delete", "pod", before[0], "--wait=false")
    await until(kubernetes.cluster, new)
    told = await kubectl.ask("describe", "pod", *new())
    assert f"Image:         {IMAGE}/web:2.4.1" in told
    assert "Successfully assigned shop/" in told
    assert "Started container web" in told


async def test_logs_tail_and_follow(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    pod = pods_of(kubernetes.cluster, "web")[0]["metadata"]
    tail = (await kubectl.ask("logs", pod["name"], "--tail=3")).splitlines()
    assert len(tail) == 3
    async with kubectl.following("logs", "-f", pod["name"], "--tail=1") as lines:
        await anext(lines)
        at = kubernetes.cluster.now().timestamp()
        kubernetes.cluster.logbook.say(pod["uid"], "web", at, "told by the test")
        while await anext(lines) != "told by the test":
            pass


async def test_scale_and_rollout_status(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    await kubectl.ask("scale", "deployment", "payments", "--replicas=3", "--current-replicas=2")
    told = await kubectl.ask("rollout", "status", "deployment/payments")
    assert told.endswith('deployment "payments" successfully rolled out\n')
    assert len(pods_of(kubernetes.cluster, "payments")) == 3


async def test_restart_history_and_undo(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    before = {pod["metadata"]["uid"] for pod in pods_of(kubernetes.cluster, "catalog")}
    await kubectl.ask("rollout", "restart", "deployment/catalog")
    await kubectl.ask("rollout", "status", "deployment/catalog")
    assert not before & {pod["metadata"]["uid"] for pod in pods_of(kubernetes.cluster, "catalog")}
    await kubectl.ask("rollout", "undo", "deployment/catalog")
    history = (await kubectl.ask("rollout", "history", "deployment/catalog")).split()
    await until(kubernetes.cluster, lambda: rolled_out(kubernetes.cluster, "catalog"))
    assert "2" in history
    template = get(kubernetes.cluster, "deployments.apps", "catalog")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" not in (template["metadata"].get("annotations") or {})


async def test_a_bad_image_is_rolled_back_mid_rollout(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    cluster = kubernetes.cluster
    await kubectl.ask("set", "image", "deployment/checkout", f"checkout={IMAGE}/checkout:3.9.0-crash")
    await until(cluster, lambda: any(one["restartCount"] > 1 for one in _statuses(kubernetes, "checkout")))
    status = get(cluster, "deployments.apps", "checkout")["status"]
    assert status["readyReplicas"] == 3
    await kubectl.ask("rollout", "undo", "deployment/checkout", "--to-revision=1")
    assert "successfully rolled out" in await kubectl.ask("rollout", "status", "deployment/checkout")
    assert {one["image"] for one in _statuses(kubernetes, "checkout")} == {f"{IMAGE}/checkout:3.8.1"}


def _containers(pod: Json) -> list[Json]:
    return list(pod["status"].get("containerStatuses", ()))


def _statuses(kubernetes: Kubernetes, app: str) -> list[Json]:
    return [one for pod in pods_of(kubernetes.cluster, app) for one in _containers(pod)]


async def test_a_paused_deployment_waits_until_it_is_resumed(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    cluster = kubernetes.cluster
    await kubectl.ask("rollout", "pause", "deployment/catalog")
    await kubectl.ask("set", "image", "deployment/catalog", f"catalog={IMAGE}/catalog:5.1.0")
    await until(cluster, lambda: _reason(kubernetes, "catalog") == "DeploymentPaused")
    assert {one["image"] for one in _statuses(kubernetes, "catalog")} == {f"{IMAGE}/catalog:5.0.3"}
    await kubectl.ask("rollout", "resume", "deployment/catalog")
    await until(cluster, lambda: rolled_out(cluster, "catalog"))
    assert {one["image"] for one in _statuses(kubernetes, "catalog")} == {f"{IMAGE}/catalog:5.1.0"}


def _reason(kubernetes: Kubernetes, app: str) -> str:
    conditions = get(kubernetes.cluster, "deployments.apps", app)["status"]["conditions"]
    return str(next(one["reason"] for one in conditions if one["type"] == "Progressing"))


async def test_autoscale_makes_an_autoscaler_that_acts(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    await kubectl.ask("autoscale", "deployment", "payments", "--min=3", "--max=5", "--cpu-percent=70")
    await until(kubernetes.cluster, lambda: len(pods_of(kubernetes.cluster, "payments")) == 3)
    told = (await kubectl.ask("get", "hpa", "payments", "--no-headers")).split()
    assert told[:2] == ["payments", "Deployment/payments"]


async def test_a_deleted_pod_is_replaced(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    name = pods_of(kubernetes.cluster, "catalog")[0]["metadata"]["name"]
    assert f'pod "{name}" deleted' in await kubectl.ask("delete", "pod", name)
    await until(kubernetes.cluster, lambda: rolled_out(kubernetes.cluster, "catalog"))
    assert name not in {pod["metadata"]["name"] for pod in pods_of(kubernetes.cluster, "catalog")}


@pytest.mark.emulated("do as it likes with machines")
async def test_cordon_drain_and_uncordon(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    cluster = kubernetes.cluster
    await kubectl.ask("cordon", "node-000")
    assert get(cluster, "nodes", "node-000", "")["spec"]["unschedulable"] is True
    await kubectl.ask("drain", "node-000", "--ignore-daemonsets", "--delete-emptydir-data")
    assert [pod for pod in cluster.store.each("pods", "shop") if pod["spec"].get("nodeName") == "node-000"] == []
    await kubectl.ask("uncordon", "node-000")
    assert "unschedulable" not in get(cluster, "nodes", "node-000", "")["spec"]


async def test_exec_gives_output_and_exit_code(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    pod = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    ran = await kubectl.run("exec", pod, "--", "sh", "-c", "hostname; exit 3")
    assert (ran.code, ran.out) == (3, f"{pod}\n")
    assert await kubectl.ask("exec", "-i", pod, "--", "cat", stdin="told on its input\n") == "told on its input\n"


@pytest.mark.emulated("tell numbers of pods at once, and have three machines")
async def test_top_shows_what_pods_and_nodes_use(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    rows = [line.split() for line in (await kubectl.ask("top", "pod", "--no-headers")).splitlines()]
    assert {row[0] for row in rows} == {
        pod["metadata"]["name"] for pod in kubernetes.cluster.store.each("pods", "shop")
    }
    assert len((await kubectl.ask("top", "node", "--no-headers")).splitlines()) == 3


async def test_who_may_what_and_who_is_refused(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    kubernetes.cluster.policy.grants["viewer"] = (READ_ONLY,)
    assert await kubectl.ask("auth", "can-i", "delete", "pods") == "yes\n"
    ran = await kubectl.run("--as=viewer", "auth", "can-i", "delete", "pods")
    assert (ran.code, ran.out) == (1, "no\n")
    assert "viewer" in await kubectl.ask("--as=viewer", "auth", "whoami")
    refused = await kubectl.run("--as=viewer", "scale", "deployment", "web", "--replicas=9")
    assert 'User "viewer" cannot patch resource "deployments/scale"' in refused.err


async def test_apply_with_a_server_side_dry_run_changes_nothing(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    before = get(kubernetes.cluster, "deployments.apps", "web")
    asked = json.loads(await kubectl.ask("get", "deployment", "web", "-o", "json"))
    asked["spec"]["replicas"] = 5
    told = await kubectl.ask("apply", "--dry-run=server", "-f", "-", "-o", "json", stdin=json.dumps(asked))
    assert json.loads(told)["spec"]["replicas"] == 5
    assert get(kubernetes.cluster, "deployments.apps", "web")["spec"] == before["spec"]


async def test_a_service_is_created_patched_and_deleted(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    await kubectl.ask("create", "deployment", "extra", f"--image={IMAGE}/extra:1.0.0")
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"extra","env":[{"name":"A","value":"1"}]}]}}}}'
    await kubectl.ask("patch", "deployment", "extra", "-p", patch)
    container = get(kubernetes.cluster, "deployments.apps", "extra")["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == (f"{IMAGE}/extra:1.0.0", [{"name": "A", "value": "1"}])
    await kubectl.ask("delete", "deployment", "extra")
    await until(kubernetes.cluster, lambda: not pods_of(kubernetes.cluster, "extra"))
    assert kubernetes.cluster.store.get("deployments.apps", "shop", "extra") is None


async def test_what_stands_beside_a_service_is_created(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    await kubectl.ask("create", "quota", "small", "--hard=pods=50,requests.cpu=4")
    await kubectl.ask("create", "pdb", "extra", "--selector=app=extra", "--max-unavailable=25%")
    await kubectl.ask("create", "service", "clusterip", "extra", "--tcp=80:http")
    shelves = ("resourcequotas", "small"), ("poddisruptionbudgets.policy", "extra"), ("services", "extra")
    quota, budget, service = (get(kubernetes.cluster, *one)["spec"] for one in shelves)
    assert quota["hard"] == {"pods": "50", "requests.cpu": "4"}
    assert (budget["maxUnavailable"], budget["selector"]["matchLabels"]) == ("25%", {"app": "extra"})
    assert [(one["port"], one["targetPort"]) for one in service["ports"]] == [(80, "http")]


async def test_port_forward_reaches_a_pod(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    pod = pods_of(kubernetes.cluster, "web")[0]["metadata"]["name"]
    async with kubectl.following("port-forward", f"pod/{pod}", ":8080", "--address=127.0.0.1") as lines:
        port = (await anext(lines)).partition("127.0.0.1:")[2].partition(" ")[0]
        async with client(f"http://127.0.0.1:{port}") as asker:
            answer = await asker.get("/readyz")
    assert (answer.status_code, answer.text) == (200, f"{pod} /readyz\n")


async def test_over_tls_a_token_is_needed(tmp_path: Path) -> None:
    if reason := why_not():
        missing(reason)
    certificate = CHECKOUT / "tests" / "probes" / "tls" / "good.pem"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    async with Emulator(moving=False, tls=context) as emulator:
        sample.ground(emulator.cluster)
        emulator.cluster.policy.tokens["good-token"] = "responder"
        answers = []
        for token in ("good-token", "old-token"):
            home = tmp_path / token
            home.mkdir()
            write(home / "kubeconfig", emulator.kubeconfig(token=token, ca=str(certificate)))
            answers.append(await Kubectl(home / "kubeconfig", home).run("get", "nodes", "-o", "name"))
    good, old = answers
    assert (good.code, good.out.split()) == (0, ["node/node-000", "node/node-001", "node/node-002"])
    assert old.code == 1
    assert "You must be logged in to the server" in old.err


@pytest.mark.emulated("be asked for what it begins with")
async def test_accounts_roles_priorities_and_leases_are_there(kubernetes: Kubernetes, kubectl: Kubectl) -> None:
    await kubectl.ask("create", "namespace", "other")
    await until(kubernetes.cluster, lambda: kubernetes.cluster.store.get("serviceaccounts", "other", "default"))
    kubernetes.cluster.policy.tokens = {"known": "ops"}
    path = "/api/v1/namespaces/other/serviceaccounts/default/token"
    async with client(kubernetes.url) as asker:
        ops = {"Authorization": "Bearer known"}
        asked = await asker.post(path, json={"spec": {"expirationSeconds": 900}}, headers=ops)
        mine = {"Authorization": f"Bearer {asked.json()['status']['token']}"}
        review = await asker.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json={}, headers=mine)
    assert review.json()["status"]["userInfo"]["username"] == "system:serviceaccount:other:default"
    kubernetes.cluster.policy.tokens = {}
    assert len((await kubectl.ask("create", "token", "default", "-n", "other")).strip()) == 43
    await kubectl.ask("create", "role", "reader", "--verb=get", "--resource=pods,deployments.apps")
    await kubectl.ask("create", "rolebinding", "reads", "--role=reader", "--serviceaccount=other:default")
    assert "deployments.apps" in await kubectl.ask("describe", "role", "reader")
    assert (await kubectl.ask("get", "rolebinding", "reads", "--no-headers")).split()[:2] == ["reads", "Role/reader"]
    assert "system-node-critical" in await kubectl.ask("get", "priorityclasses")
    assert "HolderIdentity:  node-000" in await kubectl.ask("describe", "node", "node-000")
