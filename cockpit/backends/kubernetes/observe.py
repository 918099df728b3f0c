"""Observes one cluster for as long as the connection holds: each kind is followed, what is new is told, a ping beside.

What is known is kept over lost connections: the watches then go on from where they were, and nothing is listed again
unless the API has forgotten what happened since.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from cockpit.backends.base import Emit
from cockpit.backends.kubernetes.about import past_scalings
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.fleet import Fleet
from cockpit.backends.kubernetes.follow import Follower
from cockpit.backends.kubernetes.kinds import ISOLATIONS, OBSERVED, PODS
from cockpit.backends.kubernetes.meter import Meter
from cockpit.backends.kubernetes.wire import Bookmark
from cockpit.backends.together import together
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.text import safe
from cockpit.board.update import Changed, Gone, Heard, Listed

PING_EVERY = 10.0
"""An API server that hangs is noticed within this and the ping's own deadline."""
GATHER = 0.05
"""Seconds within which changes are gathered: 50 pods a second then cost 20 tellings."""
LISTS_FIRST = 2.0
"""Seconds that what is read beside them leaves lists the way at most: forty logs cost half of what 5,000 pods do."""
NAMESPACES_MOST = 6
"""Of more namespaces all are followed at once, and what is not wanted is left out here: a watch each costs more."""
NAMESPACES_APART = 12
"""So many are followed one by one where all may not be seen."""


