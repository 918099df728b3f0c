"""What a command loads before it is needed: each library that is not is start-up time that a responder waits for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import clean_env

SCREEN = {"textual", "rich"}
NETWORK = {"docker", "kubernetes", "httpx", "httpcore", "aiohttp", "requests"}

PROFILE = """\
version: 1
name: nothing-much
"""

# Runs the command as the program does, and says on the last line what has been loaded by its end.
RUNS = """
import json, sys
try:
    from cockpit.cli import main
    sys.exit(main(sys.argv[1:]))
finally:
    print()
    print(json.dumps(sorted({name.partition(".")[0] for name, module in sys.modules.items() if module})))
"""
IMPORTS = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps(sorted({name.partition(".")[0] for name, module in sys.modules.items() if module})))
"""


def loaded(script: str, *args: str, home: Path) -> tuple[int, str, set[str]]:
    """(exit status, standard error, top-level modules that were loaded)."""
    done = subprocess.run(
        [sys.executable, "-c", script, *args],
        cwd=home,
        env=clean_env(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, done.stderr, set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("argv", [["--version"], ["--help"], ["validate", "p.yaml"], ["schema"]], ids=" ".join)
def test_a_command_that_only_reads_loads_neither_screen_nor_network(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROFILE)
    status, errors, modules = loaded(RUNS, *argv, home=tmp_path)
    assert (status, errors) == (0, "")
    assert not modules & (SCREEN | NETWORK)


def test_the_version_loads_next_to_nothing(tmp_path: Path) -> None:
    _, _, modules = loaded(RUNS, "--version", home=tmp_path)
    assert not modules & {"asyncio", "msgspec", "psutil", "ruamel", "sqlite3", "ssl"}


def test_check_loads_no_screen(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(PROFILE)
    status, errors, modules = loaded(RUNS, "check", "p.yaml", home=tmp_path)
    assert status in {0, 2}, errors
    assert not modules & SCREEN
    assert not modules & {"docker", "kubernetes"}


@pytest.mark.parametrize("module", ["cockpit.ui.app", "cockpit.engine.engine", "cockpit.assemble"])
def test_the_first_paint_needs_no_network_library(module: str, tmp_path: Path) -> None:
    status, errors, modules = loaded(IMPORTS, module, home=tmp_path)
    assert status == 0, errors
    assert not modules & NETWORK


@pytest.mark.parametrize("module", ["source", "dial"])
def test_a_cluster_is_observed_without_httpx(module: str, tmp_path: Path) -> None:
    status, errors, modules = loaded(IMPORTS, f"cockpit.backends.kubernetes.{module}", home=tmp_path)
    assert status == 0, errors
    assert not modules & {"httpx", "kubernetes"}


def test_the_engine_and_its_parts_know_no_screen(tmp_path: Path) -> None:
    status, errors, modules = loaded(IMPORTS, "cockpit.assemble", home=tmp_path)
    assert status == 0, errors
    assert not modules & SCREEN
