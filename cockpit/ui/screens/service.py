"""One service, whole: its card, every instance, every probe with its timings and components, what depends on it."""

from datetime import datetime

from textual.app import ComposeResult

from cockpit.board.model import Instance
from cockpit.board.snapshot import ProbeStatus, ServiceStatus, SourceStatus
from cockpit.engine.frame import Frame
from cockpit.ui.cells import Line, Span, wrap_words
from cockpit.ui.format import UNKNOWN, milliseconds, since, size, stamp
from cockpit.ui.look import Look
from cockpit.ui.lookup import services_near
from cockpit.ui.narrow import keeper
from cockpit.ui.panes.card import CardFacts, card_lines, card_title, phase_text
from cockpit.ui.panes.changes import changes_lines, title
from cockpit.ui.screens.selected import SelectedService
from cockpit.ui.theme import reading_style
from cockpit.ui.widgets.pager import Pager


def service_lines(
    look: Look, facts: CardFacts, now: datetime, columns: int, sources: tuple[SourceStatus, ...] = ()
) -> list[Line]:
    """The card, what changed, then each instance and each probe in full."""
    lines = card_lines(look, facts, now, columns)
    lines += [Line(), Line((Span(f" {title(facts.service, now)}", "strong"),))]
    lines += changes_lines(look, facts.service, sources, now, columns)
    for workload in facts.service.workloads:
        for instance in workload.instances:
            lines += [Line(), *_instance(look, instance, now, columns)]
    for status in facts.service.probes:
        lines += [Line(), *probe_lines(look, status, now, columns)]
    return lines


def _fields(pairs: list[tuple[str, str]], columns: int) -> list[Line]:
    return [
        Line((Span(f"   {label if not index else '':<12}", "dim"), Span(piece)))
        for label, value in pairs
        if value
        for index, piece in enumerate(wrap_words(value, columns - 16))
    ]


def _instance(look: Look, instance: Instance, now: datetime, columns: int) -> list[Line]:
    def at(moment: datetime | None) -> str:
        return f"{stamp(moment, now, look.utc)} ({since(now, moment)} ago)" if moment else ""

    ports = ", ".join(
        f"{port.number}/{port.protocol}" + (f" at {port.host_ip or '*'}:{port.host_port}" if port.host_port else "")
        for port in instance.ports
    )
    restarts = UNKNOWN if instance.restarts is None else str(instance.restarts)
    cores = f"{instance.cpu_limit / 100:g} cores" if instance.cpu_limit else "none"
    pairs = [
        ("state", phase_text(instance) + (f", {instance.error}" if instance.error else "")),
        ("health", f"{instance.health.value} {instance.health_detail}".strip()),
        ("started", at(instance.started_at)),
        ("finished", at(instance.finished_at)),
        ("created", at(instance.created_at)),
        ("restarts", f"{restarts}, policy {instance.restart_policy or 'none'}"),
        ("image", f"{instance.image} {instance.image_id.removeprefix(instance.image)[:19]}".strip()),
        ("ports", look.text(ports)),
        ("addresses", look.text(", ".join(instance.addresses))),
        ("limits", f"cpu {cores}, memory {size(instance.memory_limit) if instance.memory_limit else 'none'}"),
        ("id", instance.id.instance),
    ]
    return [Line((Span(f" {instance.name}", "strong"),)), *_fields(pairs, columns)]


def probe_lines(look: Look, status: ProbeStatus, now: datetime, columns: int) -> list[Line]:
    """One probe in full: what it asked, what came back, how long each part took, the parts it lists."""
    reading = status.reading
    style = reading_style(reading.state)
    weight = "critical" if reading.critical else "not critical"
    head = (
        Span(f" {reading.kind} {reading.probe} ", "strong"),
        Span(f"{look.glyphs.reading(reading.state)} {reading.state.value}", style),
        Span(f"  for {since(now, status.since)}, {weight}, each {reading.interval:g} s", "dim"),
    )
    timings = ", ".join(f"{name} {milliseconds(value)}" for name, value in reading.timings_ms)
    pairs = [
        ("asked", look.text(reading.target)),
        ("answer", look.text(reading.detail)),
        ("took", timings or milliseconds(reading.latency_ms)),
        ("at", f"{stamp(reading.at, now, look.utc)} ({since(now, reading.at)} ago), {status.freshness.value}"),
    ]
    parts = [
        Line(
            (
                Span("   part        ", "dim"),
                Span(f"{look.glyphs.reading(part.state)} {part.name}", reading_style(part.state)),
                Span(f"  {look.text(part.detail)}"),
            )
        )
        for part in reading.components
    ]
    return [Line(head), *_fields(pairs, columns), *parts]


class ServiceScreen(SelectedService):
    """Follows the service while it is open."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__()
        self._key = key
        self._label = name

    def body(self) -> ComposeResult:
        """A pager that follows the frames."""
        yield Pager(self._label, self._lines, id="body")

    @property
    def service(self) -> ServiceStatus | None:
        """The service, as it is now; None when it is not on the board any more."""
        return next((one for one in self.cockpit.frame.snapshot.services if one.key == self._key), None)

    def _lines(self, width: int) -> list[Line]:
        service, frame = self.service, self.cockpit.frame
        if service is None:
            return [Line((Span(f" {self._label} is not on the board any more", "warning"),))]
        named = services_near(frame.snapshot, self._key)
        facts = CardFacts(service=service, others=named, last=False)
        keep = keeper(self.filter_text)
        return [
            line
            for line in service_lines(self.cockpit.look, facts, self.cockpit.now, width, frame.snapshot.sources)
            if keep(line.text)
        ]

    def show_frame(self, frame: Frame) -> None:
        """What is new of it."""
        pager, service = self.one(Pager), self.service
        if service is not None:
            pager.heading = card_title(self.cockpit.look, service)
        pager.redraw()

    def action_describe(self) -> None:
        """That is what is shown."""

    def tick(self) -> None:
        """Ages go on."""
        self.one(Pager).redraw()
