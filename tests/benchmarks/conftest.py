"""One table for all benchmarks, printed whole at the end: `pytest -m benchmark -s`."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.table import HEAD, Table

_TABLE = pytest.StashKey[Table]()


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a benchmark."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("benchmark")


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Table:
    """Where a benchmark puts what it measured."""
    return request.config.stash.setdefault(_TABLE, Table())


@pytest.fixture
def new_home(tmp_path: Path) -> Callable[[], Path]:
    """Makes a new empty home directory at each call."""
    numbers = itertools.count()

    def make() -> Path:
        home = tmp_path / f"home-{next(numbers)}"
        home.mkdir()
        return home

    return make


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The whole table."""
    rows = config.stash.get(_TABLE, Table()).rows
    if rows:
        terminalreporter.section("benchmarks")
        terminalreporter.write_line(
            f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}: times mean little while others work here"
        )
        for row in (HEAD, *rows):
            terminalreporter.write_line(str(row), red=row.ok is False)
