"""Short questions to other programs: argv only, stdin closed, two seconds, 4 KiB."""

import subprocess


def output_of(*argv: str) -> str:
    """The first lines of what a program prints; empty when it is missing, fails or does not answer."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=2.0, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout[:4096].decode("utf-8", "replace").strip() if done.returncode == 0 else ""
