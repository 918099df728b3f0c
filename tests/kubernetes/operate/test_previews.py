"""What a responder reads before saying yes: previews of what cuts off, what is kept and a shell, at 80 columns."""

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.backends.change import Plan
from cockpit.ui.dialogs.plantext import Preview, plan_lines
from cockpit.ui.look import look_of
from cockpit.ui.settings import Settings
from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.keeping import Keeping
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing

LOOK = look_of(Settings(theme="dark", ascii=False))
ISOLATE = """\
 where    cluster demo · namespace shop · server URL
 checked  permitted (create networkpolicies.networking.k8s.io in shop), dry run
          accepted
 does     1 keep the log of 2 pods: POD, POD
          2 isolate deployment catalog: let nothing in or out of its 2 pods:
          traffic none in, none out, pods 2 of 2 ready → go on running
 risk     2 ready are cut off: nothing of it answers any more, and it reaches
          nothing
          it does something only where the cluster's network plugin enforces
          policies; the API cannot say whether it does
          connections that are open already may stay open: restart its pods to
          cut them
          its node, kubectl exec, logs and port-forward still reach it: its pods
          stay ready
          high danger: it can lose data or break what works"""
WRITES = """\
 first    kept in the evidence folder logs (last 5 MiB each, the run before too;
          40 MiB in all), description, events
          keep the log of 2 pods: POD, POD
 writes   a new object
            +apiVersion: networking.k8s.io/v1
            +kind: NetworkPolicy
            +metadata:
            +  name: isolate-deployment-catalog
            +  namespace: shop
            +  labels:
            +    app.kubernetes.io/managed-by: incident-cockpit
            +  annotations:
            +    incident-cockpit/target: deployment/catalog
            +spec:
            +  podSelector:
            +    matchLabels:
            +      app.kubernetes.io/name: catalog
            +      app.kubernetes.io/instance: shop-catalog
            +  policyTypes:
            +    - Ingress
            +    - Egress"""


SHELL = """\
 where    cluster demo · namespace shop · server URL
 checked  permitted (create and get pods/exec in shop)
 now      state running, restarts 0
 to       shell the first of bash and sh that the image has
 choose   with the arrow keys up and down
         > POD  running
           POD  running
 does     1 shell in POD: bash or sh
 risk     what is typed in it changes the container at once; nothing of it is
          checked or taken back
          what is typed and shown is not recorded, only its start, end and exit
          code"""


@pytest.fixture
async def keeping(kubernetes: Kubernetes, tmp_path: Path) -> AsyncIterator[Keeping]:
    async with Keeping(kubernetes, tmp_path) as one:
        yield one


def read(made: Plan) -> list[str]:
    """The preview's words down to the policy."""
    return words(made).partition("\n policy")[0].split()


def words(made: Plan) -> str:
    """The preview; pods and the server's address by what they are, for lines depend on their length."""
    lines = plan_lines(LOOK, Preview(plan=made, picked=made.choices[0][0] if made.choices else ""), 80, made.made_at)
    text = "\n".join(line.text.rstrip() for line in lines)
    text = re.sub(r"http://127\.0\.0\.1:\d+", "URL", text)
    return re.sub(r"\bcatalog-[a-z0-9]+(?:-[a-z0-9]*)?…?", "POD", text)


async def test_an_isolation_says_what_is_written_and_what_it_cannot_promise(keeping: Keeping) -> None:
    made = await keeping.made("isolate", "catalog")
    assert read(made) == ISOLATE.split()
    below = words(made).partition("\n first")[2].partition("\n same as")[0]
    assert f"first {below}".split() == WRITES.split(), "what is written stands whole, below what must be read"


async def test_a_shell_says_where_and_that_nothing_is_recorded(keeping: Keeping) -> None:
    assert read(await keeping.made("shell", "catalog")) == SHELL.split()


async def test_the_lines_that_do_the_same_do_the_same(keeping: Keeping, tmp_path: Path) -> None:
    if reason := why_not():
        missing(reason)
    kubectl = Kubectl(keeping.kubernetes.kubeconfig, tmp_path)
    made = await keeping.made("isolate", "catalog")
    echoed, line = made.operations[-1].command.rsplit(" | kubectl ", 1)
    program, manifest = shlex.split(echoed)
    assert program == "echo"
    await kubectl.ask(*shlex.split(line), stdin=manifest)
    listed = await kubectl.ask("get", "networkpolicy", "--no-headers")
    assert listed.split()[0] == "isolate-deployment-catalog"
    told = await kubectl.ask("describe", "networkpolicy", "isolate-deployment-catalog")
    for way in ("ingress", "egress"):
        assert f"<none> (Selected pods are isolated for {way} connectivity)" in told
    back = await keeping.made("connect", "catalog")
    program, *rest = shlex.split(back.operations[0].command)
    assert program == "kubectl"
    await kubectl.ask(*rest)
    assert "isolate-deployment-catalog" not in (await kubectl.ask("get", "networkpolicy", "--no-headers"))
