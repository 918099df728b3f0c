"""One container exchanged for a new one, and put back when the new one does not become ready."""

from msgspec import Struct

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Outcome
from cockpit.backends.docker import target
from cockpit.backends.docker.build import create
from cockpit.backends.docker.clone import IMAGE, Clone, Json, clone
from cockpit.backends.docker.errors import EngineAnswer
from cockpit.backends.docker.hands import Hands
from cockpit.backends.docker.images import image_of, short
from cockpit.backends.docker.leftover import plain_name, taken_by
from cockpit.backends.docker.shape import PROJECT, SERVICE
from cockpit.backends.docker.wire import Container, HostConfig
from cockpit.backends.docker.wishes import Wish, body_of
from cockpit.board.text import safe

MARGIN = 20.0
LOOK_EVERY = 0.3
STEADY = 5.0
"""Seconds that a container without a health check must run before it counts as ready."""
_UP = frozenset({"running", "restarting", "paused"})


class Wanted(Struct, frozen=True, kw_only=True):
    """What takes a container's place. image: as it is named; image_id: what that must still mean; wish: set anew."""

    container: str
    image: str
    image_id: str
    wish: Wish = Wish()


class _Failed(Exception):
    """The new container did not become ready; str(error) says why."""


class Exchange:
    """One exchange. Every step leaves enough behind to go back: the old container is removed last."""

    def __init__(self, hands: Hands, wanted: Wanted) -> None:
        self._hands, self._client, self._clock = hands, hands.client, hands.clock
        self._wanted = wanted
        self._name = self._before = self._parked = self._new = ""
        self._was_up = False

    async def run(self) -> Outcome:
        """Do it. NoAnswer: the engine was lost in the middle; it says where the old container is."""
        old = await self._hands.container(self._wanted.container)
        labels = (old.config.labels if old.config else None) or {}
        now = target.name_of(old)
        # One that was set aside before, and never put back, gets its own name again.
        self._name, self._was_up = plain_name(now, labels) or now, old.state.status in _UP
        self._before = now
        self._parked = f"{old.id[:12]}_{self._name}"
        found = await image_of(self._hands, self._wanted.image)
        if found is None or found.id != self._wanted.image_id:
            return _refused(f"{self._wanted.image} is not {short(self._wanted.image_id)} any more: plan again")
        copy = await self._copy(old)
        try:
            return await self._exchange(old, copy)
        except NoAnswer as error:
            if self._parked:
                raise NoAnswer(f"{error}; the old container may stand as {self._parked}") from None
            raise

    async def _copy(self, old: Container) -> Clone:
        whole = await self._hands.whole(f"/containers/{old.id}/json")
        defaults: Json | None = None
        if old.image != self._wanted.image_id:
            image = await image_of(self._hands, old.image)
            defaults = dict(image.config or {}) if image is not None else None
        copy = clone(whole, self._wanted.image, defaults=defaults, same_place=True)
        copy.body["HostConfig"] |= body_of(self._wanted.wish, old.host_config or HostConfig())
        labels = copy.body.get("Labels") or {}
        if IMAGE in labels:
            labels[IMAGE] = self._wanted.image_id
        return copy

    async def _exchange(self, old: Container, copy: Clone) -> Outcome:
        await self._rename(old.id, self._parked)
        try:
            self._new = await create(self._hands, self._name, copy)
        except EngineAnswer as error:
            await self._rename(old.id, self._before)
            return _refused(f"the new {self._name} could not be created: {await self._explained(error)}")
        try:
            if self._was_up:
                await self._client.post(f"/containers/{old.id}/stop", timeout=target.stop_time(old) + MARGIN)
            await self._client.post(f"/containers/{self._new}/start", timeout=MARGIN)
            running = await self._ready(target.start_time(old))
        except (EngineAnswer, _Failed) as error:
            return await self._put_back(old, str(error))
        await self._client.delete(f"/containers/{old.id}", {"force": "1"}, timeout=MARGIN)
        facts = (("container", safe(running.id[:12])), ("image", safe(f"{self._wanted.image} {short(running.image)}")))
        return Outcome(accepted=True, facts=facts)

    async def _ready(self, within: float) -> Container:
        """The new container once it is ready; _Failed with the reason."""
        began = self._clock.monotonic()
        while True:
            now = await self._hands.container(self._new)
            state = now.state
            health = state.health.status if state.health else "none"
            if now.image != self._wanted.image_id:
                raise _Failed(f"it runs {short(now.image)}, not {short(self._wanted.image_id)}")
            if state.status != "running" or now.restart_count:
                code = f" {state.exit_code}" if state.exit_code else ""
                raise _Failed(f"it {state.status}{code}{f': {state.error}' if state.error else ''}")
            if health == "unhealthy":
                last = state.health.log[-1].output if state.health and state.health.log else ""
                raise _Failed(f"it is unhealthy{f': {last.strip()}' if last.strip() else ''}")
            elapsed = self._clock.monotonic() - began
            if health == "healthy" or (health in ("none", "") and elapsed >= STEADY):
                return now
            if elapsed > within:
                raise _Failed(f"it was not healthy within {within:.0f} s")
            await self._clock.sleep(LOOK_EVERY)

    async def _put_back(self, old: Container, why: str) -> Outcome:
        """Undo every step. What cannot be undone is said with the name under which the old container stands."""
        said = f"the new {self._name} did not become ready ({why})"
        try:
            await self._client.delete(f"/containers/{self._new}", {"force": "1"}, timeout=MARGIN)
            await self._rename(old.id, self._before)
            if self._was_up:
                await self._client.post(f"/containers/{old.id}/start", timeout=MARGIN)
        except NoAnswer:
            raise
        except SourceError as error:
            return _refused(f"{said}; the old one could not be put back ({error}): it stands as {self._parked}")
        return _refused(f"{said}; the old one was put back")

    async def _explained(self, error: EngineAnswer) -> str:
        """The engine's words; of a name that is taken also by what, and what to do about it."""
        holder = taken_by(error.message)
        if not holder:
            return error.message
        try:
            found = await self._hands.container(holder)
        except SourceError:
            return error.message
        labels = (found.config.labels if found.config else None) or {}
        owner = f"{labels.get(PROJECT, '')}/{labels.get(SERVICE, '')}".strip("/") or "no project"
        return (
            f"the name is already in use by container {holder[:12]} ({found.state.status}, of {owner}): remove it or"
            " give it another name, then try again"
        )

    async def _rename(self, container: str, name: str) -> None:
        if name == target.name_of(await self._hands.container(container)):
            return
        await self._client.post(f"/containers/{container}/rename", None, {"name": name}, timeout=MARGIN)


def _refused(why: str) -> Outcome:
    return Outcome(accepted=False, detail=safe(why, 500))
