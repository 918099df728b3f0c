"""The place of the promql probe: it stays unknown until a Prometheus server can be declared."""

from cockpit.probes.ask import Answer, CannotAsk, Stopwatch
from cockpit.profile.probes import PromqlProbe


class PromqlAsker:
    """Asks one promql probe."""

    slack = 0.0

    def __init__(self, spec: PromqlProbe) -> None:
        self._spec = spec

    async def ask(self, watch: Stopwatch) -> Answer:
        """CannotAsk: there is no server."""
        watch.target = f"promql {self._spec.query}"
        raise CannotAsk("no Prometheus server is declared")
