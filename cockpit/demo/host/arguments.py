"""What whoever starts a host tells it."""

import os
import sys


def arguments(argv: list[str]) -> tuple[int, float]:
    """(parent fd, pace); else it exits with 64. argparse would cost 8 ms of the start."""
    pairs = dict(zip(argv[::2], argv[1::2], strict=False))
    try:
        if not pairs.keys() <= {"--parent-fd", "--pace"}:
            raise ValueError
        fd, pace = int(pairs["--parent-fd"]), float(pairs.get("--pace", "1"))
        os.fstat(fd)
        if not 0.01 <= pace <= 10:
            raise ValueError
    except (KeyError, ValueError, OSError):
        print("usage: python -m cockpit.demo.host --parent-fd FD [--pace 0.01..10]", file=sys.stderr)  # noqa: T201
        raise SystemExit(64) from None
    return fd, pace
