"""A plan that goes on when an operation fails: which others that keeps from being done, and the verdict over all."""

from collections.abc import Sequence

from msgspec import Struct

from cockpit.backends.change import Operation, Plan
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.verify import Ruling


class Failed(Struct, frozen=True):
    """An operation that did not become what it should, and why."""

    operation: Operation
    ruling: Ruling


class Several:
    """What failed so far in one run, and what was left out for that."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._left: list[tuple[Operation, SafeText]] = []
        self.failed: list[Failed] = []

    def fail(self, operation: Operation, ruling: Ruling) -> None:
        """One failed; the others of its service are left out."""
        self.failed.append(Failed(operation, ruling))

    def leave_out(self, operation: Operation) -> SafeText:
        """Why this one is not done: an earlier one of its service failed, on which it rests. Empty: it may be done."""
        key = self._service(operation)
        first = next((one for one in self.failed if self._service(one.operation) == key), None)
        if first is None:
            return SafeText("")
        why = safe(f"not done, for {key} is left as it is since this failed: {first.operation.title}", 300)
        self._left.append((operation, why))
        return why

    @property
    def left(self) -> tuple[Operation, ...]:
        """Operations that were left out."""
        return tuple(operation for operation, _ in self._left)

    def over_all(self, ruling: Ruling | None, done: Sequence[Operation]) -> Ruling:
        """One ruling: that of what was done, worse for each that failed; a line for each. ruling None: none was."""
        if ruling is not None and not self.failed:
            return ruling
        lines = [safe(f"{one.operation.title}: {one.ruling.result}: {_first(one.ruling)}") for one in self.failed]
        lines += [safe(f"{operation.title}: {why}") for operation, why in self._left]
        lines += [safe(f"{operation.title}: done") for operation in done]
        results = {one.ruling.result for one in self.failed} | ({ruling.result} if ruling else set())
        result = next((word for word in ("did not work", "unknown") if word in results), "worked")
        return Ruling(result=result, evidence=(*lines, *(ruling.evidence if ruling else ())))

    def _service(self, operation: Operation) -> str:
        return operation.service or self._plan.service


def _first(ruling: Ruling) -> SafeText:
    return ruling.evidence[0] if ruling.evidence else SafeText("no reason is known")
