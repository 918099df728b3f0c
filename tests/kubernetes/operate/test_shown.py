"""Through the whole engine: previewed, done, verified, undone; and from the command line, as a real process."""

import asyncio
import json
from pathlib import Path
from typing import Any

from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from tests.e2e.brisk import brisk_argv
from tests.frames import framed
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.emulator.waiting import get, pods_of, rolled_out, until
from tests.kubernetes.operate.whole import PROFILE, Whole
from tests.patience import PATIENCE
from tests.program import CHECKOUT, clean_env

SHELF, HPAS = "deployments.apps", "horizontalpodautoscalers.autoscaling"
REGISTRY = "registry.example.com/shop"


def deployment(kubernetes: Kubernetes, name: str) -> Json:
    found: Json = get(kubernetes.cluster, SHELF, name)
    return found


def release(kubernetes: Kubernetes, name: str, tag: str) -> str:
    """Another version is rolled out by somebody else; its image."""
    old = deployment(kubernetes, name)
    template = old["spec"]["template"]
    image = f"{REGISTRY}/{name}:{tag}"
    containers = [{**template["spec"]["containers"][0], "image": image}]
    made = {**template, "spec": {**template["spec"], "containers": containers}}
    kubernetes.cluster.objects.change(BY_SHELF[SHELF], old, {**old, "spec": {**old["spec"], "template": made}})
    return image


def images(kubernetes: Kubernetes, name: str) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in pods_of(kubernetes.cluster, name)}


def uids(kubernetes: Kubernetes, name: str) -> set[str]:
    return {pod["metadata"]["uid"] for pod in pods_of(kubernetes.cluster, name)}


async def test_rolled_back_in_the_middle_of_a_rollout_to_a_picked_revision_and_forward_again(
    whole: Whole, kubernetes: Kubernetes
) -> None:
    release(kubernetes, "checkout", "3.9.0")
    await until(kubernetes.cluster, lambda: rolled_out(kubernetes.cluster, "checkout"))
    kubernetes.cluster.behaviours.images[f"{REGISTRY}/checkout:4.0.0"] = "crash"
    bad = release(kubernetes, "checkout", "4.0.0")
    broken = await whole.shows("checkout", lambda one: any(each.image == bad for each in one.instances))
    offered = await whole.planned_on(broken, "rollback", "checkout")
    assert [value for value, _ in offered.choices] == ["2", "1"]
    made = await whole.planned_on(broken, "rollback", "checkout", to="1")
    (one,) = [each for each in made.operations if each.verb == "rollback"]
    assert (dict(one.before)["image"], dict(one.after)["image"]) == (bad, f"{REGISTRY}/checkout:3.8.1")
    assert any(line.startswith("-") and "4.0.0" in line for line in one.diff)
    assert "dry run accepted" in dict(made.where)["checked"]
    assert deployment(kubernetes, "checkout")["metadata"]["generation"] == 3, "a preview changes nothing"
    await whole.works(made)
    assert images(kubernetes, "checkout") == {f"{REGISTRY}/checkout:3.8.1"}
    del kubernetes.cluster.behaviours.images[bad]  # what it lacked is there by now
    await whole.undone(made)
    assert images(kubernetes, "checkout") == {bad}


async def test_restarted_and_taken_back(whole: Whole, kubernetes: Kubernetes) -> None:
    before, template = uids(kubernetes, "payments"), deployment(kubernetes, "payments")["spec"]["template"]
    made = await whole.planned("restart", "payments")
    assert "rolling: at most" in " ".join(made.risks)
    await whole.works(made)
    between = uids(kubernetes, "payments")
    assert (len(between), between & before) == (2, set())
    await whole.undone(made)
    assert uids(kubernetes, "payments") & between == set()
    assert deployment(kubernetes, "payments")["spec"]["template"] == template


async def test_scaled_beside_an_autoscaler_by_its_bounds_and_back(whole: Whole, kubernetes: Kubernetes) -> None:
    asked = await whole.planned("scale", "web", replicas="5")
    assert "HPA web keeps it between 2 and 6 and will fight" in " ".join(asked.risks)
    value = next(value for value, words in asked.choices if "so it lasts" in words)
    made = await whole.planned("scale", "web", replicas=value)
    assert [each.verb for each in made.operations] == ["autoscale"]
    await whole.works(made)
    assert len(pods_of(kubernetes.cluster, "web")) == 5
    assert get(kubernetes.cluster, HPAS, "web")["spec"]["minReplicas"] == 5
    await whole.undone(made)
    spec = get(kubernetes.cluster, HPAS, "web")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 6)


async def test_what_was_done_stands_in_the_timeline_with_its_verdict(whole: Whole) -> None:
    made = await whole.planned("scale", "catalog", replicas="3")
    await whole.works(made)
    wanted = {"intent", "result", "verdict"}
    frame = await framed(whole.engine, lambda frame: {one.kind for one in frame.timeline} >= wanted)
    (standing,) = frame.temporary
    assert (standing.word, standing.inverse) == ("scaled", ("scale", (("replicas", "2"),)))
    await whole.undone(made)


async def do(kubernetes: Kubernetes, home: Path, *words: str) -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of `cockpit do` as a process of its own."""
    (home / "shop.yaml").write_text(PROFILE, "utf-8")
    environ = clean_env(home) | {"KUBECONFIG": str(kubernetes.kubeconfig)}
    argv = brisk_argv("--profile", str(home / "shop.yaml"), "do", *words, "--within", str(PATIENCE))
    process = await asyncio.create_subprocess_exec(
        *argv, env=environ, cwd=CHECKOUT,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(2 * PATIENCE):
        out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def told(kubernetes: Kubernetes, home: Path, *words: str) -> Any:
    code, out, errors = await do(kubernetes, home, *words, "--yes", "--json")
    assert code == 0, out + errors
    return json.loads(out)


async def test_from_the_command_line_planned_done_and_undone(kubernetes: Kubernetes, tmp_path: Path) -> None:
    code, out, errors = await do(kubernetes, tmp_path, "web", "scale", "8", "--dry-run")
    assert code == 0, errors
    assert "HPA web keeps it between 2 and 6 and will fight: it lowers it to 6 at once" in out
    assert "min=8 and max=8 of HPA web instead: so it lasts" in out
    assert "nothing was done (dry run)" in out
    report = await told(kubernetes, tmp_path, "web", "scale", "min=4")
    assert (report["outcome"], report["plan"]["verb"]) == ("worked", "autoscale")
    assert len(pods_of(kubernetes.cluster, "web")) == 4
    verb, arguments = report["plan"]["operations"][-1]["inverse"]
    report = await told(kubernetes, tmp_path, "web", verb, *(f"{name}={value}" for name, value in arguments))
    assert report["outcome"] == "worked"
    assert get(kubernetes.cluster, HPAS, "web")["spec"]["minReplicas"] == 2


async def test_everything_is_restarted_from_the_command_line(kubernetes: Kubernetes, tmp_path: Path) -> None:
    before = {name: uids(kubernetes, name) for name in ("web", "checkout", "payments", "catalog")}
    report = await told(kubernetes, tmp_path, "catalog", "restart-all")
    assert report["verdict"]["result"] == "worked"
    assert all(not uids(kubernetes, name) & old for name, old in before.items())
