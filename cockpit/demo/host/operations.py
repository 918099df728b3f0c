"""What the socket's callers may ask for, as a table of small functions."""

import re
import signal
import time
from collections.abc import Callable, Mapping

from cockpit.demo.faults import BY_NAME as FAULTS_BY_NAME
from cockpit.demo.faults import FAULTS
from cockpit.demo.host.instance import GRACE, Instance
from cockpit.demo.host.process import usage
from cockpit.demo.host.service import ServiceState
from cockpit.demo.host.supervisor import Supervisor
from cockpit.demo.shape import MIB

Params = Mapping[str, object]
Result = dict[str, object]
SIGNALS = {"KILL", "TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ABRT"}
ENV_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,63}\Z")
ENV_VALUE_LIMIT, ENV_LIMIT = 1024, 64


class Refused(Exception):
    """A request that is not done. code: bad-request, unknown-op, not-found, conflict or refused."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def text(params: Params, key: str) -> str:
    """A parameter that must be a word. Raises Refused."""
    value = params.get(key)
    if isinstance(value, str) and 0 < len(value) <= 200:
        return value
    raise Refused("bad-request", f"{key}: expected a text of 1 to 200 characters")


def number(params: Params, key: str, default: float | None, low: float, high: float) -> float:
    """A parameter that must be a number from low to high. Raises Refused."""
    value = params.get(key, default)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
        return value
    raise Refused("bad-request", f"{key}: expected a number from {low:g} to {high:g}")


def flag(params: Params, key: str, default: bool) -> bool:
    """A parameter that must be true or false. Raises Refused."""
    value = params.get(key, default)
    if isinstance(value, bool):
        return value
    raise Refused("bad-request", f"{key}: expected true or false")


def the_service(host: Supervisor, params: Params) -> ServiceState:
    """The service that the request names; with `if_generation` only in that state. Raises Refused."""
    name = text(params, "service")
    service = host.services.get(name)
    if service is None:
        raise Refused("not-found", f"{name}: no such service (there are {', '.join(host.services)})")
    expected = params.get("if_generation", service.generation)
    if expected != service.generation:
        raise Refused("conflict", f"{name}: changed meanwhile (generation {service.generation}, expected {expected})")
    return service


def the_instance(host: Supervisor, params: Params) -> Instance:
    """The instance that the request names; with `if_pid` only this process of it. Raises Refused."""
    name = text(params, "instance")
    instance = host.instances.get(name)
    if instance is None:
        raise Refused("not-found", f"{name}: no such instance (there are {', '.join(host.instances)})")
    pid = instance.child.pid if instance.child else None
    if params.get("if_pid", pid) != pid:
        raise Refused("conflict", f"{name}: its process changed meanwhile (now {pid or 'none'})")
    return instance


def the_instances(host: Supervisor, params: Params) -> list[Instance]:
    """One instance, or all of a service."""
    if "instance" in params:
        return [the_instance(host, params)]
    return host.of(the_service(host, params).name)


def _accepted(service: ServiceState) -> Result:
    return {"accepted": True, "generation": service.generation}


def _restart(host: Supervisor, params: Params) -> Result:
    chosen = the_instances(host, params)
    service = chosen[0].service
    for instance in chosen:
        instance.wanted = True
    host.roll(service, chosen, "restart")
    return _accepted(service)


def _stop(host: Supervisor, params: Params) -> Result:
    chosen = the_instances(host, params)
    for instance in chosen:
        instance.end("stay", number(params, "grace", GRACE, 0.0, 60.0))
    return _accepted(chosen[0].service)


def _start(host: Supervisor, params: Params) -> Result:
    chosen = the_instances(host, params)
    for instance in chosen:
        if instance.state == "stopping":
            instance.end("start")
        instance.start()
    return _accepted(chosen[0].service)


def _running(instance: Instance) -> Instance:
    if instance.child is None:
        raise Refused("refused", f"{instance.name}: it does not run (it is {instance.state})")
    return instance


def _signal(name: str) -> Callable[[Supervisor, Params], Result]:
    def send(host: Supervisor, params: Params) -> Result:
        chosen = the_instances(host, params)
        if "instance" in params:
            _running(chosen[0])
        for instance in chosen:
            instance.signal(signal.Signals[name])
        return _accepted(chosen[0].service)

    return send


def _kill(host: Supervisor, params: Params) -> Result:
    name = str(params.get("signal", "KILL")).removeprefix("SIG")
    if name not in SIGNALS:
        raise Refused("bad-request", f"signal: expected one of {', '.join(sorted(SIGNALS))}")
    return _signal(f"SIG{name}")(host, params)


def _remove(host: Supervisor, params: Params) -> Result:
    instance = the_instance(host, params)
    instance.end("remove")
    return _accepted(instance.service)


def _scale(host: Supervisor, params: Params) -> Result:
    service = the_service(host, params)
    shape = service.shape
    count = int(number(params, "n", None, 1, 1000))
    if shape.scale_refusal and count > shape.max_instances:
        raise Refused("refused", f"{service.name} cannot be scaled: {shape.scale_refusal}")
    if count > shape.max_instances:
        raise Refused("refused", f"{service.name}: at most {shape.max_instances} instances in the demo, not {count}")
    host.scale(service, count)
    return _accepted(service)


def _limit(host: Supervisor, params: Params) -> Result:
    service = the_service(host, params)
    host.limit_memory(service, int(number(params, "memory", None, MIB, 1024 * MIB)))
    return _accepted(service)


def _release(host: Supervisor, params: Params) -> Result:
    service, version = the_service(host, params), text(params, "version")
    versions = service.shape.versions
    if version not in versions:
        raise Refused("not-found", f"{service.name}: no release {version} (there are {', '.join(versions)})")
    if version == service.release:
        raise Refused("refused", f"{service.name}: {version} is what runs")
    host.release(service.name, version)
    return _accepted(service)


def _set_env(host: Supervisor, params: Params) -> Result:
    service, wanted = the_service(host, params), params.get("set")
    if not isinstance(wanted, dict) or not wanted:
        raise Refused("bad-request", "set: expected an object of variables; null unsets one")
    changes: dict[str, str | None] = {}
    for key, value in wanted.items():
        if not ENV_KEY.match(key):
            raise Refused("bad-request", f"set: {key[:80]!r} is not a name (capitals, digits, _)")
        if value is not None and not (isinstance(value, str) and len(value) <= ENV_VALUE_LIMIT):
            raise Refused("bad-request", f"set: {key}: expected a text of at most {ENV_VALUE_LIMIT} characters or null")
        changes[key] = value
    if len(service.env.keys() | changes.keys()) > ENV_LIMIT:
        raise Refused("refused", f"{service.name}: more than {ENV_LIMIT} variables")
    host.set_env(service.name, changes)
    return _accepted(service)


def fault_list(host: Supervisor) -> list[Result]:
    """Every fault with whether it holds now."""
    return [
        {
            "name": fault.name,
            "line": fault.line,
            "service": fault.service,
            "shows": fault.shows,
            "active": fault.active(host),
            "mends": [mend._asdict() for mend in fault.mends],
            "useless": list(fault.useless),
        }
        for fault in FAULTS
    ]


def _fault(host: Supervisor, params: Params) -> Result:
    name = text(params, "name")
    fault = FAULTS_BY_NAME.get(name)
    if fault is None:
        raise Refused("not-found", f"{name}: no such fault (there are {', '.join(FAULTS_BY_NAME)})")
    if params.get("service", fault.service) != fault.service:
        raise Refused("refused", f"{name} can only be injected into {fault.service}")
    speed, on = number(params, "speed", 1.0, 0.1, 100.0), flag(params, "on", True)
    if on and fault.active(host):
        raise Refused("refused", f"{name} holds already")
    if on:
        if not any(instance.state == "running" for instance in host.of(fault.service)):
            raise Refused("refused", f"{name}: no instance of {fault.service} runs")
        fault.inject(host, speed)
    elif fault.active(host):
        fault.clear(host)
    return {"accepted": True}


def snapshot(host: Supervisor) -> Result:
    """The whole platform as it is now."""
    return {
        "services": [service.as_json() for service in host.services.values()],
        "instances": [instance.as_json() for instance in host.instances.values()],
        "faults": fault_list(host),
    }


def _stats(host: Supervisor, _params: Params) -> Result:
    found: dict[str, object] = {}
    for instance in host.instances.values():
        used = usage(instance.child.pid) if instance.child else None
        if used is not None:
            found[instance.name] = used._asdict()
    return {"at": time.time(), "monotonic": time.monotonic(), "instances": found}


OPERATIONS: Mapping[str, Callable[[Supervisor, Params], Result]] = {
    "list": lambda host, _params: snapshot(host),
    "faults": lambda host, _params: {"faults": fault_list(host)},
    "stats": _stats,
    "restart": _restart,
    "stop": _stop,
    "start": _start,
    "kill": _kill,
    "pause": _signal("SIGSTOP"),
    "resume": _signal("SIGCONT"),
    "remove": _remove,
    "scale": _scale,
    "release": _release,
    "set_env": _set_env,
    "limit": _limit,
    "fault": _fault,
}
