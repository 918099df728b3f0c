"""`python -m cockpit.demo.kubernetes`: an emulator in a process of its own, until TERM or INT."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.cluster.churn import churn
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m cockpit.demo.kubernetes", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--kubeconfig", type=Path, help="write a kubeconfig here")
    parser.add_argument("--pace", type=float, default=1.0, help="seconds for each second that pods and probes take")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--pods", type=int, default=0, help="a fleet of so many pods instead of the shop")
    parser.add_argument("--deployments", type=int, default=120, help="over how many Deployments the fleet is spread")
    parser.add_argument("--churn", type=float, default=0.0, help="so many pods change each second")
    return parser.parse_args()


async def _serve(wanted: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    emulator = Emulator(port=wanted.port, pace=max(0.001, wanted.pace))
    sample.ground(emulator.cluster, max(1, wanted.nodes))
    if wanted.pods:
        sample.fleet(emulator.cluster, wanted.pods, max(1, wanted.deployments))
    else:
        sample.shop(emulator.cluster)
    async with emulator:
        if wanted.kubeconfig:
            write(wanted.kubeconfig, emulator.kubeconfig())
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        changing = asyncio.create_task(churn(emulator.cluster, max(0.0, wanted.churn)))
        await stop.wait()
        changing.cancel()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
