"""One probe of one service over time: its answers become readings and samples."""

from datetime import datetime

from cockpit.board.model import Reading, ReadingState, Sample
from cockpit.probes.ask import Answer, Asker, Means, Stopwatch
from cockpit.probes.hysteresis import Hysteresis
from cockpit.probes.samples import Measured, Sampler
from cockpit.profile.probes import AnyProbe


class Line:
    """What the runner keeps of one probe."""

    def __init__(self, service: str, probe: str, spec: AnyProbe, asker: Asker, sampler: Sampler, means: Means) -> None:
        self.service, self.probe, self.spec, self.asker = service, probe, spec, asker
        self._sampler, self._means = sampler, means
        self.late = False
        """The last answer did not come in time."""
        self.unasked = 0
        """How often in a row the question could not be put."""
        self._first = True
        self._hysteresis = Hysteresis(spec.bad_after, spec.good_after)

    def pause(self, soon: float) -> float:
        """Seconds to the next question: its interval, less while it cannot be put (`soon`, then doubled)."""
        every = float(self.spec.every)
        return min(every, soon * 2.0 ** min(self.unasked - 1, 16)) if self.unasked else every

    def doubtful(self, answer: Answer, watch: Stopwatch) -> bool:
        """Whether a first answer is only slow: the cockpit itself was still loading (0.5 s), so ask once more."""
        first, self._first = self._first, False
        slow = self.spec.slow
        return first and slow is not None and answer.state is ReadingState.OK and watch.total() > float(slow) * 1000

    def read(self, answer: Answer, watch: Stopwatch, at: datetime) -> tuple[Reading, tuple[Sample, ...]]:
        """The reading that one answer makes, after samples, slowness and hysteresis."""
        spec, total = self.spec, watch.total()
        measured = Measured()
        if spec.samples and answer.state in (ReadingState.OK, ReadingState.DEGRADED):
            measured = self._sampler.measure(answer.body, self._means.clock.monotonic())
        raw, detail = _weighed(answer, measured, total, spec)
        state = self._hysteresis.take(raw)
        if self._hysteresis.waiting:
            # The last answer is shown while the state waits: nothing is hidden, it only does not count yet.
            detail = f"{detail} ({self._hysteresis.waiting} before it counts)"
        reading = Reading(
            service=self.service,
            probe=self.probe,
            kind=str(spec.__struct_config__.tag),
            state=state,
            at=at,
            critical=spec.critical,
            latency_ms=None if answer.state is ReadingState.UNKNOWN else round(total, 3),
            detail=self._means.clean(detail, 300),
            target=self._means.clean(watch.target, 200),
            timings_ms=() if answer.state is ReadingState.UNKNOWN else watch.timings(total),
            components=answer.components,
            interval=float(spec.every),
            held=bool(self._hysteresis.waiting),
        )
        return reading, measured.samples


def _weighed(answer: Answer, measured: Measured, total: float, spec: AnyProbe) -> tuple[ReadingState, str]:
    """State and detail of an answer once its numbers and its slowness count too; the worst is named."""
    if answer.state is not ReadingState.OK:
        return answer.state, answer.detail
    if measured.bad:
        return ReadingState.DEGRADED, measured.bad
    if spec.slow is not None and total > float(spec.slow) * 1000:
        return ReadingState.DEGRADED, f"{answer.detail} in {total / 1000:.3g} s, slower than {float(spec.slow):g} s"
    if measured.missing:
        # A series with labels often exists only after its first event: its number is not known, the service is well.
        return ReadingState.OK, f"{answer.detail}; {measured.missing}"
    return ReadingState.OK, answer.detail
