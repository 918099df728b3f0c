"""Keeps the platform as it is wanted: starts, restarts with back-off, rolls out, scales, and tells what changed."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping

from cockpit.demo.host.folder import Folder
from cockpit.demo.host.healthcheck import HealthCheck
from cockpit.demo.host.instance import Instance
from cockpit.demo.host.loop import Loop
from cockpit.demo.host.process import usage
from cockpit.demo.host.service import ServiceState
from cockpit.demo.shape import SERVICES, Release, ServiceShape
from cockpit.demo.shop.context import Registry
from cockpit.demo.shop.main import SHOPPERS

Event = dict[str, object]
MEMORY_CHECK = 1.0
LOAD = ServiceShape(SHOPPERS, 4, "the load of the demo", (), (Release("1", 0, ""),), {}, "plain")
"""The shoppers are a process like the others, but not one of the platform's services: they are never listed."""


class Supervisor:
    """The owner of every instance. `publish` gets each event; `wrote` each instance that has new log lines."""

    def __init__(self, loop: Loop, folder: Folder, pace: float) -> None:
        self.loop, self.pace, self._folder = loop, pace, folder
        now = time.time()
        self.services = {shape.name: ServiceState(shape, now) for shape in SERVICES}
        self.instances: dict[str, Instance] = {}
        self.publish: Callable[[Event], None] = lambda _event: None
        self.on_wrote: Callable[[Instance], None] = lambda _instance: None
        self.on_effects: Callable[[], None] = lambda: None
        self._checks: dict[str, HealthCheck] = {}
        self._rolling: dict[str, list[Instance]] = {}
        self._registry: Registry = {}
        self._load: Instance | None = None
        self._ending: Callable[[], None] | None = None

    def start(self) -> None:
        """Create every instance (so that all ports are known), then start them."""
        for service in self.services.values():
            for _ in range(service.desired):
                self._create(service)
        self._load = self._instance(ServiceState(LOAD, time.time()))
        for instance in self._everything():
            instance.start()
        self.loop.later(MEMORY_CHECK, self._check_memory)

    def of(self, service: str) -> list[Instance]:
        """The instances of a service, oldest first."""
        return [instance for instance in self.instances.values() if instance.service.name == service]

    def _everything(self) -> list[Instance]:
        return [*self.instances.values(), *([self._load] if self._load else [])]

    def _instance(self, service: ServiceState) -> Instance:
        name = service.new_name()
        return Instance(self, service, name, self._folder.for_instance(name))

    def _create(self, service: ServiceState) -> Instance:
        instance = self._instance(service)
        self.instances[instance.name] = instance
        self._checks[instance.name] = HealthCheck(self.loop, self.pace, instance, self.changed)
        return instance

    # What instances tell

    def registry(self) -> Registry:
        """Where each service can be reached: its live instances, or, when none lives, where they were."""
        found: Registry = {}
        for name in self.services:
            all_of = self.of(name)
            alive = [instance for instance in all_of if instance.state in ("starting", "running", "paused")]
            found[name] = [instance.ports for instance in alive or all_of]
        return found

    def spawned(self) -> None:
        self._folder.record(instance.child for instance in self._everything() if instance.child)

    def changed(self, instance: Instance, why: str) -> None:
        if instance.name not in self.instances:
            return
        if why in ("started", "stopping", "exited", "paused", "resumed"):
            self._checks[instance.name].halt()
            self._announce()
        if why in ("listening", "resumed"):
            self._checks[instance.name].restart()
        self.publish({"type": "instance", "why": why, "instance": instance.as_json()})
        if why == "exited":
            self.on_effects()
        if why in ("listening", "exited"):
            self._roll_on(instance.service)

    def told(self, instance: Instance, message: dict[str, object]) -> None:
        if "listening" in message and instance.state == "starting":
            instance.state = "running"
            self.changed(instance, "listening")
        effect = message.get("effect")
        if isinstance(effect, str):
            (instance.effects.add if message.get("on") is True else instance.effects.discard)(effect)
            self.changed(instance, "effect")
            self.on_effects()

    def wrote(self, instance: Instance) -> None:
        self.on_wrote(instance)

    def ended(self, instance: Instance) -> None:
        if self.instances.pop(instance.name, None) is None:
            return
        self._checks.pop(instance.name).halt()
        instance.dispose()
        self._folder.forget_instance(instance.name)
        self.publish({"type": "removed", "instance": instance.name, "service": instance.service.name})
        self._fill(instance.service)
        self._announce()

    def _announce(self) -> None:
        """Tell every process where the others are, when that changed."""
        registry = self.registry()
        if registry != self._registry:
            self._registry = registry
            for instance in self._everything():
                instance.tell(registry=registry)

    def service_changed(self, service: ServiceState) -> None:
        self.publish({"type": "service", "service": service.as_json()})

    # What the operations and the faults ask for

    def scale(self, service: ServiceState, count: int) -> None:
        """More or fewer instances; the youngest go first."""
        if count != service.desired:
            service.changed("instances", service.desired, count)
            service.desired = count
        for instance in self.of(service.name)[count:]:
            instance.end("remove")
        self._fill(service)
        self.service_changed(service)

    def _fill(self, service: ServiceState) -> None:
        while self._ending is None and len(self.of(service.name)) < service.desired:
            self._create(service).start()

    def set_env(self, service: str, changes: Mapping[str, str | None]) -> None:
        """Change the environment and restart the service's instances one by one."""
        state = self.services[service]
        state.change_env(changes)
        self.roll(state, self.of(service), f"environment: {', '.join(changes)}")
        self.on_effects()

    def limit_memory(self, service: ServiceState, limit: int) -> None:
        """Change the memory limit of the running processes, as `docker update` does: nothing is restarted."""
        service.changed("memory limit", service.memory_limit, limit)
        service.memory_limit = limit
        for instance in self.of(service.name):
            instance.tell(memory_limit=limit)
            self.changed(instance, "limit")
        self.service_changed(service)

    def release(self, service: str, version: str) -> None:
        """Roll a version out, one instance after the other."""
        state = self.services[service]
        before = state.release
        state.roll_to(version)
        self.roll(state, self.of(service), f"{before} -> {version}")
        self.on_effects()

    def roll(self, service: ServiceState, instances: Iterable[Instance], words: str) -> None:
        """Restart instances one by one; each after the one before listens or has crashed."""
        self._rolling[service.name] = [instance for instance in instances if instance.wanted]
        service.rollout = words
        self._step(service)

    def _roll_on(self, service: ServiceState) -> None:
        if service.name in self._rolling and all(instance.settled for instance in self.of(service.name)):
            self._step(service)

    def _step(self, service: ServiceState) -> None:
        queue = self._rolling.get(service.name, [])
        following = next((each for each in queue if each.wanted and each.name in self.instances), None)
        if following is None:
            self._rolling.pop(service.name, None)
            service.rollout = ""
        else:
            self._rolling[service.name] = queue[queue.index(following) + 1 :]
        self.service_changed(service)
        if following is not None:
            following.end("start")

    def set_effect(self, service: str, effect: str, on: bool, speed: float) -> None:
        for instance in self.of(service):
            instance.tell(effect=effect, on=on, speed=speed)

    def has_effect(self, service: str, effect: str) -> bool:
        return any(effect in instance.effects for instance in self.of(service))

    def env(self, service: str) -> Mapping[str, str]:
        return self.services[service].env

    def current_release(self, service: str) -> str:
        return self.services[service].release

    def previous_release(self, service: str) -> str:
        return self.services[service].previous_release

    # The system's side

    def reap(self) -> None:
        """Take every exit, stop and continuation that the kernel has for us."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            except ChildProcessError:
                break
            if pid == 0:
                break
            instance = next((each for each in self._everything() if each.child and each.child.pid == pid), None)
            if instance is None:
                continue
            if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
                instance.stopped_or_continued(os.WIFSTOPPED(status))
            else:
                instance.exited(status)
        if self._ending is not None and not any(instance.child for instance in self._everything()):
            done, self._ending = self._ending, None
            done()

    def _check_memory(self) -> None:
        """The memory limit is kept: over it a process is killed, as by a cgroup."""
        for instance in self.instances.values():
            used = usage(instance.child.pid) if instance.child else None
            if used is not None and used.resident > instance.service.memory_limit:
                instance.kill_for_memory()
        self.loop.later(MEMORY_CHECK, self._check_memory)

    def end(self, grace: float, done: Callable[[], None]) -> None:
        """End every process, then call `done`."""
        self._ending = done
        self._rolling.clear()
        for instance in self._everything():
            instance.end("stay", grace)
        self.reap()

    def kill_all(self) -> None:
        """KILL to every group, and reap: after it nothing writes into the folder any more."""
        for instance in self._everything():
            if instance.child is not None:
                instance.signal(signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(instance.child.pid, 0)
