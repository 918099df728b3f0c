"""The lives that a change began, as the engine tells of them right after it: by its own clock, which may differ."""

import asyncio
from collections.abc import Sequence

from cockpit.backends.base import SourceError
from cockpit.backends.change import Life
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.times import moment
from cockpit.board.model import Identity


async def lives_of(hands: Hands, instances: Sequence[Identity]) -> tuple[Life, ...]:
    """One for each instance that the engine tells of: the change was made, what cannot be asked is only not known."""
    slots = asyncio.Semaphore(hands.client.lanes)

    async def one(instance: Identity) -> Life | None:
        async with slots:
            try:
                found = await hands.container(instance.instance)
            except SourceError:
                return None
        began = moment(found.state.started_at)
        return Life(instance, began) if began is not None else None

    asked = await asyncio.gather(*map(one, instances))
    return tuple(life for life in asked if life is not None)
