"""A shell in a container of a pod, as a plan: which pod, which container, what is run, whether it is permitted."""

import shlex
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import ATTENDED, Facts, Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import PODS
from cockpit.backends.kubernetes.operate import session
from cockpit.backends.kubernetes.operate.draft import kubectl, make_plan
from cockpit.backends.kubernetes.operate.hands import Hands, Json, Request, meta_of, spec_of
from cockpit.backends.kubernetes.operate.parts import default_container
from cockpit.backends.kubernetes.operate.session import PodShell
from cockpit.backends.shell import Size
from cockpit.board.model import Instance, Phase, SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

SHELL = Verb(
    name="shell",
    title="Shell",
    arguments=(("instance", "name or uid of one pod, POD/CONTAINER for one of its containers; left out: the first"),),
    options=(("command", "what is run instead of the first of bash and sh"),),
)
CHOICES_MOST = 20
RISKS = (
    "what is typed in it changes the container at once; nothing of it is checked or taken back",
    "what is typed and shown is not recorded, only its start, end and exit code",
)


class Place(Struct, frozen=True):
    """Where it is opened. containers: those that run."""

    pod: Instance
    container: str
    containers: tuple[str, ...]


class OpenShell:
    """The maneuver: one container, one command, a person at a terminal."""

    verb = SHELL

    def offered(self, workload: Workload) -> bool:
        """Whether a pod runs."""
        return any(one.phase is Phase.RUNNING for one in workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused when no such container runs, or one may open none in it."""
        wanted, _, container = arguments.get("instance", "").strip().partition("/")
        running = [one for one in workload.instances if one.phase is Phase.RUNNING]
        meant = next((one for one in running if wanted in ("", str(one.name), one.id.instance)), None)
        if meant is None:
            which = f"no pod {safe(wanted, 80)} of it" if wanted else "no pod of it"
            raise PlanRefused(f"shell {workload.id.name}: {which} runs, so none can be opened")
        command = _command(workload, arguments.get("command", ""))
        await hands.same_cluster(workload)
        place = await _place(hands, workload, meant, container)
        facts, risks = await _permitted(hands, place)
        made = make_plan(
            hands, SHELL.name, workload, (_operation(hands, workload, place, command),), facts=facts,
            risks=[*RISKS, *risks], choices=_choices(place, running),
        )  # fmt: skip
        return replace(made, hold=0.0)

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the pod is still there, and its container runs."""
        given = dict(operation.arguments)
        try:
            whole = await hands.named(PODS, operation.target.space, given["pod"])
        except ApiAnswer as error:
            return f"pod {given['pod']} is gone" if error.status == 404 else str(error)
        if meta_of(whole).get("uid") != operation.precondition:
            return f"pod {given['pod']} is another one now"
        return "" if given["container"] in _running(whole) else f"container {given['container']} does not run any more"

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """A shell is not performed but attended: `open_shell`."""
        return Outcome(accepted=False, detail=safe(f"{operation.title}: it needs a person at a terminal"))


async def open_shell(client: KubeClient, operation: Operation, size: Size, term: str) -> PodShell:
    """Start what the operation says. SourceError says why it cannot be started."""
    given = dict(operation.arguments)
    path = f"{PODS.path(operation.target.space)}/{given['pod']}"
    return await session.open_shell(client, path, given["container"], shlex.split(given["command"]), size, term)


async def _place(hands: Hands, workload: Workload, pod: Instance, container: str) -> Place:
    try:
        whole = await hands.named(PODS, workload.id.space, str(pod.name))
    except ApiAnswer as error:
        if error.status != 404:
            raise
        whole = {}
    if meta_of(whole).get("uid") != pod.id.instance:
        raise PlanRefused(f"shell {workload.id.name}: pod {pod.name} is not there any more: look again")
    running = _running(whole)
    if not running:
        raise PlanRefused(f"shell {workload.id.name}: no container of pod {pod.name} runs")
    if container and container not in running:
        there = ", ".join(running)
        raise PlanRefused(f"shell {workload.id.name}: no container {safe(container, 63)} runs in {pod.name} ({there})")
    usual = default_container(whole)
    return Place(pod, container or (usual if usual in running else running[0]), running)


def _running(pod: Json) -> tuple[str, ...]:
    """Its containers that run, in the order of its definition; those that were added for debugging last."""
    status = pod.get("status") or {}
    parts = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    found = [one for part in parts for one in status.get(part) or ()]
    up = {str(one.get("name", "")) for one in found if "running" in (one.get("state") or {})}
    kinds = ("containers", "initContainers", "ephemeralContainers")
    names = [str(one.get("name", "")) for kind in kinds for one in spec_of(pod).get(kind) or ()]
    return tuple(name for name in names if name in up)


def _command(workload: Workload, words: str) -> list[str]:
    if Secrets().mask(safe(words)) != words:
        raise PlanRefused(
            f"shell {workload.id.name}: the command is recorded, so no secret may stand in it: type it in the shell"
        )
    try:
        return shlex.split(words)
    except ValueError as error:
        raise PlanRefused(
            f"shell {workload.id.name}: {safe(words, 80)} cannot be read as a command ({error})"
        ) from None


async def _permitted(hands: Hands, place: Place) -> tuple[Facts, list[str]]:
    """(facts, risks). An exec cannot be rehearsed: whether it is permitted is all that can be asked."""
    name, space = str(place.pod.name), place.pod.id.space
    unknown = False
    # An exec is `create`; its WebSocket is opened by GET, which servers take for `get` as well.
    for verb in ("create", "get"):
        request = Request(
            method="POST", path="", body={}, verb=verb, kind=PODS, space=space, name=name, subresource="exec"
        )  # fmt: skip
        permitted = await hands.permitted(request)
        if permitted is False:
            raise PlanRefused(f"shell in {name}: you are not permitted to {request.permission}")
        unknown = unknown or permitted is None
    if unknown:
        return (), ["whether you are permitted to do it cannot be asked here"]
    return (("checked", safe(f"permitted (create and get pods/exec in {space})", 300)),), []


def _operation(hands: Hands, workload: Workload, place: Place, command: Sequence[str]) -> Operation:
    name, words = str(place.pod.name), shlex.join(command)
    where = f"{name}/{place.container}" if len(place.containers) > 1 else name
    return Operation(
        verb=SHELL.name,
        title=safe(f"shell in {where}: {words or 'bash or sh'}", 300),
        target=place.pod.id,
        before=(("state", safe(f"{place.pod.phase}, restarts {place.pod.restarts or 0}")),),
        after=(("shell", safe(words, 300) if words else SafeText("the first of bash and sh that the image has")),),
        arguments=(("pod", name), ("container", place.container), ("command", words)),
        precondition=place.pod.id.instance,
        done_when=ATTENDED,
        deadline=1.0,
        command=kubectl(hands, workload, f"exec -it {name} -c {place.container} -- {words or 'sh'}"),
    )


def _choices(place: Place, running: Sequence[Instance]) -> tuple[tuple[str, SafeText], ...]:
    """The containers of the pod that is meant, then the other pods."""
    uid = place.pod.id.instance
    names = sorted(place.containers, key=lambda name: name != place.container)
    mine = [(f"{uid}/{name}", safe(f"{place.pod.name} container {name}", 120)) for name in names]
    if len(names) == 1:
        mine = [(uid, safe(f"{place.pod.name}  {place.pod.phase}", 120))]
    others = [(one.id.instance, safe(f"{one.name}  {one.phase}", 120)) for one in running if one is not place.pod]
    found = (*mine, *others)[:CHOICES_MOST]
    return found if len(found) > 1 else ()
