"""attach: what the process of a container writes from now on, until it ends or the client goes."""

import asyncio

from cockpit.demo.kubernetes.api.exec import outcome, running_container
from cockpit.demo.kubernetes.api.logs import Asked, Followed, instance_of
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.streams import STDOUT, Streams, upgrade
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.server.wire import Answer, Call


def attach(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET or POST of pods/NAME/attach. ApiError 400 for what is no upgrade, 500 for a container that does not run."""
    pod = reads.entry(target).obj
    container = running_container(pod, call.query("container"))
    instance = instance_of(cluster, pod, container, previous=False)
    assert instance is not None, "it runs"
    asked = Asked(True, False, False, None, None, cluster.now().timestamp())
    written = Followed(cluster, pod, container["name"], instance, asked)

    async def session(streams: Streams) -> None:
        telling, gone = asyncio.ensure_future(_tell(written, streams)), asyncio.ensure_future(_gone(streams))
        try:
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, gone):
                task.cancel()
            told, _ = await asyncio.gather(telling, gone, return_exceptions=True)
        if told is None:
            await streams.finish(outcome(0))

    return upgrade(call, session)


async def _tell(written: Followed, streams: Streams) -> None:
    async for data in written.chunks():
        if data:
            await streams.write(STDOUT, data)


async def _gone(streams: Streams) -> None:
    """Until the client has gone: its input ends first, then its connection. No program here reads what is typed."""
    for _ in ("input", "connection"):
        while await streams.read() is not None:
            pass
