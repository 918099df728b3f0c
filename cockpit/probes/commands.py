"""The probes that run a command: `exec` in an instance of the service, `command` on this machine."""

from cockpit.backends.base import SourceError
from cockpit.backends.command import CannotRun, CommandTimeout, run_command
from cockpit.board.model import ReadingState
from cockpit.probes import regex
from cockpit.probes.ask import NO_INSTANCE, Answer, CannotAsk, Means, Stopwatch
from cockpit.profile.probes import CommandProbe, ExecProbe

SHOWN = 80


class ExecAsker:
    """Asks one exec probe."""

    slack = 5.0

    def __init__(self, service: str, spec: ExecProbe, means: Means) -> None:
        self._service, self._spec, self._means = service, spec, means

    async def ask(self, watch: Stopwatch) -> Answer:
        """Run the command in a running instance, once."""
        spec = self._spec
        watch.target = f"exec {' '.join(spec.argv)}"
        environment = {name: self._means.expand(value) for name, value in spec.environment.items()}
        found = self._means.instance_of(self._service)
        if found is None:
            raise CannotAsk(NO_INSTANCE)
        source, instance = found
        watch.target = f"exec {' '.join(spec.argv)} (in {instance.name})"
        try:
            result = await source.execute(instance.id, spec.argv, float(spec.timeout), environment)
        except SourceError as error:
            raise CannotAsk(str(error)) from None
        return _judge(spec, result.exit_code, str(result.output).encode(), result.dropped > 0)


class CommandAsker:
    """Asks one command probe."""

    slack = 5.0

    def __init__(self, spec: CommandProbe, means: Means) -> None:
        self._spec, self._means = spec, means

    async def ask(self, watch: Stopwatch) -> Answer:
        """Run the command on this machine, once."""
        spec, means = self._spec, self._means
        watch.target = f"command {' '.join(spec.argv)}"
        declared = {name: means.expand(value) for name, value in spec.environment.items()}
        try:
            ran = await run_command(
                spec.argv, means.clock, float(spec.timeout), environ=means.environ, declared=declared
            )
        except CannotRun as error:
            raise CannotAsk(str(error)) from None
        except CommandTimeout as error:
            return Answer(state=ReadingState.DOWN, detail=str(error))
        return _judge(spec, ran.exit_code, ran.output, ran.dropped > 0)


def _judge(spec: ExecProbe | CommandProbe, exit_code: int, body: bytes, cut: bool) -> Answer:
    text = " ".join(body.decode("utf-8", "replace").split())
    if exit_code != spec.exit:
        # The end of what a failing command says is what it died of.
        said = f": {'…' if len(text) > SHOWN else ''}{text[-SHOWN:]}" if text else ""
        how = f"signal {-exit_code}" if exit_code < 0 else f"exit {exit_code}"
        return Answer(state=ReadingState.DOWN, detail=f"{how}{said}", body=body, cut=cut)
    if spec.matches and not regex.matches(spec.matches, body):
        detail = f"exit {exit_code}, but it does not match {spec.matches!r}: {text[:SHOWN]}"
        return Answer(state=ReadingState.DOWN, detail=detail, body=body, cut=cut)
    return Answer(state=ReadingState.OK, detail=f"exit {exit_code}", body=body, cut=cut)
