"""A missing part skips with its reason; under CI=true it fails; what is marked external is deselected and counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import CHECKOUT

TESTS = """
import pytest
from tests.parts.need import missing

def test_needs(): missing("no teleporter here (Debian: teleport)")
def test_runs(): assert True is not False
@pytest.mark.external
def test_calls_a_pager(): raise AssertionError("never run")
"""


@pytest.mark.parametrize(
    ("ci", "closing", "says"),
    [
        ("false", "1 passed, 1 skipped, 1 deselected", "no teleporter here (Debian: teleport)"),
        ("true", "1 failed, 1 passed, 1 deselected", "nothing may be skipped: no teleporter here (Debian: teleport)"),
    ],
)
def test_what_is_missing_is_told(ci: str, closing: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "test_parts.py").write_text(TESTS)
    plugins = ["-p", "tests.parts.need", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", str(CHECKOUT / "pyproject.toml"), *plugins, str(tmp_path)],
        cwd=CHECKOUT,
        env={**os.environ, "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert closing in done.stdout.splitlines()[-1]
    assert says in done.stdout
