"""More or fewer containers of a Compose service, over the Engine's API: a new one is a copy of one that is there.

This needs no files and works on a remote engine. Compose itself counts such containers as its own.
"""

import shlex

import msgspec
from msgspec import Struct

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import clone, shape, target
from cockpit.backends.docker.build import create
from cockpit.backends.docker.capture import keeping
from cockpit.backends.docker.choose import choose
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import image_of, short
from cockpit.backends.docker.leftover import leftover_risks
from cockpit.backends.docker.plan import Site, Target, make_plan
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
        image, risks = template.container.image, leftover_risks(ordered)
        if count > old:
            whole = await hands.whole(f"/containers/{template.container.id}/json")
            why = clone.why_not_beside(whole, target.name_of(template.container))
            if why:
                raise PlanRefused(f"{workload.id.name} cannot be scaled: {why}")
            image, more = await _image(hands, template)
            risks += [*more, *_ready_risk(template)]
        leaving = [target.name_of(one.container) for one in ordered[count:]]
        if leaving:
            risks.append(f"{', '.join(leaving)} will go, with the log; named volumes stay")
        mark = Mark(tuple(sorted(one.container.id for one in found)), template.container.id, image)
        operation = _operation(workload, ordered, template, mark, count, site)
        kept = keeping(hands, workload, ordered[count:], self.verb.name, site)
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
        """Create and start what is missing, or stop and remove the highest numbers."""
        planned = msgspec.json.decode(operation.precondition, type=Mark)
        count = int(dict(operation.arguments)["replicas"])
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


def _number(one: Target) -> tuple[int, str]:
    labels = (one.container.config.labels if one.container.config else None) or {}
    return shape.number_of(labels), target.name_of(one.container)


def _operation(
    workload: Workload, ordered: list[Target], template: Target, mark: Mark, count: int, site: Site
) -> Operation:
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
        command=compose_command(template, workload, count, site),
    )


def compose_command(template: Target, workload: Workload, count: int, site: Site) -> SafeText:
    """What Compose v2 would be told, with the files that its labels name."""
    labels = (template.container.config.labels if template.container.config else None) or {}
    files = [file for file in labels.get("com.docker.compose.project.config_files", "").split(",") if file]
    folder = labels.get("com.docker.compose.project.working_dir", "")
    words = ["compose", "-p", workload.id.space]
    words += [*(["--project-directory", folder] if folder else []), *(word for file in files for word in ("-f", file))]
    words += ["up", "-d", "--no-deps", "--no-recreate", "--no-build", "--pull", "never"]
    words += ["--scale", f"{workload.id.name}={count}", workload.id.name]
    return safe(f"docker {site.flags}{shlex.join(words)}", 500)


async def _rows(hands: Hands, operation: Operation) -> list[ContainerRow]:
    """The service's containers, without those of `compose run`."""
    given = dict(operation.arguments)
    labels = [f"{shape.PROJECT}={given['project']}", f"{shape.SERVICE}={given['service']}"]
    query: dict[str, str | int] = {"all": 1, "filters": msgspec.json.encode({"label": labels}).decode()}
    rows = await hands.client.get("/containers/json", list[ContainerRow], query)
    return [row for row in rows if not shape.is_one_off(row.labels or {})]
