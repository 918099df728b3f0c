"""Asking an emulator as any HTTP client does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

Json = Any


@asynccontextmanager
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client that waits long: a busy machine is no failure."""
    async with httpx.AsyncClient(base_url=url, timeout=60, verify=False) as opened:
        yield opened


@asynccontextmanager
async def watching(asker: httpx.AsyncClient, path: str, **query: str) -> AsyncIterator[AsyncIterator[Json]]:
    """The events of a watch, as they come."""
    async with asker.stream("GET", path, params={"watch": "1", **query}) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield (json.loads(line) async for line in answer.aiter_lines())


async def until(events: AsyncIterator[Json], wanted: str, name: str) -> Json:
    """The first event of a type about an object of this name."""
    async for event in events:
        if event["type"] == wanted and event["object"]["metadata"].get("name") == name:
            return event["object"]
    raise AssertionError(f"the watch ended before {wanted} {name}")