class Observation:
    """What is known of one cluster, and how it is followed.

    spaces: the namespaces that are wanted; none means all, an empty one the context's own.
    """

    def __init__(
        self,
        source: str,
        client: KubeClient,
        spaces: frozenset[str],
        emit: Emit,
        shown: Callable[[], frozenset[Identity]],
        mask: Callable[[str], SafeText],
    ) -> None:
        self.source, self.client, self.emit = source, client, emit
        self._declared, self._shown, self._mask = spaces, shown, mask
        self._spaces = spaces
        self._apart = False
        self.fleet = Fleet(source, "")
        self._followers: list[Follower] = []
        self._recalled = False
        self._news = asyncio.Event()
        self.whole = asyncio.Event()
        """Set once everything that rows are made of was listed since the connection was made."""
        self._rows = asyncio.Event()
        """Set once pods have been told of."""
        self._meter = Meter(self, self._news.set)

    @property
    def watched(self) -> Sequence[str]:
        """The namespaces that are asked for: ("",) is all at once."""
        most = NAMESPACES_APART if self._apart else NAMESPACES_MOST
        return ("",) if not self._spaces or len(self._spaces) > most else sorted(self._spaces)

    async def run(self, emit: Emit) -> None:
        """Emit until the connection is lost: SourceError."""
        self.emit = emit
        scope = await self._scope()
        if scope != self.fleet.scope or not self._followers:
            self._apart = await self._is_apart()
            self._begin(scope)
        self._news.set()
        await together(
            *(self._follow(one) for one in self._followers), self._tell(), self._ping(), self._meter.run(self._shown),
            self._recall(),
        )  # fmt: skip

    async def quiet(self) -> None:
        """Once everything is listed, or LISTS_FIRST has passed: what is read beside the lists leaves them the way."""
        await self._soon(self.whole)

    def look(self, shown: frozenset[Identity]) -> None:
        """What has come onto the screen."""
        self._meter.look(shown)

    async def _soon(self, event: asyncio.Event) -> None:
        with suppress(TimeoutError):
            async with self.client.clock.timeout(LISTS_FIRST):
                await event.wait()

    async def _follow(self, follower: Follower) -> None:
        """What rows are made of comes first, what says more of them next, and last what only tells of changes."""
        if not follower.kind.first:
            await self._soon(self.whole if follower.kind.aside else self._rows)
        await follower.run()

    def partly(self) -> SafeText:
        """What cannot be seen of the cluster although it answers."""
        denied = [one.standing.denied for one in self._followers if one.standing.denied and not one.kind.aside]
        return safe("; ".join(dict.fromkeys([*denied, *self._meter.missing])), 500)

    def aside(self) -> SafeText:
        """What cannot be seen, and is needed only to know what changed."""
        found = (one for one in self._followers if one.kind.aside and not one.kind.optional)
        return safe("; ".join(dict.fromkeys(one.standing.denied for one in found if one.standing.denied)), 500)

    async def _scope(self) -> str:
        """The cluster, wherever it is looked at from: who may not see kube-system knows it by its address alone."""
        assert self.client.access is not None
        server = self.client.access.server
        try:
            found = await self.client.get("/api/v1/namespaces/kube-system", Bookmark)
        except ApiAnswer as error:
            if error.status not in (403, 404):
                raise
            return server
        return f"{found.metadata.uid}@{server}"

    async def _is_apart(self) -> bool:
        """Whether there are many namespaces, and rights in each of them alone."""
        if not NAMESPACES_MOST < len(self._declared) <= NAMESPACES_APART:
            return False
        try:
            await self.client.raw(PODS.path(), {"limit": 1})
        except ApiAnswer as error:
            if error.status != 403:
                raise
            return True
        return False

    def _begin(self, scope: str) -> None:
        access = self.client.access
        assert access is not None
        self._spaces = frozenset(one or access.namespace or "default" for one in self._declared)
        where = (("cluster", safe(access.context, 120)),)
        self.fleet = Fleet(self.source, scope, where, self._spaces, self._mask, self.client.clock.now)
        self._recalled = False
        self._followers = [
            Follower(self.client, kind, space, self.fleet, self._news.set)
            for kind in OBSERVED
            for space in (self.watched if kind.namespaced else ("",))
        ]

    async def _tell(self) -> None:
        """What is new, as it comes; the whole list once every kind that rows are made of is there."""
        partly = (SafeText(""), SafeText(""))
        self.whole.clear()
        while True:
            await self._news.wait()
            self._news.clear()
            self.fleet.set_blind(self._blind())
            self.fleet.set_unseen(any(one.standing.denied for one in self._followers if one.kind is ISOLATIONS))
            if not self.whole.is_set() and self._is_whole():
                self.whole.set()
                self._rows.set()
                workloads = self.fleet.everything()
                self.emit(Listed(source=self.source, at=self.client.clock.now(), workloads=workloads))
            else:
                await self._changes()
            if self.whole.is_set() and (missing := (self.partly(), self.aside())) != partly:
                partly = missing
                self._heard()
            await self.client.clock.sleep(GATHER)

    async def _recall(self) -> None:
        """What was scaled before: asked for once, for what follows is seen."""
        await self.whole.wait()
        if self._recalled:
            return
        found = [one for space in self.watched for one in await past_scalings(self.client, space)]
        self._recalled = True
        if found:
            self.fleet.scaled(found)
            self._news.set()

    async def _changes(self) -> None:
        now = self.client.clock.now()
        for number, one in enumerate(self.fleet.news()):
            if isinstance(one, Workload):
                self.emit(Changed(source=self.source, at=now, workload=one))
                if one.instances:
                    self._rows.set()
            else:
                self.emit(Gone(source=self.source, at=now, id=one))
            if number % 20 == 19:
                await asyncio.sleep(0)

    def _is_whole(self) -> bool:
        return all(one.standing.listed or one.standing.denied for one in self._followers if one.kind.first)

    def _blind(self) -> dict[str, str]:
        """Why pods cannot be seen, for each namespace in which they cannot."""
        return {
            one.space: f"its pods cannot be seen: {one.standing.denied}"
            for one in self._followers
            if one.kind is PODS and one.standing.denied
        }

    async def _ping(self) -> None:
        while True:
            await self.client.clock.sleep(PING_EVERY)
            await self.client.raw("/version")
            self._heard()

    def _heard(self) -> None:
        now = self.client.clock.now()
        self.emit(Heard(source=self.source, at=now, partly=self.partly(), aside=self.aside()))
