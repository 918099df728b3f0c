"""The faults that can be injected, as a table: what breaks, how it is injected and cleared, and what mends it.

Three kinds exist. An *effect* lives in the processes of a service and ends with them (or is kept on their disk). A bad
value in the environment and a bad release are the service's definition: they outlive every restart.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from cockpit.demo.shape import BAD_RELEASE


class Platform(Protocol):
    """What a fault may do to the platform."""

    def set_effect(self, service: str, effect: str, on: bool, speed: float) -> None: ...

    def has_effect(self, service: str, effect: str) -> bool: ...

    def set_env(self, service: str, changes: Mapping[str, str | None]) -> None: ...

    def env(self, service: str) -> Mapping[str, str]: ...

    def release(self, service: str, version: str) -> None: ...

    def current_release(self, service: str) -> str: ...

    def previous_release(self, service: str) -> str: ...


class Mend(NamedTuple):
    """A mitigation that ends a fault. verb: an operation of the demo host, or "call" (HTTP to the service)."""

    verb: str
    arguments: Mapping[str, str]
    words: str


class Fault(NamedTuple):
    """One drill. inject takes the speed (1.0 as in life, more is quicker); active says whether it still holds."""

    name: str
    line: str
    service: str
    shows: str
    """Which component of the service's /health, or what else, tells of it."""
    inject: Callable[[Platform, float], None]
    clear: Callable[[Platform], None]
    active: Callable[[Platform], bool]
    mends: tuple[Mend, ...]
    useless: tuple[str, ...] = ()
    """Verbs that a responder may try and that do not help."""


GOOD_TIMEOUT, BAD_TIMEOUT = "2000", "2s"
TIMEOUT_KEY = "PROVIDER_TIMEOUT_MS"


def _bad_env(platform: Platform, _speed: float) -> None:
    platform.set_env("payments", {TIMEOUT_KEY: BAD_TIMEOUT})


def _good_env(platform: Platform) -> None:
    platform.set_env("payments", {TIMEOUT_KEY: GOOD_TIMEOUT})


def _env_is_bad(platform: Platform) -> bool:
    return platform.env("payments").get(TIMEOUT_KEY) == BAD_TIMEOUT


def _roll_out(platform: Platform, _speed: float) -> None:
    platform.release(*BAD_RELEASE)


def _roll_back(platform: Platform) -> None:
    platform.release(BAD_RELEASE[0], platform.previous_release(BAD_RELEASE[0]))


def _bad_release_runs(platform: Platform) -> bool:
    return platform.current_release(BAD_RELEASE[0]) == BAD_RELEASE[1]


def _effect(
    name: str, line: str, service: str, shows: str, mends: tuple[Mend, ...], useless: tuple[str, ...] = ()
) -> Fault:
    """A fault that the service's own processes carry out under its name."""

    def inject(platform: Platform, speed: float) -> None:
        platform.set_effect(service, name, True, speed)

    def clear(platform: Platform) -> None:
        platform.set_effect(service, name, False, 1.0)

    def active(platform: Platform) -> bool:
        return platform.has_effect(service, name)

    return Fault(name, line, service, shows, inject, clear, active, mends, useless)


def _restart(words: str) -> Mend:
    return Mend("restart", {}, words)


def _post(path: str, words: str) -> Mend:
    return Mend("call", {"method": "POST", "path": path}, words)


FAULTS: tuple[Fault, ...] = (
    Fault(
        "crash-loop",
        "payments exits at every start: a value in its environment is wrong",
        "payments",
        "exit code 1 again and again; checkout names payments",
        _bad_env,
        _good_env,
        _env_is_bad,
        (Mend("set_env", {TIMEOUT_KEY: GOOD_TIMEOUT}, "set the value that its last line asks for"),),
        ("restart", "kill", "remove"),
    ),
    _effect(
        "slow-dependency",
        "orders-db answers slowly: a report holds its locks, carts and orders wait",
        "orders-db",
        "locks",
        (_post("/admin/queries/end", "end the report's query"), _restart("a restart ends every query")),
    ),
    _effect(
        "memory-leak",
        "catalog keeps every picture it ever rendered: memory grows to 200 MiB",
        "catalog",
        "memory",
        (_restart("a restart gives the memory back"),),
    ),
    _effect(
        "error-burst",
        "payments sends over dead connections: more than half of all charges fail",
        "payments",
        "acquirer",
        (_restart("a restart connects anew"),),
    ),
    Fault(
        "bad-release",
        "checkout 3.9.0 is rolled out and turns bad a moment later: a migration is missing",
        BAD_RELEASE[0],
        "schema",
        _roll_out,
        _roll_back,
        _bad_release_runs,
        (Mend("release", {"version": "3.8.1"}, "roll back to the previous release"),),
        ("restart",),
    ),
    _effect(
        "full-disk",
        "orders-db has no space left: a forgotten base backup fills its volume",
        "orders-db",
        "disk",
        (
            _post("/admin/archive", "archive the log and delete the left-over backup"),
            Mend("set_env", {"DISK_BUDGET_KB": "8192"}, "grow the volume"),
        ),
        ("restart",),
    ),
    _effect(
        "hung-endpoint",
        "cart accepts requests and never answers: its workers wait for each other",
        "cart",
        "no answer within",
        (_restart("a restart frees the workers"),),
    ),
)

BY_NAME: Mapping[str, Fault] = {fault.name: fault for fault in FAULTS}
