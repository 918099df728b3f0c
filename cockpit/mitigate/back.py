"""What takes an operation back at once, when a later one of its plan failed."""

from cockpit.backends.base import Operator
from cockpit.backends.change import DECLARED, Operation
from cockpit.board.snapshot import Snapshot
from cockpit.mitigate.sight import find_workload


async def ways_back(operation: Operation, snapshot: Snapshot, operator: Operator) -> tuple[Operation, ...]:
    """The operations that take it back: its own, else its inverse as it is planned now; none when nothing does."""
    if operation.back is not None:
        return (operation.back,)
    workload = find_workload(snapshot, operation.target)
    if operation.inverse is None or workload is None:
        return ()
    verb, arguments = operation.inverse
    declared = {"service": operation.service} if operation.source == DECLARED else {}
    return (await operator.plan(verb, workload, {**dict(arguments), **declared})).operations
