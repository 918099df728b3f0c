"""Keeping what is known of pods: their logs, their description, and what the profile's commands print in them.

On request, and before every change that takes pods away: then it is the first operation of that plan.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.capture import NOWHERE, Captured, Part, capture, nowhere, outcome
from cockpit.backends.captured import LOG_LIMIT, until_late
from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.dumped import seconds_of, words_of
from cockpit.backends.evidence import VERB, Evidence, declared
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.operate import parts
from cockpit.backends.kubernetes.operate.draft import is_ready, kubectl, make_plan, ready_words
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of
from cockpit.backends.kubernetes.operate.remove import choose
from cockpit.board.clock import Clock
from cockpit.board.model import Instance, SafeText, Workload
from cockpit.board.text import safe
from cockpit.profile.captures import Capture

PODS_MOST = 100
"""Pods of which something is kept at once."""
DUMPED_MOST = 3
"""Pods in which the declared captures run before a change, unless a policy wants them of all."""
LOGS_MOST = 40 * 1024 * 1024
"""Bytes of log that one operation keeps: many pods share it."""
AT_ONCE = 4
ONE_POD, LONGEST = 30.0, 300.0
"""Seconds that one pod may take beside its declared captures, and that all of them may take."""
NAMED = 5
"""Pods for which a command line is shown."""


class PodRef(Struct, frozen=True, array_like=True):
    """A pod as a plan knew it."""

    space: str
    name: str
    uid: str


class CapturePods:
    """The verb."""

    verb = Verb(
        name=VERB, title="Capture logs, description and dumps",
        options=(("instance", "name or uid of a pod, several with commas between; left out: all of them"),),
    )  # fmt: skip

    def offered(self, workload: Workload) -> bool:
        """Whether there is anything to keep."""
        return bool(workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for all pods. PlanRefused where there is none, or no place to keep it."""
        wanted = arguments.get("instance", "")
        chosen = choose(workload, wanted, VERB) if wanted.strip() else workload.instances
        if not chosen:
            raise PlanRefused(f"{workload.id.name}: there is no pod of which anything could be kept")
        await hands.same_cluster(workload)
        operations = keeping(hands, workload, refs(chosen), VERB)
        if not operations:
            raise nowhere(workload.id.name)
        risks = ["it goes on meanwhile; a dump may slow it down"] if declared(operations[0]) else []
        # What was kept is kept: nothing has to be watched afterwards.
        return replace(make_plan(hands, VERB, workload, operations, risks=risks), hold=0.0)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Nothing: what is gone meanwhile is named in the outcome, and changes nothing."""
        return ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Keep what can be kept of each pod."""
        evidence = hands.evidence
        if evidence is None:
            return NOWHERE
        given = dict(operation.arguments)
        pods = _decode(given["pods"])
        work = _Capture(hands, evidence, len(pods), hands.clock.monotonic() + operation.deadline)
        wanted, dumped = declared(operation), int(given["dumped"])
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(pod: PodRef, wanted: dict[str, Capture]) -> Captured:
            async with slots:
                return await work.of(pod, wanted)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(pod, wanted if at < dumped else {})) for at, pod in enumerate(pods)]
        found = [task.result() for task in tasks]
        if beyond := int(given.get("beyond", "0")):
            found.append(Captured(missing=((f"{beyond} more pods", f"at most {PODS_MOST} are kept at once"),)))
        return outcome(found, given.get("required", ""))


def refs(chosen: Iterable[Instance]) -> tuple[PodRef, ...]:
    """Pods as the board has them; first what may go unseen: those that are not ready, or were started again."""
    order = sorted(chosen, key=lambda one: (is_ready(one), -(one.restarts or 0)))
    return tuple(PodRef(one.id.space, str(one.name), one.id.instance) for one in order)


def keeping(
    hands: Hands, workload: Workload, pods: Sequence[PodRef], verb: str, moved: Sequence[Workload] = ()
) -> tuple[Operation, ...]:
    """The operation that keeps what is known of these pods before `verb`; none without a place to keep it.

    moved: of a node, the workloads whose pods these are.
    """
    if hands.evidence is None or not pods:
        return ()
    arguments = hands.evidence.arguments(workload, verb, moved)
    kept, beyond = pods[:PODS_MOST], max(0, len(pods) - PODS_MOST)
    needed = dict(arguments).get("required", "")
    dumped = len(kept) if needed else min(len(kept), DUMPED_MOST)
    target = next((one.id for one in workload.instances if one.id.instance == kept[0].uid), workload.id)
    operation = Operation(
        verb=VERB,
        title=safe(f"keep the log of {_names(pods)}", 300),
        target=target if len(pods) == 1 else workload.id,
        before=(("pods", ready_words(workload)),) if verb == VERB else (),
        arguments=(
            ("pods", msgspec.json.encode(kept).decode()), ("dumped", str(dumped)),
            *((("beyond", str(beyond)),) if beyond else ()), *arguments,
        ),
        done_when="captured",
        # What a change does besides would bury its own line.
        command=_command(hands, workload, kept) if verb == VERB and len(pods) <= NAMED else SafeText(""),
    )  # fmt: skip
    more = declared(operation)
    seconds = ONE_POD * _rounds(len(kept)) + seconds_of(more.values()) * _rounds(dumped)
    return (
        replace(
            operation,
            after=(
                ("kept in the evidence folder", safe(_told(len(pods), dumped, more), 500)),
                *((("all of it must be kept", safe(needed, 300)),) if needed and verb != VERB else ()),
            ),
            deadline=min(LONGEST, seconds),
        ),
    )  # fmt: skip


