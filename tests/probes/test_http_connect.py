"""A connection that succeeds when nobody waits for it any more is closed, not lost."""

import asyncio

import httpcore
import pytest

from cockpit.backends.connections import Connections
from tests.patience import PATIENCE


class Stream(httpcore.AsyncNetworkStream):
    """Says when it is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def aclose(self) -> None:
        self.closed.set()


async def test_a_connection_that_comes_too_late_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, succeeds, stream = asyncio.Event(), asyncio.Event(), Stream()

    async def connect(*_: object) -> Stream:
        begun.set()
        await succeeds.wait()
        return stream

    monkeypatch.setattr("httpcore.AnyIOBackend.connect_tcp", connect)
    network = Connections()
    asking = asyncio.create_task(network.connect_tcp("127.0.0.1", 80))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        succeeds.set()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await stream.closed.wait()
        await network.settled()
