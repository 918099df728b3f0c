"""What the engine runs beside its sources: the probes and this machine's facts. Made late, for what they import."""

from collections.abc import Callable

from cockpit.engine.parts import Context, Runner
from cockpit.profile.schema import Profile


def probes(context: Context) -> Runner:
    """The probes of the profile."""
    from cockpit.probes.run import ProbeRunner

    return ProbeRunner(
        context.profile,
        context.clock,
        context.emit,
        context.resolve,
        secrets=context.secrets,
        environ=context.environ,
        instance_of=context.instance_of,
    )


def host(context: Context) -> Runner:
    """This machine's facts."""
    from cockpit.probes.host import HostWatch

    return HostWatch(context.profile.host, context.clock, context.emit, context.secrets)


def has_probes(profile: Profile) -> bool:
    """Whether a profile declares any probe."""
    return any(service.probes for service in profile.services.values())


class Late:
    """A runner that is made only after a while."""

    def __init__(self, make: Callable[[Context], Runner], context: Context, seconds: float) -> None:
        self._make, self._context, self._seconds = make, context, seconds

    async def run(self) -> None:
        """Wait, then run until cancelled."""
        await self._context.clock.sleep(self._seconds)
        await self._make(self._context).run()


def late(make: Callable[[Context], Runner], seconds: float) -> Callable[[Context], Runner]:
    """The same runner, made `seconds` later: what it imports (httpx: 40 ms) then holds up no first paint."""
    return lambda context: Late(make, context, seconds)
