"""The cockpit, whose verdicts come after two seconds of hold instead of ten: `python -m tests.e2e.brisk WORDS`.

In the demo a step has a minute: on a busy machine its probes, which give a second to each answer, may miss some. Each
answer of a Docker Engine has one too.

For tests that go through a whole mitigation as a user does; run from the checkout. How long a hold must be is decided
where plans are made and held by the tests of the door: here it would only be waited for.
"""

import functools
import sys

import cockpit.backends.docker.client
import cockpit.backends.docker.plan
import cockpit.backends.kubernetes.operate.draft
import cockpit.demo.plan
from cockpit.backends.change import Plan
from cockpit.cli import main
from tests.patience import PATIENCE

HOLD = 2.0


def brisk_argv(*words: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", "tests.e2e.brisk", *words]


if __name__ == "__main__":
    setattr(cockpit.demo.plan, "HOLD", HOLD)  # noqa: B010 a plain assignment has no type here
    setattr(cockpit.demo.plan, "LEAST_STEP", PATIENCE)  # noqa: B010
    setattr(cockpit.backends.docker.client, "TIMEOUT", PATIENCE)  # noqa: B010
    setattr(cockpit.backends.docker.plan, "Plan", functools.partial(Plan, hold=HOLD))  # noqa: B010
    setattr(cockpit.backends.kubernetes.operate.draft, "Plan", functools.partial(Plan, hold=HOLD))  # noqa: B010
    sys.exit(main())
