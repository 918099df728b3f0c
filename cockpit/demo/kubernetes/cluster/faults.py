"""Faults of the API itself, on request: slow, refused, unavailable, silent."""

from dataclasses import dataclass, field


@dataclass
class Fault:
    """What happens to requests whose `METHOD path?query` contains `where`. status 0: only slow; times 0: until cleared.

    The query is as it is sent, its names in the order of the alphabet.
    """

    status: int = 0
    where: str = ""
    seconds: float = 0.0
    retry_after: int = 1
    times: int = 0


@dataclass
class Faults:
    """The faults that hold now; the first that fits a request counts."""

    held: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """`METHOD path` of the latest thousand requests, for tests that count them."""

    def add(self, fault: Fault) -> Fault:
        self.held.append(fault)
        return fault

    def clear(self) -> None:
        self.held.clear()

    def met(self, request: str, query: str = "") -> Fault | None:
        """The fault that this request (`METHOD path`) meets, counted."""
        self.seen.append(request)
        del self.seen[:-1000]
        for fault in self.held:
            if fault.where in f"{request}?{query}":
                if fault.times:
                    fault.times -= 1
                    if not fault.times:
                        self.held.remove(fault)
                return fault
        return None
