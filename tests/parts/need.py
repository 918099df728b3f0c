"""What happens when a real part is missing: elsewhere a skip that says why, under CI a failure."""

import os
from collections.abc import Generator
from typing import NoReturn

import pytest


def on_ci() -> bool:
    """Whether this machine has had every part installed, so that nothing may be missing (CI=true)."""
    return os.environ.get("CI", "").lower() == "true"


def missing(what: str) -> NoReturn:
    """Skip the test with the reason `what`, a whole sentence; under CI=true that fails it (see below)."""
    pytest.skip(what)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true every skip is a failure, whoever asked for it: a test that never runs there runs nowhere."""
    report = yield
    if on_ci() and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"under CI=true nothing may be skipped: {reason.removeprefix('Skipped: ')}"
    return report
