"""Where a port of a container is reached from here: as published, else by its own address. Pure."""

from collections.abc import Iterable, Sequence

from cockpit.backends.base import Address, SourceError
from cockpit.backends.docker.endpoint import Endpoint
from cockpit.board.model import Health, Instance, Phase, Port, Workload
from cockpit.board.text import safe

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})
_HEALTH = {Health.HEALTHY: 0, Health.NONE: 0, Health.STARTING: 1, Health.UNHEALTHY: 2}


def find_address(workload: Workload, port: int, endpoint: Endpoint, *, host_network: bool, inside: bool) -> Address:
    """The best address of a workload's port. SourceError says why there is none.

    host_network: its containers have the engine's own network. inside: containers' addresses are reached from here.
    """
    running = [one for one in workload.instances if one.phase is Phase.RUNNING]
    if not running:
        raise SourceError(f"{workload.id.name} has no running container whose port {port} could be asked")
    running.sort(key=lambda one: _HEALTH[one.health])
    published = _published(running, port)
    if published is not None:
        return _reached(published, port, endpoint, workload.id.name)
    if host_network:
        host = "127.0.0.1" if endpoint.local else endpoint.host
        return Address(host, port, safe(f"port {port} of the engine's own network"))
    addresses = [address for one in running for address in one.addresses]
    if addresses and inside:
        return Address(addresses[0], port, safe(f"container address, port {port}"))
    raise SourceError(_why_not(workload, running, port, endpoint, bool(addresses)))


def _published(running: Iterable[Instance], port: int) -> Port | None:
    found = [one for instance in running for one in instance.ports if one.number == port and one.protocol == "tcp"]
    return next((one for one in found if one.host_port), None)


def _reached(port: Port, number: int, endpoint: Endpoint, name: str) -> Address:
    how = safe(f"published port of {number}")
    assert port.host_port is not None
    loopback = port.host_ip.startswith("127.") or port.host_ip == "::1"
    if endpoint.local:
        return Address("127.0.0.1" if port.host_ip in _EVERYWHERE else port.host_ip, port.host_port, how)
    if loopback:
        raise SourceError(
            f"port {number} of {name} is published on {port.host_ip} of {endpoint.host} only: not reached from here"
        )
    return Address(endpoint.host if port.host_ip in _EVERYWHERE else port.host_ip, port.host_port, how)


def _why_not(workload: Workload, running: Sequence[Instance], port: int, endpoint: Endpoint, has_address: bool) -> str:
    name = workload.id.name
    known = sorted({one.number for instance in running for one in instance.ports if one.host_port})
    published = f"published are {', '.join(map(str, known))}" if known else "it publishes no port"
    if not has_address:
        return f"port {port} of {name} is not published and its container has no address ({published})"
    where = f"on {endpoint.host}" if endpoint.host else "inside a virtual machine"
    return f"port {port} of {name} is not published ({published}), and its container is {where}: not reached from here"