class _Capture:
    """One operation under way. ends: monotonic seconds at which it must be at its end."""

    def __init__(self, hands: Hands, evidence: Evidence, pods: int, ends: float) -> None:
        self._hands, self._evidence = hands, evidence
        self._several, self._room, self._ends = pods > 1, LOGS_MOST // max(1, pods), ends

    async def of(self, pod: PodRef, wanted: dict[str, Capture]) -> Captured:
        """What was kept of one pod; what was not, with its name where there are several. wanted: what runs in it."""
        prefix = f"{pod.name} " if self._several else ""
        try:
            async with self._hands.clock.timeout(self._left()):
                whole = await _whole(self._hands, pod)
                first = await parts.description(self._hands, whole, self._evidence)
        except (SourceError, TimeoutError) as error:
            why = str(safe(str(error), 300)) or "no time was left for it"
            return Captured(missing=((pod.name, why),))
        path = f"{PODS.path(pod.space)}/{pod.name}"
        logs = parts.logs(self._hands, whole, path, self._evidence, self._room)
        dumps, missing = parts.dumps(self._hands, whole, path, self._evidence, tuple(wanted.items()))
        timed = [self._timed(one) for one in (first, *logs, *dumps)]
        found = await capture(self._evidence.keeper, pod.name, timed)
        return Captured(
            kept=tuple((f"{prefix}{name}", one) for name, one in found.kept),
            missing=tuple((f"{prefix}{name}", why) for name, why in (*found.missing, *missing)),
        )

    def _left(self) -> float:
        return max(0.0, self._ends - self._hands.clock.monotonic())

    def _timed(self, part: Part) -> Part:
        """The same, that ends with the whole."""

        def read() -> AsyncGenerator[bytes, None]:
            return until_late(part.read(), self._clock, self._left())

        return replace(part, read=read)

    @property
    def _clock(self) -> Clock:
        return self._hands.clock


async def _whole(hands: Hands, pod: PodRef) -> Json:
    """SourceError: it is gone, or may not be seen."""
    try:
        whole = await hands.named(PODS, pod.space, pod.name)
    except ApiAnswer as error:
        raise SourceError("it is gone" if error.status == 404 else str(error)) from None
    if meta_of(whole).get("uid") != pod.uid:
        raise SourceError("it is gone, another pod has its name now")
    return whole


def _names(pods: Sequence[PodRef]) -> str:
    """ "web-1", "2 pods: web-1, web-2", "50 pods: web-1, web-2 and others": a line has room for how many at least."""
    if len(pods) == 1:
        return pods[0].name
    some = pods if len(pods) <= NAMED else pods[:2]
    return f"{len(pods)} pods: " + ", ".join(pod.name for pod in some) + ("" if some is pods else " and others")


def _rounds(pods: int) -> int:
    return -(-pods // AT_ONCE)


def _told(pods: int, dumped: int, more: dict[str, Capture]) -> str:
    """ "logs (last 5 MiB each, the run before too; 40 MiB in all), description, events, in 3 of them heap: jmap 1"."""
    bound = f"last {LOG_LIMIT >> 20} MiB each, the run before too"
    together = f"; {LOGS_MOST >> 20} MiB in all" if pods > 1 else ""
    where = f"in {dumped} of them " if dumped < pods else ""
    dumps = (f"{where}{words_of(name, one)}" for name, one in more.items())
    limit = f"of {PODS_MOST} of {pods} pods, not ready ones first: " if pods > PODS_MOST else ""
    return limit + ", ".join((f"logs ({bound}{together})", "description", "events", *dumps))


def _command(hands: Hands, workload: Workload, pods: Sequence[PodRef]) -> SafeText:
    lines = LOG_LIMIT // parts.LINE_LENGTH
    words: list[str] = []
    for one in pods:
        words.append(kubectl(hands, workload, f"logs {one.name} --all-containers --timestamps --tail={lines}"))
        words.append(kubectl(hands, workload, f"describe pod {one.name}"))
    return safe("; ".join(words), 1500)


_decode = msgspec.json.Decoder(tuple[PodRef, ...]).decode
