"""The README's two commands serve newcomers and `.ci/run` alike: one line each, needing only Python and git."""

import re
import shlex

from tests.program import CHECKOUT

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def set_ups() -> list[str]:
    """The indented lines of the README that begin with making a virtual environment."""
    return re.findall(r"^(python3 -m venv .*)$", README, re.MULTILINE)


def test_there_are_two_and_they_pin_what_the_tests_ran_with() -> None:
    opens, tests = set_ups()
    assert opens.endswith("cockpit demo")
    assert "pytest" in tests
    for command in (opens, tests):
        assert "-c constraints.txt" in command
        programs = [shlex.split(part)[0] for part in command.split("&&")]
        assert {program.rpartition("/")[0] for program in programs} == {"", ".venv/bin"}


def test_ci_takes_its_command_from_here() -> None:
    pattern = r"sed -n '(.+)' README\.md"
    (script,) = re.findall(pattern, (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8"))
    assert "pytest" in script


def test_constraints_name_versions_and_no_addresses() -> None:
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []
