"""Starts the demo host as a child of this process. Imports so little that it is done 30 ms after exec.

The child has its own session and holds the read end of a pipe whose only write end is here: when this process goes,
however it goes, the pipe ends and the host ends everything it owns. (PDEATHSIG would fire when the *thread* that
started the child ends.)
"""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHOP, CLUSTER = "cockpit.demo.host.__main__", "cockpit.demo.kubernetes.hosted"
"""The hosts that there are: a shop of processes, and one on an emulated cluster."""
BOOT = "import sys; sys.path.append(sys.argv.pop(1)); __import__(sys.argv.pop(1), fromlist=['main']).main()"
"""Like `-m`, but it finds this very package, and no file of the current folder hides a module."""


def start_host(pace: float = 1.0, host: str = SHOP) -> "tuple[subprocess.Popen[bytes], int]":
    """The host's process and the pipe's write end. pace: seconds of the demo's slow rhythms for one second. OSError."""
    ours, theirs = -1, -1
    try:
        theirs, ours = os.pipe()
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", BOOT, ROOT, host, "--parent-fd", str(theirs), "--pace", str(pace)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=(theirs,), start_new_session=True,
        )  # fmt: skip
    except OSError:
        if ours >= 0:
            os.close(ours)
        raise
    finally:
        if theirs >= 0:
            os.close(theirs)
    return process, ours
