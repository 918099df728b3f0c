"""What takes operations back at once, when a later one of their plan failed."""

from collections.abc import Awaitable, Callable, Sequence

from cockpit.backends.base import Operator
from cockpit.backends.change import DECLARED, Operation
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.board.text import safe
from cockpit.mitigate.errors import words_of
from cockpit.mitigate.sight import find_workload
from cockpit.mitigate.verify import Done, Ruling


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


async def step_back(
    done: Sequence[Done],
    bad: Ruling,
    ways: Callable[[Operation], Awaitable[tuple[Operation, ...]]],
    back: Callable[[Operation], Awaitable[SafeText]],
) -> Ruling:
    """Take back what was done, last first; what came of each stands in the evidence, after that of what failed."""
    words: list[SafeText] = []
    for one in reversed(done):
        try:
            backs = await ways(one.operation)
        except Exception as error:  # a backend may fail in any way; the others are still taken back
            words.append(safe(f"{one.operation.title}: cannot be taken back: {words_of(error)}"))
            continue
        if not backs:
            words.append(safe(f"{one.operation.title}: nothing takes it back"))
        words += [await back(each) for each in backs]
    return Ruling(result=bad.result, evidence=(*bad.evidence, *words))
