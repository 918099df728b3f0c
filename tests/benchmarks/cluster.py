"""A cluster of thousands of pods on loopback, in a process of its own: what it costs is nobody else's.

`python -m tests.benchmarks.cluster --pods 5000 --deployments 120 --churn 50 --slow 0.2 KUBECONFIG`
"""

import argparse
import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.cluster.churn import churn
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write
from tests.program import CHECKOUT, clean_env


@contextlib.contextmanager
def crowd(folder: Path, pods: int, deployments: int, *, changes: float = 0.0, slow: float = 0.0) -> Iterator[Path]:
    """A kubeconfig for such a cluster; it ends with the block.

    changes: pods that change each second; slow: seconds that each page of pods takes.
    """
    kubeconfig = folder / f"kubeconfig-{pods}-{changes:g}-{slow:g}"
    argv = [sys.executable, "-m", __name__, "--pods", str(pods), "--deployments", str(deployments)]
    argv += ["--churn", str(changes), "--slow", str(slow), str(kubeconfig)]
    with subprocess.Popen(argv, cwd=CHECKOUT, env=clean_env(folder), stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the cluster did not start"
            yield kubeconfig
        finally:
            process.terminate()


async def _serve(wanted: argparse.Namespace) -> None:
    emulator = Emulator()
    sample.ground(emulator.cluster, 50)
    sample.fleet(emulator.cluster, wanted.pods, wanted.deployments)
    if wanted.slow:
        emulator.cluster.faults.add(Fault(where="/pods", seconds=wanted.slow))
    async with emulator:
        write(wanted.kubeconfig, emulator.kubeconfig())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await churn(emulator.cluster, wanted.churn)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kubeconfig", type=Path)
    parser.add_argument("--pods", type=int, default=5000)
    parser.add_argument("--deployments", type=int, default=120)
    parser.add_argument("--churn", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=0.0)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    _main()
