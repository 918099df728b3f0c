"""More or fewer containers of a Compose service, by Compose itself where it is here with the files it used.

Elsewhere over the Engine's API: a new one is a copy of one that is there. This needs no files and works on a remote
engine. Compose itself counts such containers as its own.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import clone, compose_cli, shape, target
from cockpit.backends.docker.build import create
from cockpit.backends.docker.capture import keeping
from cockpit.backends.docker.choose import choose
from cockpit.backends.docker.compose_cli import Recorded, Unusable, Usable
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import image_of, short
from cockpit.backends.docker.leftover import leftover_risks
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.renew import labels_of
from cockpit.backends.docker.wire import ContainerRow
from cockpit.board.model import SafeText, Workload
from cockpit.board.text import safe

MOST = 100
MARGIN = 20.0


class Mark(Struct, frozen=True):
    """What a plan was made for: the service's containers, the one that is copied, and the image its copies run."""

    containers: tuple[str, ...]
    template: str
    image: str


class ScaleCompose:
    """Scaling one Compose service."""

    verb = Verb(name="scale", title="Scale", arguments=(("replicas", f"a number from 1 to {MOST}"),))

    def offered(self, workload: Workload) -> bool:
        """Whether there is a container to copy."""
        return bool(workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused: no number, nothing to do, or a configuration that cannot stand twice."""
        found, _, site = await choose(hands, workload, self.verb.name, {})
        count, old = _count(workload, arguments, len(found)), len(found)
        ordered = sorted(found, key=_number)
        template = next((one for one in reversed(ordered) if target.is_ready(one.instance)), ordered[-1])
        image, risks, moved = template.container.image, leftover_risks(ordered), list[str]()
        if count > old:
            whole = await hands.whole(f"/containers/{template.container.id}/json")
            why = clone.why_not_beside(whole, target.name_of(template.container))
            if why:
                raise PlanRefused(f"{workload.id.name} cannot be scaled: {why}")
            image, moved = await _image(hands, template)
            risks += [*moved, *_ready_risk(template)]
        said = compose_cli.recorded(labels_of(template))
        cli = Unusable("its image name means another image") if moved else await compose_cli.find(hands, said)
        leaving = _leaving(ordered, count, cli)
        risks += _leaving_risk(leaving, old - count)
        mark = Mark(tuple(sorted(one.container.id for one in found)), template.container.id, image)
        operation = _through(cli, said, count, site, _operation(workload, ordered, template, mark, count))
        kept = keeping(hands, workload, leaving, self.verb.name, site)
        return make_plan(
            self.verb.name, workload, (*kept, operation), site, risks=tuple(safe(risk, 300) for risk in risks)
        )  # fmt: skip

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether the service has the same containers as planned."""
        planned = msgspec.json.decode(operation.precondition, type=Mark)
        now = tuple(sorted(row.id for row in await _rows(hands, operation)))
        if now != planned.containers:
            return f"{operation.target.name} has other containers now ({len(now)}, were {len(planned.containers)})"
        return ""

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """As planned: run Compose, or create and start what is missing, or stop and remove the highest numbers."""
        planned, given = msgspec.json.decode(operation.precondition, type=Mark), dict(operation.arguments)
        if "argv" in given:
            argv = msgspec.json.decode(given["argv"], type=list[str])
            return await compose_cli.run(hands, argv, operation.deadline + MARGIN)
        count = int(given["replicas"])
        rows = sorted(await _rows(hands, operation), key=lambda row: shape.number_of(row.labels or {}))
        names: list[str] = []
        try:
            if count > len(rows):
                await _add(hands, planned, rows, count - len(rows), names)
            for row in reversed(rows[count:]):
                await _remove(hands, row, operation.deadline, names)
        except EngineAnswer as error:
            done = f" (done before: {', '.join(names)})" if names else ""
            return Outcome(accepted=False, detail=safe(f"{error}{done}", 500))
        return Outcome(accepted=True, facts=(("containers", safe(", ".join(names), 500)),))


async def _add(hands: Hands, planned: Mark, rows: list[ContainerRow], missing: int, names: list[str]) -> None:
    whole = await hands.whole(f"/containers/{planned.template}/json")
    head = clone.numbered(str(whole["Name"]).lstrip("/"), whole)
    copy = clone.clone(whole, planned.image, same_place=False)
    taken = {shape.number_of(row.labels or {}) for row in rows}
    free = (number for number in range(1, MOST * 100) if number not in taken)
    for _ in range(missing):
        number = next(free)
        made = await create(hands, f"{head}{number}", copy, clone.beside(copy.body, number))
        await hands.client.post(f"/containers/{made}/start", timeout=MARGIN)
        names.append(f"{head}{number} started")


async def _remove(hands: Hands, row: ContainerRow, deadline: float, names: list[str]) -> None:
    name = shape.row_name(row)
    await hands.client.post(f"/containers/{row.id}/stop", timeout=deadline + MARGIN)
    await hands.client.delete(f"/containers/{row.id}", timeout=MARGIN)
    names.append(f"{name} removed")


def _count(workload: Workload, arguments: dict[str, str], old: int) -> int:
    asked, name = arguments.get("replicas", "").strip(), workload.id.name
    if asked == "0":
        raise PlanRefused(f"{name}: the last container is what others are copied from: stop it instead of scaling to 0")
    if not asked.isdecimal() or not 1 <= int(asked) <= MOST:
        raise PlanRefused(f"scale {name}: replicas is a number from 1 to {MOST}, not {safe(asked, 40) or 'empty'}")
    if int(asked) == old:
        raise PlanRefused(f"{name}: there are {old} already")
    return int(asked)


async def _image(hands: Hands, template: Target) -> tuple[str, list[str]]:
    """What copies run: the name if it still means the same image, else the image itself."""
    container = template.container
    name = container.config.image if container.config else ""
    if not name or name.startswith("sha256:"):
        return container.image, []
    found = await image_of(hands, name)
    if found is not None and found.id == container.image:
        return name, []
    return container.image, [f"{name} means another image by now: copies run {short(container.image)} as the others do"]


def _ready_risk(template: Target) -> list[str]:
    if target.is_ready(template.instance):
        return []
    return [f"{target.name_of(template.container)}, which is copied, is not ready itself: its copies may not be either"]


def _leaving(ordered: list[Target], count: int, cli: Usable | Unusable) -> list[Target]:
    """Those that may go: which ones Compose takes away differs between its versions."""
    return ordered if isinstance(cli, Usable) and count < len(ordered) else ordered[count:]


def _leaving_risk(leaving: list[Target], gone: int) -> list[str]:
    if not leaving:
        return []
    names = ", ".join(target.name_of(one.container) for one in leaving)
    who = f"{gone} of {names}" if gone < len(leaving) else names
    return [f"{who} will go, with the log; named volumes stay"]


def _number(one: Target) -> tuple[int, str]:
    return shape.number_of(labels_of(one)), target.name_of(one.container)


def _operation(workload: Workload, ordered: list[Target], template: Target, mark: Mark, count: int) -> Operation:
    old = len(ordered)
    ready = sum(target.is_ready(one.instance) for one in ordered)
    step = target.start_time(template.container) if count > old else target.stop_time(template.container) + MARGIN
    return Operation(
        verb="scale",
        title=safe(f"scale {workload.id.name} from {old} to {count}", 300),
        target=workload.id,
        before=(("instances", safe(f"{old}, {ready} ready")),),
        after=(("instances", SafeText(str(count))), ("copied from", safe(target.name_of(template.container), 255))),
        arguments=(("replicas", str(count)), ("project", workload.id.space), ("service", workload.id.name)),
        precondition=msgspec.json.encode(mark).decode(),
        done_when="replicas",
        inverse=("scale", (("replicas", str(old)),)),
        deadline=step * max(1, min(5, abs(count - old))),
    )


def _through(cli: Usable | Unusable, said: Recorded, count: int, site: Site, plain: Operation) -> Operation:
    """The operation with who does it, and Compose's command line for it."""
    if isinstance(cli, Unusable):
        words = f"docker {site.flags}{compose_cli.shown(said.scale(count))}"
        by = (("done by", safe(f"the Engine's API: {cli.why}", 300)),)
        return replace(plain, after=(*plain.after, *by), command=safe(words, 500))
    argv = (*cli.docker, *said.scale(count))
    return replace(
        plain,
        after=(*plain.after[:1], ("done by", safe(f"docker compose {cli.version}", 60))),
        arguments=(*plain.arguments, ("argv", msgspec.json.encode(argv).decode())),
        command=safe(compose_cli.shown(argv), 2000),
    )


async def _rows(hands: Hands, operation: Operation) -> list[ContainerRow]:
    """The service's containers, without those of `compose run`."""
    given = dict(operation.arguments)
    labels = [f"{shape.PROJECT}={given['project']}", f"{shape.SERVICE}={given['service']}"]
    query: dict[str, str | int] = {"all": 1, "filters": msgspec.json.encode({"label": labels}).decode()}
    rows = await hands.client.get("/containers/json", list[ContainerRow], query)
    return [row for row in rows if not shape.is_one_off(row.labels or {})]
