"""Nodes through the door: closed to new pods and opened again."""

import pytest

from cockpit.backends.change import PlanRefused
from cockpit.board.model import State
from cockpit.incident.temporary import Changes
from tests.kubernetes.emulator.waiting import get
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.machines import EMULATED, made, on, sees

pytestmark = pytest.mark.emulated(EMULATED)


async def test_a_node_is_cordoned_and_opened_again(bridge: Bridge) -> None:
    plan = await made(bridge, "cordon", "node-001")
    (one,) = plan.operations
    assert (one.command, plan.danger) == ("kubectl --context demo cordon node-001", "low")
    assert dict(plan.where)["checked"] == "permitted (patch nodes), dry run accepted"
    before = {pod["metadata"]["name"] for pod in on(bridge, "node-001")}
    await bridge.works(plan)
    assert get(bridge.cluster, "nodes", "node-001", "")["spec"]["unschedulable"] is True
    assert {pod["metadata"]["name"] for pod in on(bridge, "node-001")} == before
    status = bridge.watch.board.snapshot().find("node/node-001")
    assert status is not None
    assert (status.state, status.why) == (State.PAUSED, "cordoned: takes no new pods")
    assert one.inverse == ("uncordon", ())
    (standing,) = Changes(bridge.journal.entries).open
    assert (standing.word, standing.inverse) == ("cordoned", ("uncordon", ()))
    back = await made(bridge, "uncordon", "node-001")
    await bridge.works(back)
    assert Changes(bridge.journal.entries).open == ()
    assert not get(bridge.cluster, "nodes", "node-001", "")["spec"].get("unschedulable")
    with pytest.raises(PlanRefused, match="node-001 is not cordoned"):
        await made(bridge, "uncordon", "node-001")


async def test_what_is_offered_is_what_would_change_something(bridge: Bridge) -> None:
    node = await sees(bridge, "node-002")
    assert [verb.name for verb in bridge.operator.verbs(node)] == ["cordon", "drain"]
    await bridge.works(await made(bridge, "cordon", "node-002"))
    assert [verb.name for verb in bridge.operator.verbs(await sees(bridge, "node-002"))] == ["uncordon", "drain"]
