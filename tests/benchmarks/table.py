"""The table that all benchmarks fill: what was measured, against its budget."""

from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple


class Row(NamedTuple):
    """One line. ok None: there is no budget, the number is told for itself."""

    what: str
    measured: str
    budget: str = ""
    ok: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "ok", False: "OVER", None: ""}[self.ok]
        return f"{self.what:<62} | {self.measured:>18} | {self.budget:>14} | {verdict}".rstrip()


HEAD = Row("what", "measured", "budget")


class Table:
    """Collects rows and prints each as it comes."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def most(self, what: str, measured: float, budget: float, unit: str) -> None:
        """`measured` should be at most `budget`."""
        self._add(Row(what, quantity(measured, unit), f"<= {quantity(budget, unit)}", measured <= budget))

    def least(self, what: str, measured: float, budget: float, unit: str) -> None:
        """`measured` should be at least `budget`."""
        self._add(Row(what, quantity(measured, unit), f">= {quantity(budget, unit)}", measured >= budget))

    def tell(self, what: str, measured: float, unit: str) -> None:
        """A number without a budget."""
        self._add(Row(what, quantity(measured, unit)))

    def _add(self, row: Row) -> None:
        self.rows.append(row)
        print(f"\n{row}", flush=True)


def quantity(value: float, unit: str) -> str:
    """ "7,357 B/s", "0.41 s", "12.3 ms": three digits that mean something."""
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f} {unit}"
    return f"{value:.2g} {unit}" if abs(value) < 1 else f"{value:.3g} {unit}"


def walls(work: Callable[[], object], rounds: int = 5) -> list[float]:
    """Seconds that each of `rounds` calls took by the wall clock, the quickest first."""
    return _timed(work, rounds, perf_counter)


def cpus(work: Callable[[], object], rounds: int = 5) -> list[float]:
    """Seconds of this process's CPU that each of `rounds` calls took, the least first."""
    return _timed(work, rounds, process_time)


def _timed(work: Callable[[], object], rounds: int, clock: Callable[[], float]) -> list[float]:
    times = []
    for _ in range(rounds):
        began = clock()
        work()
        times.append(clock() - began)
    return sorted(times)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0..1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


__all__ = ["HEAD", "Row", "Table", "cpus", "median", "percentile", "quantity", "walls"]
