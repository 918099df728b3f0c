"""Logs of the demo's instances: the host's lines as a backend delivers them."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, cast

from msgspec.structs import replace

from cockpit.demo.client import DemoClient, Facts
from cockpit.demo.fleet import moment
from cockpit.logs.line import LogRequest, RawLine

LATEST, FINEST = 1e12, 1e-6
"""A time that no line has: `until` of a log without an end. The host's times are finer than ours, which are cut."""


async def read_logs(client: DemoClient, request: LogRequest) -> AsyncIterator[Sequence[RawLine]]:
    """Batches of at most 200 lines, in order. DemoError when the stream breaks or the instance is not there."""
    params: dict[str, Any] = {
        "instance": request.instance.instance,
        "follow": request.follow,
        "tail": request.tail,
        "since": request.since.timestamp() if request.since else None,
        "until": request.until.timestamp() + FINEST if request.until else LATEST,
        "previous": request.previous,
    }
    stream = cast(AsyncGenerator[Facts, None], client.stream("logs", **params))
    lost = 0
    async with aclosing(stream) as events:
        async for event in events:
            if event.get("type") == "lost":
                lost += int(event.get("count", 0))
                continue
            lines = [_line(one) for one in event.get("lines", ())]
            if lines:
                lines[0], lost = replace(lines[0], lost=lost), 0
                yield lines


def _line(told: Facts) -> RawLine:
    return RawLine(
        moment(told["at"]), str(told["stream"]), str(told["text"]).encode("utf-8", "replace"), int(told["cut"])
    )
