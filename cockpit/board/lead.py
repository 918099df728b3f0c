"""A finding about a service: what kind it is, how much that tells, and where its evidence is to be seen."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from cockpit.board.model import Identity, ReadingState, SafeText


class Kind(StrEnum):
    """What kind of finding it is."""

    SILENCE = "no answer"
    DEPENDENCY = "dependency"
    MEMORY = "out of memory"
    IMAGE = "image"
    NODE = "node"
    SCHEDULING = "scheduling"
    EVICTED = "evicted"
    START = "start"
    EXIT = "exit"
    PROBE = "probe"
    NEEDED = "needed"
    NEW = "new instances"
    CHANGE = "last change"
    HEALTH = "health check"
    QUOTA = "quota"
    ROLLOUT = "rollout"
    JOB = "job"
    SCALER = "autoscaler"
    THRESHOLD = "threshold"
    MINOR = "minor probe"
    ERRORS = "errors"
    KNOWN = "known"
    REMARK = "remark"
    BUDGET = "budget"
    ENDED = "ended"
    SIGHT = "not seen"


WEIGHTS: Mapping[Kind, int] = {
    # Who does not hear of a thing at all cannot say what is wrong with it.
    Kind.SILENCE: 100,
    # Is it me or something under me? What fell first is looked at first.
    Kind.DEPENDENCY: 95,
    # Why an instance cannot run, as its platform tells it.
    Kind.MEMORY: 90, Kind.IMAGE: 88, Kind.NODE: 86, Kind.SCHEDULING: 84, Kind.EVICTED: 82, Kind.START: 80,
    Kind.EXIT: 78, Kind.QUOTA: 76,
    # What it needs and has only in part; what it does not do although it runs; what was done to it before.
    Kind.NEEDED: 72, Kind.PROBE: 70, Kind.NEW: 68, Kind.CHANGE: 65, Kind.ROLLOUT: 62, Kind.HEALTH: 60, Kind.JOB: 58,
    # What stands beside it.
    Kind.SCALER: 50, Kind.THRESHOLD: 48, Kind.MINOR: 45, Kind.ERRORS: 40, Kind.KNOWN: 35, Kind.REMARK: 30,
    Kind.BUDGET: 25, Kind.ENDED: 20, Kind.SIGHT: 10,
}  # fmt: skip
"""The larger, the earlier it stands."""


class Place(StrEnum):
    """Where evidence is to be seen."""

    LOG = "log"
    PROBE = "endpoint"
    SERVICE = "explain"
    OBJECT = "describe"
    LISTED = "objects"
    REVISIONS = "history"
    TIMELINE = "timeline"
    RESOURCES = "resources"
    NOWHERE = ""


class Evidence(Struct, frozen=True, kw_only=True):
    """Where a finding's evidence is. name: of what is looked at, as shown; at: the moment that it is about.

    identity: of the instance or workload; for LISTED its space and source, kind and name being those of the object.
    previous: the log of the run before the last restart. row: of a timeline or list.
    """

    place: Place
    name: str = ""
    identity: Identity | None = None
    source: str = ""
    kind: str = ""
    at: datetime | None = None
    previous: bool = False


class Lead(Struct, frozen=True, kw_only=True):
    """One finding. subject: with its kind it tells one from another, however its words change. count: how many alike.

    state: how bad it is for the service; OK only tells.
    """

    kind: Kind
    subject: str
    text: SafeText
    state: ReadingState
    evidence: Evidence
    since: datetime | None = None
    count: int = 1
