"""Taking containers off all of their networks, and back: they go on running, and nothing reaches them over the network.

Everything that is needed to connect them again stands in the inverse: networks, names in them, fixed addresses.
"""

import asyncio
import shlex
from collections.abc import Sequence
from urllib.parse import quote

from cockpit.backends.change import Operation, Outcome, Plan, PlanRefused, Verb
from cockpit.backends.docker import endpoints, target
from cockpit.backends.docker.capture import before_each
from cockpit.backends.docker.choose import check_container, choose
from cockpit.backends.docker.endpoints import Endpoint
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.plan import Site, Target, make_plan
from cockpit.backends.docker.renew import names_of
from cockpit.backends.docker.verbs import INSTANCE
from cockpit.board.model import Phase, SafeText, Workload
from cockpit.board.text import safe

TIME = 20.0
"""Seconds for one network: a container may have to be asked about by the engine's own parts."""
MARGIN = 30.0


class Isolate:
    """Off all networks."""

    verb = Verb(name="isolate", title="Isolate (off all networks)", options=(INSTANCE,))

    def offered(self, workload: Workload) -> bool:
        """Whether a container runs that has an address."""
        return any(one.phase is Phase.RUNNING and one.addresses for one in workload.instances)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container, what is known of it kept before. PlanRefused."""
        chosen, others, site = await choose(hands, workload, self.verb.name, arguments)
        running = [one for one in chosen if one.instance.phase is Phase.RUNNING]
        if not running:
            raise PlanRefused(f"{workload.id.name}: nothing to isolate: no container runs")
        found = {one.container.id: await _attached(hands, one) for one in running}
        by_name = {target.name_of(one.container): found[one.container.id] for one in running}
        inverse = ("connect", (("networks", endpoints.written(by_name)), names_of(running)))
        operations = [self._operation(one, found[one.container.id], inverse, site) for one in running]
        stays = sum(target.is_ready(one.instance) for one in others)
        return make_plan(
            self.verb.name, workload, before_each(hands, workload, running, operations, self.verb.name, site), site,
            danger="low" if stays else "high", risks=_risks(running, stays),
        )  # fmt: skip

    def _operation(
        self, one: Target, found: Sequence[Endpoint], inverse: tuple[str, tuple[tuple[str, str], ...]], site: Site
    ) -> Operation:
        name = target.name_of(one.container)
        commands = (
            f"docker {site.flags}network disconnect {shlex.quote(each.network)} {shlex.quote(name)}" for each in found
        )
        return Operation(
            verb=self.verb.name,
            title=safe(f"disconnect {name} from {', '.join(each.network for each in found)}", 300),
            target=one.instance.id,
            before=(*target.before(one.instance), ("networks", safe(endpoints.shown(found), 300))),
            after=(("networks", SafeText("none")), ("container", SafeText("goes on running"))),
            arguments=(("place", name),),
            precondition=target.precondition(one.container),
            done_when="isolated",
            inverse=inverse,
            deadline=TIME * len(found) + MARGIN,
            command=safe("; ".join(commands), 500),
        )

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether it is still the container that the plan was made for."""
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Off each network that it is on now; what is begun is brought to its end."""
        return await asyncio.shield(asyncio.ensure_future(_disconnected(hands, operation.target.instance)))


class Connect:
    """Back on the networks that are named."""

    verb = Verb(
        name="connect", title="Connect to networks", arguments=(("networks", endpoints.ALLOWED),), options=(INSTANCE,)
    )

    def offered(self, workload: Workload) -> bool:
        """Whether a container runs that is on none of its networks."""
        return bool(workload.isolated)

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """One operation for each container that is named. PlanRefused."""
        wanted = endpoints.read(arguments.get("networks", ""))
        chosen, _, site = await choose(hands, workload, self.verb.name, {"instance": ",".join(wanted)})
        missing = wanted.keys() - {target.name_of(one.container) for one in chosen}
        if missing:
            raise PlanRefused(f"{workload.id.name}: there is no container {safe(', '.join(sorted(missing)), 200)}")
        operations = []
        for one in chosen:
            new = await _missing(hands, one, wanted[target.name_of(one.container)])
            if new:
                operations.append(self._operation(one, new, chosen, arguments["networks"], site))
        if not operations:
            raise PlanRefused(f"{workload.id.name}: it is on these networks already")
        return make_plan(self.verb.name, workload, tuple(operations), site)

    def _operation(
        self, one: Target, new: Sequence[Endpoint], chosen: Sequence[Target], text: str, site: Site
    ) -> Operation:
        name = target.name_of(one.container)
        return Operation(
            verb=self.verb.name,
            title=safe(f"connect {name} to {', '.join(each.network for each in new)}", 300),
            target=one.instance.id,
            before=target.before(one.instance),
            after=(("networks", safe(endpoints.shown(new), 300)),),
            arguments=(
                ("networks", text), ("place", name), ("mine", endpoints.written({name: new})),
                ("count", str(len(one.instance.addresses) + len(new))),
            ),
            precondition=target.precondition(one.container),
            done_when="connected",
            inverse=("isolate", (names_of(chosen),)),
            deadline=TIME * len(new) + target.start_time(one.container),
            command=safe("; ".join(_command(each, name, site) for each in new), 500),
        )  # fmt: skip

    async def check(self, hands: Hands, operation: Operation) -> str:
        """Whether it is still the container that the plan was made for."""
        return await check_container(hands, operation)

    async def perform(self, hands: Hands, operation: Operation) -> Outcome:
        """Join each network. Those that were joined stay when one is refused; that is said."""
        return await asyncio.shield(asyncio.ensure_future(_connected(hands, operation)))


class IsolateSwarm(Isolate):
    """Why a Swarm service cannot be isolated."""

    def offered(self, workload: Workload) -> bool:
        """Never."""
        return False

    async def plan(self, hands: Hands, workload: Workload, arguments: dict[str, str]) -> Plan:
        """PlanRefused."""
        raise PlanRefused(
            f"{workload.id.name} cannot be isolated: the swarm joins its tasks to their networks, and replaces one that"
            " is taken off; scale it to 0, or remove its published port"
        )


async def _attached(hands: Hands, one: Target) -> tuple[Endpoint, ...]:
    """The networks of a container. PlanRefused when it has none that it could be taken off."""
    whole = await hands.whole(f"/containers/{one.container.id}/json")
    mode, name = endpoints.mode_of(whole), target.name_of(one.container)
    if mode.startswith("host"):
        raise PlanRefused(f"{name} uses the network of its host, which it cannot be taken off: pause or stop it")
    if mode.startswith("container:"):
        raise PlanRefused(f"{name} uses the network of container {mode[10:22]}: isolate that one")
    found = endpoints.endpoints_of(whole)
    if mode == "none" or not found or {each.network for each in found} == {"none"}:
        raise PlanRefused(f"{name}: it is on no network")
    return found


async def _missing(hands: Hands, one: Target, wanted: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
    whole = await hands.whole(f"/containers/{one.container.id}/json")
    if endpoints.mode_of(whole).startswith(("host", "container:")):
        raise PlanRefused(f"{target.name_of(one.container)} uses another's network: it joins none of its own")
    joined = {each.network for each in endpoints.endpoints_of(whole)}
    return tuple(each for each in wanted if each.network not in joined)


async def _disconnected(hands: Hands, container: str) -> Outcome:
    left: list[str] = []
    for one in endpoints.endpoints_of(await hands.whole(f"/containers/{container}/json")):
        path = f"/networks/{quote(one.network, safe='')}/disconnect"
        try:
            await hands.client.post(path, {"Container": container, "Force": False}, timeout=TIME)
        except EngineAnswer as error:
            done = f" (off before: {', '.join(left)})" if left else ""
            return Outcome(accepted=False, detail=safe(f"still on {one.network}: {error.message}{done}", 500))
        left.append(one.network)
    return Outcome(accepted=True, facts=(("disconnected", safe(", ".join(left), 500)),))


async def _connected(hands: Hands, operation: Operation) -> Outcome:
    container, given = operation.target.instance, dict(operation.arguments)
    joined: list[str] = []
    for one in endpoints.read(given["mine"])[given["place"]]:
        path = f"/networks/{quote(one.network, safe='')}/connect"
        body = {"Container": container, "EndpointConfig": one.settings}
        try:
            await hands.client.post(path, body, timeout=TIME)
        except EngineAnswer as error:
            done = f" (joined before: {', '.join(joined)})" if joined else ""
            return Outcome(accepted=False, detail=safe(f"not on {one.network}: {error.message}{done}", 500))
        joined.append(one.network)
    return Outcome(accepted=True, facts=(("connected", safe(", ".join(joined), 500)),))


def _command(one: Endpoint, name: str, site: Site) -> str:
    words = [f"docker {site.flags}network connect"]
    address = (one.settings.get("IPAMConfig") or {}).get("IPv4Address")
    words += [f"--ip {address}"] if address else []
    words += [f"--alias {shlex.quote(alias)}" for alias in one.settings.get("Aliases") or ()]
    return " ".join((*words, shlex.quote(one.network), shlex.quote(name)))


def _risks(running: Sequence[Target], stays: int) -> tuple[SafeText, ...]:
    ready = sum(target.is_ready(one.instance) for one in running)
    ports = sorted({port.host_port for one in running for port in one.instance.ports if port.host_port})
    left = f"{stays} ready stay reachable" if stays else "nothing of it can be reached any more"
    risks = [f"{ready} ready go off the network: {left}"] if ready else []
    if ports:
        numbers = ", ".join(map(str, ports))
        risks.append(f"its published ports ({numbers}) answer nothing until it is connected again")
    risks.append("it goes on running: volumes, sockets in them and docker exec still reach it")
    return tuple(safe(risk, 300) for risk in risks)
