"""A plan whose operations do not stand and fall together: what the verdict over all of them is."""

from msgspec import Struct

from cockpit.backends.change import Operation
from cockpit.board.model import SafeText
from cockpit.board.text import safe
from cockpit.mitigate.verify import Ruling


class Failed(Struct, frozen=True):
    """An operation that did not become what it should, and why."""

    operation: Operation
    ruling: Ruling


def over_all(ruling: Ruling | None, failed: list[Failed], done: list[Operation]) -> Ruling:
    """One ruling: that of what was done, worse for each that failed; a line for each. ruling None: none was done."""
    lines = [safe(f"{one.operation.title}: {one.ruling.result}: {_first(one.ruling)}") for one in failed]
    lines += [safe(f"{operation.title}: done") for operation in done]
    results = {one.ruling.result for one in failed} | ({ruling.result} if ruling else set())
    result = next((word for word in ("did not work", "unknown") if word in results), "worked")
    return Ruling(result=result, evidence=(*lines, *(ruling.evidence if ruling else ())))


def _first(ruling: Ruling) -> SafeText:
    return ruling.evidence[0] if ruling.evidence else SafeText("no reason is known")
