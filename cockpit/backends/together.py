"""Several streams of one source side by side: they stand and fall together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from cockpit.backends.base import SourceError


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until one fails; its error alone is raised, a SourceError before any other."""
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    except BaseExceptionGroup as failed:
        raise _first(failed) from None


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    found: list[BaseException] = []
    for error in failed.exceptions:
        found.append(_first(error) if isinstance(error, BaseExceptionGroup) else error)
    return next((error for error in found if isinstance(error, SourceError)), found[0])
