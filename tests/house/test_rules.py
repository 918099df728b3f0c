"""The house's own rules: layers, lint, format, types, and rooms that stay small enough to read."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import CHECKOUT

PYTHON_FILES = sorted((CHECKOUT / "cockpit").rglob("*.py"))
MOST_LINES = {"file": 300, "function": 40, "class": 400}


def tool(*argv: str, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Run a program that lies beside this interpreter."""
    program = Path(sys.executable).parent / argv[0]
    return subprocess.run([str(program), *argv[1:]], cwd=cwd, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.parametrize(
    "argv",
    [
        ("lint-imports", "--no-cache"),
        ("ruff", "check", "--quiet", "."),
        ("ruff", "format", "--check", "--quiet", "--diff", "."),
        ("mypy",),
    ],
    ids=["layers", "lint", "format", "types"],
)
def test_the_checkers_find_nothing(argv: tuple[str, ...]) -> None:
    done = tool(*argv)
    assert done.returncode == 0, f"{' '.join(argv)}:\n{done.stdout[-6000:]}{done.stderr[-2000:]}"


# A module that breaks one contract, and words of that contract's name.
BREACHES = {
    "board/breach.py": ("import cockpit.engine.port", "Layers:"),
    "ui/breach.py": ("import cockpit.backends.base", "only through its port"),
    "engine/breach.py": ("import textual", "Only the screen"),
    "engine/breach_operate.py": ("import cockpit.backends.breach.operate", "one door"),
    "incident/breach.py": ("import httpx", "The network"),
    "stray.py": ("", "Layers:"),
}


@pytest.mark.parametrize("place", BREACHES)
def test_the_layer_contracts_notice(place: str, tmp_path: Path) -> None:
    line, contract = BREACHES[place]
    shutil.copytree(CHECKOUT / "cockpit", tmp_path / "cockpit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    backend = tmp_path / "cockpit" / "backends" / "breach"
    backend.mkdir()
    for file in ("__init__.py", "operate.py"):
        (backend / file).touch()
    (tmp_path / "cockpit" / place).write_text(f"{line}\n")
    done = tool("lint-imports", "--no-cache", cwd=tmp_path)
    assert done.returncode == 1
    # Long names are wrapped, so the lines are joined first; each name is followed by how it went.
    verdicts = re.findall(r"(.*?) (KEPT|BROKEN)", " ".join(done.stdout.split()))
    assert [name for name, verdict in verdicts if verdict == "BROKEN" and contract in name]


def _sizes(path: Path) -> list[tuple[str, str, int]]:
    """(kind, where, lines) of the file and of each function and class in it."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(CHECKOUT)
    sizes = [("file", str(where), text.count("\n"))]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            sizes.append((kind, f"{where}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1))
    return sizes


def test_rooms_stay_small_enough_to_read() -> None:
    assert PYTHON_FILES
    sizes = [size for path in PYTHON_FILES for size in _sizes(path)]
    assert [size for size in sizes if size[2] > MOST_LINES[size[0]]] == []


def _sleeps(path: Path) -> list[str]:
    """Calls that wait for time to pass: time.sleep, and asyncio.sleep of a second or more."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in {"time.sleep", "asyncio.sleep"}:
            continue
        length = node.args[0] if node.args else None
        short = isinstance(length, ast.Constant) and isinstance(length.value, int | float) and length.value < 1
        if ast.unparse(node.func) == "time.sleep" or not short:
            found.append(f"{path.relative_to(CHECKOUT)}:{node.lineno}")
    return found


def test_tests_wait_for_events_and_not_for_time() -> None:
    tests = [path for path in (CHECKOUT / "tests").rglob("*.py") if "benchmarks" not in path.parts]
    assert [place for path in tests for place in _sleeps(path)] == []
