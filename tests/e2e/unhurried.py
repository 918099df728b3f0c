"""The brisk cockpit (tests.e2e.brisk) that has a minute to come to a safe point: `python -m tests.e2e.unhurried WORDS`.

For tests of what an interrupted cockpit does on its way to the end; how long it may take is held elsewhere.
"""

import functools
import sys

import cockpit.backends.docker.client
import cockpit.backends.docker.plan
import cockpit.engine.core
import cockpit.engine.mitigations
from cockpit.backends.change import Plan
from cockpit.cli import main
from cockpit.engine.engine import Engine
from tests.e2e.brisk import HOLD
from tests.patience import PATIENCE


def unhurried_argv(*words: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", "tests.e2e.unhurried", *words]


if __name__ == "__main__":
    setattr(cockpit.backends.docker.client, "TIMEOUT", PATIENCE)  # noqa: B010
    setattr(cockpit.backends.docker.plan, "Plan", functools.partial(Plan, hold=HOLD))  # noqa: B010
    setattr(cockpit.engine.mitigations, "SAFE_POINT_WITHIN", PATIENCE)  # noqa: B010
    setattr(cockpit.engine.core, "RECORD_WITHIN", PATIENCE + 5)  # noqa: B010
    setattr(Engine.stop, "__defaults__", (PATIENCE + 10,))  # noqa: B010
    sys.exit(main())
