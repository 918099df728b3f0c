"""One swarm at a time on this machine: its gossip port (7946) cannot be chosen, so test runs take turns."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

_LOCK = Path("/tmp/ckpt-swarm.lock")


@contextmanager
def swarm_turn(within: float = 3 * PATIENCE) -> Iterator[None]:
    """Hold the turn. The lock goes with its process, however that ends."""
    handle = os.open(_LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    waiting = threading.Thread(target=fcntl.flock, args=(handle, fcntl.LOCK_EX), daemon=True)
    waiting.start()
    waiting.join(within)
    if waiting.is_alive():
        raise TimeoutError(f"another test run has held {_LOCK} for {within:g} s")
    try:
        yield
    finally:
        os.close(handle)


@contextmanager
def manager(engine: DockerEngine) -> Iterator[DockerEngine]:
    """The engine as the only manager of a swarm."""
    with swarm_turn():
        engine.cli("swarm", "init", "--advertise-addr", "127.0.0.1")
        try:
            yield engine
        finally:
            with suppress(RuntimeError):
                engine.cli("swarm", "leave", "--force")
