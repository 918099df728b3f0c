"""The cockpit's command line where a demo that somebody runs beside the tests (its folder in /tmp) is not seen."""

import os
import sys

import cockpit.demo.host.folder
from cockpit.cli import main


def alone_argv(*words: str) -> list[str]:
    """Its command line."""
    return [sys.executable, "-m", "tests.alone", *words]


if __name__ == "__main__":
    setattr(cockpit.demo.host.folder, "places", lambda: [os.environ["XDG_RUNTIME_DIR"]])  # noqa: B010 as in brisk
    sys.exit(main())
