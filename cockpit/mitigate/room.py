"""What a plan of several machines leaves to take what moves: each of its parts knows of itself alone."""

from collections.abc import Iterable

from cockpit.backends.change import Plan
from cockpit.board.model import State
from cockpit.board.snapshot import ServiceStatus


def room_risks(plan: Plan, nodes: Iterable[ServiceStatus]) -> list[str]:
    """A warning where none, or only one, of the nodes that are ready now would still take new pods."""
    closed = {one.target for one in plan.operations if one.done_when == "cordoned"}
    scopes = {one.scope for one in closed}
    if len(closed) < 2:
        return []
    left = [
        workload.id.name
        for status in nodes
        if status.state is State.OK
        for workload in status.workloads
        if workload.node is not None and not workload.node.cordoned
        if workload.id.scope in scopes and workload.id not in closed
    ]
    if not left:
        return ["together: no node is left that takes pods: those that go, and new ones, stay pending"]
    return [f"together: only {left[0]} is left to take pods"] if len(left) == 1 else []
