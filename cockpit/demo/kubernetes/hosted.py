"""The emulated cluster as `cockpit demo --kubernetes` starts it: until the pipe N ends or a signal comes.

Like the shop's host it lives in a folder of its own, which holds the kubeconfig, and its first line on standard output
says where: `{"v": 1, "socket": "", "folder": "...", "pid": 123}`. It sweeps what killed hosts left.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from cockpit.demo.host.arguments import arguments
from cockpit.demo.host.folder import Folder, sweep
from cockpit.demo.host.process import set_title
from cockpit.demo.kubernetes import drills
from cockpit.demo.kubernetes.cluster import sample
from cockpit.demo.kubernetes.control import controlled
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import CONTEXT, FILE, kubeconfig, write


async def _serve(folder: Folder, parent: int, pace: float) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    # The parent never writes: what can be read is the end.
    loop.add_reader(parent, stop.set)
    emulator = Emulator(pace=pace)
    sample.ground(emulator.cluster)
    sample.shop(emulator.cluster)
    drills.prepare(emulator)
    emulator.server.handler = controlled(emulator)
    async with emulator:
        write(Path(folder.path) / FILE, kubeconfig(emulator.url, name=CONTEXT))
        os.write(1, json.dumps({"v": 1, "socket": "", "folder": folder.path, "pid": os.getpid()}).encode() + b"\n")
        log = os.open(os.path.join(folder.path, "host.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        loop.call_later(0.5, sweep)
        await stop.wait()
        loop.remove_reader(parent)


def main() -> NoReturn:
    """Exit 0 after an orderly end; 64 for wrong arguments, 70 with the reason on standard output."""
    parent, pace = arguments(sys.argv[1:])
    os.umask(0o077)
    set_title("cockpit demo cluster")
    folder = Folder()
    try:
        asyncio.run(_serve(folder, parent, pace))
    except BaseException:
        import traceback  # 5 ms that only a failure spends

        with contextlib.suppress(OSError):
            os.write(1, traceback.format_exc().encode("utf-8", "replace")[-4000:])
        raise SystemExit(70) from None
    finally:
        folder.remove()
    raise SystemExit(0)
