"""What may be set of a container or Swarm service, as it is typed, shown and sent. Pure."""

import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from cockpit.backends.change import PlanRefused
from cockpit.backends.docker.wire import HostConfig
from cockpit.board.text import safe

NONE = "none"
LEAST_MEMORY = 6 << 20
"""The engine's own least (6 MiB)."""
_PERIOD = 100_000
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s?([kmgt]?)i?b?", re.IGNORECASE)
_RESTART = re.compile(r"no|always|unless-stopped|on-failure(?::(\d{1,4}))?")
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}

OPTIONS = (
    ("image", "a tag, or the name of an image that is here"),
    ("cpus", "1.5, or none: no limit"),
    ("memory", "512m, 2g, or none: no limit"),
    ("restart", "no, always, unless-stopped, on-failure or on-failure:3"),
)


class Wish(Struct, frozen=True, omit_defaults=True):
    """What is to be set; empty: left as it is. cpus: cores, memory: bytes; "none": no limit."""

    image: str = ""
    cpus: str = ""
    memory: str = ""
    restart: str = ""

    @property
    def limits(self) -> tuple[tuple[str, str], ...]:
        """All but the image, as (name, value)."""
        found = (("cpus", self.cpus), ("memory", self.memory), ("restart", self.restart))
        return tuple(pair for pair in found if pair[1])


def read_wish(verb: str, arguments: Mapping[str, str]) -> Wish:
    """In one spelling each: cores with a point, bytes. PlanRefused says what is allowed."""
    given = {name: arguments.get(name, "").strip() for name, _ in OPTIONS}
    if not any(given.values()):
        raise PlanRefused(f"{verb}: nothing is to be set; say {', '.join(f'{name}=...' for name in given)}")
    allowed = dict(OPTIONS)
    cpus, memory = _cpus(given["cpus"]), _memory(given["memory"])
    for name, read in (("cpus", cpus), ("memory", memory), ("restart", _restart(given["restart"]))):
        if read is None:
            raise PlanRefused(f"{verb}: {name} is {allowed[name]}, not {safe(given[name], 40)}")
    return Wish(given["image"], cpus or "", memory or "", given["restart"])


def _cpus(text: str) -> str | None:
    if text in ("", NONE):
        return text
    if not re.fullmatch(r"\d{1,4}(\.\d{1,9})?", text) or float(text) < 0.01:
        return NONE if text and re.fullmatch(r"0+(\.0+)?", text) else None
    return f"{float(text):.9g}"


def _memory(text: str) -> str | None:
    if text in ("", NONE):
        return text
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    size = int(float(found[1]) * (1 << _UNITS[found[2].lower()]))
    return NONE if size == 0 else str(size) if size >= LEAST_MEMORY else None


def _restart(text: str) -> str | None:
    return text if not text or _RESTART.fullmatch(text) else None


def now_of(host: HostConfig) -> Wish:
    """How a container is set now."""
    policy = host.restart_policy
    word = (policy.name if policy else "") or "no"
    tries = policy.maximum_retry_count if policy else 0
    cores = host.nano_cpus / 1e9 or (host.cpu_quota / (host.cpu_period or _PERIOD) if host.cpu_quota > 0 else 0)
    return Wish(
        cpus=f"{cores:.9g}" if cores else NONE,
        memory=str(host.memory) if host.memory > 0 else NONE,
        restart=f"{word}:{tries}" if word == "on-failure" and tries else word,
    )


def differs(wish: Wish, now: Wish) -> Wish:
    """Of what is wished, that which is not so yet."""
    return Wish(
        cpus=wish.cpus if wish.cpus != now.cpus else "",
        memory=wish.memory if wish.memory != now.memory else "",
        restart=wish.restart if wish.restart != now.restart else "",
    )


def only(wish: Wish, now: Wish) -> Wish:
    """How that which is wished is set now: what takes the wish back."""
    return Wish(
        cpus=now.cpus if wish.cpus else "",
        memory=now.memory if wish.memory else "",
        restart=now.restart if wish.restart else "",
    )


def body_of(wish: Wish, host: HostConfig) -> dict[str, object]:
    """The fields of HostConfig that say so, also for POST /containers/{id}/update (which takes no limit off)."""
    body: dict[str, object] = {}
    if wish.cpus:
        cores = 0.0 if wish.cpus == NONE else float(wish.cpus)
        if host.cpu_quota > 0:  # the engine refuses one of the two ways to say it beside the other
            period = host.cpu_period or _PERIOD
            body |= {"CpuPeriod": period if cores else 0, "CpuQuota": round(cores * period)}
        else:
            body["NanoCpus"] = round(cores * 1e9)
    if wish.memory:
        size = 0 if wish.memory == NONE else int(wish.memory)
        body |= {"Memory": size, "MemorySwap": _swap(size, host)}
    if wish.restart:
        word, _, tries = wish.restart.partition(":")
        body["RestartPolicy"] = {"Name": word, "MaximumRetryCount": int(tries or 0)}
    return body


def _swap(size: int, host: HostConfig) -> int:
    """Memory and swap together: as much swap beside it as before; as much again where none was said, as the engine."""
    if not size or host.memory_swap < 0:
        return min(0, host.memory_swap) if size else 0
    if host.memory > 0 and host.memory_swap > 0:
        return size + max(0, host.memory_swap - host.memory)
    return size * 2


def shown(name: str, value: str) -> str:
    """ "512 MiB" for bytes, the rest as it is."""
    if name != "memory" or not value.isdecimal():
        return value
    for unit, bits in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if int(value) >= 1 << bits:
            return f"{int(value) / (1 << bits):.4g} {unit}"
    return f"{value} B"


def words(wish: Wish) -> str:
    """ "cpus 1.5, memory 512 MiB"."""
    return ", ".join(f"{name} {shown(name, value)}" for name, value in wish.limits)


def flags(wish: Wish, host: HostConfig) -> Iterator[str]:
    """The same for `docker update`."""
    body = body_of(wish, host)
    if wish.cpus:
        yield f"--cpus {wish.cpus}"
    if wish.memory:
        yield f"--memory {wish.memory} --memory-swap {body['MemorySwap']}"
    if wish.restart:
        yield f"--restart {wish.restart}"
