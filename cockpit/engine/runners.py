"""What the engine runs beside its sources: the probes and this machine's facts. Made late, for what they import."""

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
