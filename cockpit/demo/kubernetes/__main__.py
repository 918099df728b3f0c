"""`python -m cockpit.demo.kubernetes`: an emulator in a process of its own, until TERM, INT or (--attended) the end of
its standard input. Its first line says where it listens."""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from cockpit.demo.kubernetes import drills
from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.cluster.churn import churn
from cockpit.demo.kubernetes.control import controlled
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
    parser.add_argument("--bare", action="store_true", help="nodes and system namespaces only, neither shop nor fleet")
    parser.add_argument("--churn", type=float, default=0.0, help="so many pods change each second")
    parser.add_argument("--attended", action="store_true", help="end when standard input ends")
    return parser.parse_args()


async def _serve(wanted: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if wanted.attended:
        os.set_blocking(0, False)
        asyncio.get_running_loop().add_reader(0, _read, stop)
    emulator = Emulator(port=wanted.port, pace=max(0.001, wanted.pace))
    sample.ground(emulator.cluster, max(1, wanted.nodes))
    if wanted.pods:
        sample.fleet(emulator.cluster, wanted.pods, max(1, wanted.deployments))
    elif not wanted.bare:
        sample.shop(emulator.cluster)
        drills.prepare(emulator)
        emulator.server.handler = controlled(emulator)
    async with emulator:
        if wanted.kubeconfig:
            write(wanted.kubeconfig, emulator.kubeconfig())
        sys.stdout.write(f"{emulator.url}\n")
        sys.stdout.flush()
        changing = asyncio.create_task(churn(emulator.cluster, max(0.0, wanted.churn)))
        await stop.wait()
        changing.cancel()


def _read(stop: asyncio.Event) -> None:
    """Standard input says nothing: what can be read is its end."""
    if not os.read(0, 4096):
        asyncio.get_running_loop().remove_reader(0)
        stop.set()


if __name__ == "__main__":
    asyncio.run(_serve(_arguments()))
