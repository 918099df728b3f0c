"""Reads what a shell in an instance prints, as a person at its terminal would."""

import asyncio

from cockpit.backends.shell import Ended, Shell

WITHIN = 60.0
"""Seconds: a bound on hanging."""


async def printed(one: Shell, wanted: bytes) -> bytes:
    """Everything it prints until `wanted` stands in it."""
    text = b""
    async with asyncio.timeout(WITHIN):
        while wanted not in text:
            data = await one.read()
            assert data, f"it ended before it printed {wanted!r}: {text!r}"
            text += data
    return text


async def end_of(one: Shell) -> Ended:
    """Read to its end."""
    async with asyncio.timeout(WITHIN):
        while await one.read():
            pass
        return await one.end()
