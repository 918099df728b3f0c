"""The engine's input from a recording: the same board and screen, at the recorded pace."""

import argparse
from pathlib import Path

from cockpit.board.clock import Clock, SystemClock
from cockpit.engine.parts import Context, Parts, Runner


def replay_parts(options: argparse.Namespace) -> tuple[Parts, Clock]:
    """Parts that play a recording, and the clock of its time; RecordingError or OSError when it cannot be read."""
    from cockpit.engine.reading import read_header
    from cockpit.engine.replay import ReplayClock

    path = Path(options.file)
    header = read_header(path)

    def play(context: Context) -> Runner:
        return _Player(path, options.speed, context)

    parts = Parts(
        profile=header.profile,
        profile_name=header.profile_name,
        runners=(play,),
        read_only="this is a recording",
        replay=f"{path.name} from {header.started:%Y-%m-%d %H:%M}Z",
        who=options.who,
    )
    return parts, ReplayClock(SystemClock(), header.started, options.speed)


class _Player:
    def __init__(self, path: Path, speed: float, context: Context) -> None:
        self._path, self._speed, self._context = path, speed, context

    async def run(self) -> None:
        """Emit the recorded updates, then wait for the end."""
        from cockpit.engine.replay import replay

        async for update in replay(self._path, self._context.clock, speed=self._speed):
            self._context.emit(update)
        while True:
            await self._context.clock.sleep(3600)
