"""What a service is born with, and its line to the demo host."""

import json
import os
import random
import socket
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cockpit.demo.shop.logs import Log
from cockpit.demo.shop.metrics import Metrics

Registry = dict[str, list[dict[str, int]]]
"""Where each service's instances listen: ports by name."""


class ConfigError(Exception):
    """A value in the environment cannot be used. str(error) names it and what is expected."""


class Birth(NamedTuple):
    """Everything the host hands to a new process."""

    service: str
    instance: str
    release: str
    env: Mapping[str, str]
    ports: Mapping[str, int]
    registry: Registry
    folder: str
    """The instance's data folder; it outlives restarts."""
    log_format: str
    memory_limit: int
    pace: float
    """Seconds of the demo's slow rhythms (health checks, back-off) for one second; 1.0, less in tests."""
    control: socket.socket


class Effects:
    """The faults that hold in this process, with the speed of each."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._on: dict[str, float] = {}

    def on(self, name: str) -> bool:
        return name in self._on

    def speed(self, name: str) -> float:
        return self._on.get(name, 1.0)

    def switch(self, name: str, on: bool, speed: float = 1.0) -> None:
        with self._changed:
            if on:
                self._on[name] = speed
            else:
                self._on.pop(name, None)
            self._changed.notify_all()

    def lasts(self, name: str, seconds: float) -> bool:
        """Wait up to `seconds` while the effect holds; whether it still does."""
        with self._changed:
            return not self._changed.wait_for(lambda: name not in self._on, timeout=seconds)


class Context:
    """A service's identity, settings, log, numbers, peers and effects."""

    def __init__(self, birth: Birth) -> None:
        self.birth = birth
        self.log = Log(birth.log_format, birth.service, birth.instance)
        self.metrics = Metrics(birth.service, birth.instance, birth.release)
        self.effects = Effects()
        self.on_effect: Callable[[str, bool], None] = lambda _name, _on: None
        self.memory_limit = birth.memory_limit
        self._registry = birth.registry
        self._sending = threading.Lock()

    def number(self, key: str) -> int:
        """A whole number from the environment. Raises ConfigError."""
        text = self.birth.env.get(key)
        try:
            if text is not None and 0 < (value := int(text)) <= 10_000_000:
                return value
        except ValueError:
            pass
        shown = "nothing" if text is None else repr(text)
        raise ConfigError(f"{key}: expected a whole number above 0, for example 2000, got {shown}")

    def peer(self, service: str, port: str = "http") -> int:
        """A port of one instance of a service, picked at random."""
        instances = self._registry.get(service) or []
        return random.choice(instances)[port] if instances else 1

    def report(self, **message: object) -> None:
        """Tell the host something."""
        data = json.dumps(message).encode() + b"\n"
        try:
            with self._sending:
                self.birth.control.sendall(data)
        except OSError:
            os._exit(0)

    def set_effect(self, name: str, on: bool, speed: float = 1.0) -> None:
        """Switch an effect; the host is told, so that a fault mended from inside counts as mended."""
        self.effects.switch(name, on, speed)
        self.report(effect=name, on=on)

    def listen_to_host(self) -> None:
        """Read the host's messages for ever. At their end the host is dead: this process ends too, whatever it does."""
        try:
            with self.birth.control.makefile("rb") as lines:
                for line in lines:
                    self._heed(json.loads(line))
        finally:
            # Also when reading fails: a host killed before it read all that was sent leaves a reset, not an end.
            os._exit(0)

    def _heed(self, message: dict[str, object]) -> None:
        registry = message.get("registry")
        if isinstance(registry, dict):
            self._registry = registry
        limit = message.get("memory_limit")
        if isinstance(limit, int):
            self.memory_limit = limit
        name = message.get("effect")
        if isinstance(name, str):
            on = message.get("on") is True
            speed = message.get("speed", 1.0)
            self.set_effect(name, on, float(speed) if isinstance(speed, (int, float)) else 1.0)
            self.on_effect(name, on)
