"""What a service's probes and its traffic say after a change. What was good before is no evidence; silence is none."""

from collections.abc import Iterator
from datetime import datetime

from cockpit.backends.change import Operation, Watch
from cockpit.board.model import Freshness, Reading, ReadingState, SafeText
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, Snapshot
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.sight import Baseline, Sight, find_service

Signal = tuple[Answer, SafeText]


class Signals:
    """Counts the answers of probes since a change, from one look to the next."""

    def __init__(self, baseline: Baseline, watch: tuple[Watch, ...]) -> None:
        self._baseline = baseline
        self._watch = {one.service: one for one in watch}
        self._heard: dict[tuple[str, str], set[datetime]] = {}

    def look(self, snapshot: Snapshot, key: str, since: datetime, samples: int) -> list[Signal]:
        """What the critical probes of a service, and its traffic, say after `since`."""
        service = find_service(snapshot, key)
        if service is None:
            return []
        watch = self._watch.get(key, Watch(service=key))
        wanted = max(samples, watch.samples)
        found = [self._probe(key, probe, since, wanted) for probe in service.probes if probe.reading.critical]
        return [*found, *_traffic(service, watch.traffic, since)]

    def _probe(self, key: str, probe: ProbeStatus, since: datetime, wanted: int) -> Signal:
        reading = probe.reading
        shown = reading.target or reading.probe
        if reading.at <= since:
            return Answer.UNKNOWN, safe(f"{shown}: not asked since")
        heard = self._heard.setdefault((key, reading.probe), set())
        heard.add(reading.at)
        words = f"{shown} {reading.detail or reading.state}"
        before = self._baseline.probe(reading.probe, key) or self._baseline.probe(reading.probe)
        if before and before.state is not reading.state:
            words += f" (was {before.detail or before.state})"
        answer = _judged(reading, probe.freshness)
        if answer is Answer.YES and len(heard) < wanted:
            return Answer.UNKNOWN, safe(f"{words}, {len(heard)} of {wanted} answers since")
        return answer, safe(words)


def _judged(reading: Reading, freshness: Freshness) -> Answer:
    """A state that is only held, for one bad answer does not count yet, is that of before: no evidence of now."""
    if reading.held and reading.state is ReadingState.OK:
        return Answer.UNKNOWN
    if reading.state is ReadingState.UNKNOWN or freshness is not Freshness.LIVE:
        return Answer.UNKNOWN
    return Answer.YES if reading.state is ReadingState.OK else Answer.NO


def _traffic(service: ServiceStatus, metric: str, since: datetime) -> Iterator[Signal]:
    """Without traffic nobody knows whether it works: never good, never bad."""
    if not metric:
        return
    series = service.series.get(metric)
    if series is None or not series.values or series.at <= since:
        yield Answer.UNKNOWN, safe(f"{metric}: not measured since")
    elif series.values[-1] > 0:
        yield Answer.YES, safe(f"{metric} {series.values[-1]:g} {series.unit}".rstrip())
    else:
        yield Answer.UNKNOWN, safe(f"no traffic ({metric} is {series.values[-1]:g})")


def not_good(snapshot: Snapshot, key: str, probe: str) -> str:
    """Why a probe that must be good before an operation is not; empty when it is."""
    service = find_service(snapshot, key)
    seen = next((one for one in service.probes if one.reading.probe == probe), None) if service else None
    if seen is None:
        return f"probe {probe} of {key} is not there"
    if _judged(seen.reading, seen.freshness) is Answer.YES:
        return ""
    return f"probe {probe} must be good before, but it is {seen.reading.detail or seen.reading.state}"


def probe_named(sight: Sight) -> Finding:
    """The probe that the operation names is good, by an answer since."""
    return _probes(sight, dict(sight.operation.arguments).get("probe", ""))


def probes_good(sight: Sight) -> Finding:
    """Every critical probe of the service is good, by an answer since; with none nobody can tell."""
    return _probes(sight, "")


def _probes(sight: Sight, name: str) -> Finding:
    service = find_service(sight.snapshot, _key(sight.operation))
    probes = service.probes if service else ()
    wanted = [one for one in probes if (one.reading.probe == name if name else one.reading.critical)]
    if not wanted:
        what = f"probe {name} is not there" if name else "no critical probe says whether it worked"
        return Finding(answer=Answer.UNKNOWN, detail=safe(what))
    good = 0
    worst, detail = Answer.YES, ""
    for one in wanted:
        reading = one.reading
        fresh = reading.at > sight.answered
        answer = _judged(reading, one.freshness) if fresh else Answer.UNKNOWN
        good += answer is Answer.YES
        if answer is Answer.NO or (answer is Answer.UNKNOWN and worst is Answer.YES):
            words = (reading.detail or reading.state) if fresh else "not asked since"
            worst, detail = answer, f"{reading.probe}: {words}"
    return Finding(answer=worst, good=good, wanted=len(wanted), detail=safe(detail))


def _key(operation: Operation) -> str:
    return operation.service
