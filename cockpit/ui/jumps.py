"""From a finding to its evidence: a table from the place where it is to what opens that."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cockpit.board.lead import Evidence, Place
from cockpit.board.snapshot import ServiceStatus
from cockpit.engine.port import ObjectQuery
from cockpit.ui import inspect
from cockpit.ui.cockpit import cockpit_of
from cockpit.ui.format import moment
from cockpit.ui.logfilter import Opened
from cockpit.ui.look import Look
from cockpit.ui.screens.base import CockpitScreen

BEFORE, AFTER = timedelta(minutes=2), timedelta(minutes=1)
"""So much of a log around the moment that a finding is about."""
OLDEST = timedelta(hours=23)
"""What a log's filter can name by the time of day alone."""

Jump = Callable[[CockpitScreen, ServiceStatus, Evidence], None]


def begin(screen: CockpitScreen, service: ServiceStatus, evidence: Evidence) -> None:
    """Open where the evidence is; back leads here again."""
    _JUMPS[evidence.place](screen, service, evidence)


def words(look: Look, evidence: Evidence) -> str:
    """What Enter opens: "log of web-2", "HPA web"."""
    at = f" at {moment(evidence.at, look.utc)}" if evidence.at else ""
    name = look.text(evidence.name)
    run = "run before," if evidence.previous else "log of"
    told = {
        Place.LOG: f"{run} {name}",
        Place.PROBE: f"endpoint {name}",
        Place.SERVICE: f"why {name} is so",
        Place.OBJECT: f"describe {name}",
        Place.LISTED: f"{_SINGULAR.get(evidence.kind, evidence.kind)} {name}",
        Place.REVISIONS: "history",
        Place.TIMELINE: f"timeline{at}",
        Place.RESOURCES: "resources",
        Place.NOWHERE: "",
    }
    return told[evidence.place]


def brief(look: Look, evidence: Evidence) -> str:
    """The same in a word or two, beside the finding that names the rest: "log", "timeline 17:41"."""
    at = f" {moment(evidence.at, look.utc)[:5]}" if evidence.at else ""
    told = {
        Place.LOG: "run before" if evidence.previous else "log",
        Place.PROBE: "probe",
        Place.SERVICE: "why",
        Place.OBJECT: "describe",
        Place.LISTED: _SINGULAR.get(evidence.kind, evidence.kind),
        Place.REVISIONS: "history",
        Place.TIMELINE: f"timeline{at}",
        Place.RESOURCES: "resources",
        Place.NOWHERE: "",
    }
    return told[evidence.place]


_SINGULAR = {"horizontalpodautoscalers": "HPA", "poddisruptionbudgets": "PDB", "nodes": "node"}


def window(now: datetime, at: datetime | None) -> str:
    """A log's filter around a moment, times in UTC; empty when it is too long ago to be named so."""
    if at is None or not timedelta() <= now - at < OLDEST:
        return ""
    until = f" until:{at + AFTER:%H:%M:%S}Z" if at + AFTER <= now else ""
    return f"since:{at - BEFORE:%H:%M:%S}Z{until}"


def _log(screen: CockpitScreen, service: ServiceStatus, evidence: Evidence) -> None:
    from cockpit.ui.screens.log import LogScreen

    instances = (evidence.identity,) if evidence.identity else ()
    typed = "" if evidence.previous else window(cockpit_of(screen).now, evidence.at)
    screen.app.push_screen(LogScreen((service.key,), evidence.name, instances, Opened(evidence.previous, typed)))


def _probe(screen: CockpitScreen, service: ServiceStatus, evidence: Evidence) -> None:
    from cockpit.ui.screens.health import HealthScreen

    screen.app.push_screen(HealthScreen(f"{service.key} {evidence.name}"))


def _service(screen: CockpitScreen, _: ServiceStatus, evidence: Evidence) -> None:
    from cockpit.ui.screens.explain import ExplainScreen

    screen.app.push_screen(ExplainScreen(evidence.kind, evidence.name))


def _object(screen: CockpitScreen, service: ServiceStatus, evidence: Evidence) -> None:
    if evidence.identity is not None:
        inspect.show(screen, service, evidence.name, evidence.identity)


def _listed(screen: CockpitScreen, _: ServiceStatus, evidence: Evidence) -> None:
    from cockpit.ui.kindwords import Listing
    from cockpit.ui.screens.objects import ObjectsScreen

    query = ObjectQuery(kind=evidence.kind, space=evidence.identity.space if evidence.identity else "")
    screen.app.push_screen(ObjectsScreen(cockpit_of(screen), Listing(query, evidence.source, select=evidence.name)))


def _revisions(screen: CockpitScreen, service: ServiceStatus, _: Evidence) -> None:
    from cockpit.ui.screens import revisions

    revisions.begin(screen, service)


def _timeline(screen: CockpitScreen, _: ServiceStatus, evidence: Evidence) -> None:
    from cockpit.ui.screens.timeline import TimelineScreen

    screen.app.push_screen(TimelineScreen(evidence.at))


def _resources(screen: CockpitScreen, service: ServiceStatus, _: Evidence) -> None:
    from cockpit.ui.screens.resources import ResourcesScreen

    screen.app.push_screen(ResourcesScreen(service.key))


def _nowhere(screen: CockpitScreen, _: ServiceStatus, __: Evidence) -> None:
    cockpit_of(screen).say("there is no more to see of this here: cockpit doctor says what of the connection works")


_JUMPS: Mapping[Place, Jump] = {
    Place.LOG: _log,
    Place.PROBE: _probe,
    Place.SERVICE: _service,
    Place.OBJECT: _object,
    Place.LISTED: _listed,
    Place.REVISIONS: _revisions,
    Place.TIMELINE: _timeline,
    Place.RESOURCES: _resources,
    Place.NOWHERE: _nowhere,
}
