"""Which kinds a cluster serves: asked in the aggregated form (two requests), else group by group, and remembered."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.base import SourceError
from cockpit.backends.catalogue import ObjectKind
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.wire import Meta, Wire
from cockpit.board.model import SafeText
from cockpit.board.text import safe

REMEMBERED = 600.0
"""Seconds for which an answer counts; a name that is not in it asks again after AGAIN."""
AGAIN = 15.0
KINDS_MOST, GROUPS_MOST = 5_000, 300
AT_ONCE = 6
"""Requests at the same time where each group is asked by itself."""
TIMEOUT = 30.0
_AGGREGATED = ",".join(
    [f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")]
    + ["application/json"]
)

CUSTOM: Mapping[str, str] = {
    "dp": "deployments.apps",
    "sec": "secrets",
    "jo": "jobs.batch",
    "np": "networkpolicies.networking.k8s.io",
    "eps": "endpointslices.discovery.k8s.io",
}
"""Words that responders type and no server knows as short names: a kind has them beside its own."""


class _Kind(Wire, frozen=True):
    kind: str = ""


class _Resource(Wire, frozen=True, kw_only=True):
    """A resource in either form: `resource`, `scope` in the aggregated one, `name`, `namespaced` in the old."""

    resource: str = ""
    singular_resource: str = ""
    response_kind: _Kind | None = None
    scope: str = ""
    name: str = ""
    singular_name: str = ""
    kind: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None


class _Version(Wire, frozen=True):
    version: str = ""
    resources: list[_Resource] | None = None


class _Item(Wire, frozen=True):
    metadata: Meta = Meta()
    versions: list[_Version] | None = None


class _Group(Wire, frozen=True):
    name: str = ""
    preferred_version: _Version | None = None


class _Answer(Wire, frozen=True):
    """Any of the answers to /api, /apis, /apis/GROUP/VERSION."""

    kind: str = ""
    items: list[_Item] | None = None
    groups: list[_Group] | None = None
    versions: list[str] | None = None
    resources: list[_Resource] | None = None


class _Known(Struct, frozen=True):
    at: float
    kinds: tuple[ObjectKind, ...]
    names: Mapping[str, ObjectKind]


class Discovery:
    """The kinds of one cluster."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._known: _Known | None = None
        self._lock = asyncio.Lock()

    async def kinds(self, older: float = REMEMBERED) -> tuple[ObjectKind, ...]:
        """Every kind that can be listed, the core's first; asked again when what is known is `older` (seconds)."""
        return (await self._fresh(older)).kinds

    async def find(self, name: str) -> ObjectKind:
        """The kind that a plural, singular, short name, "plural.group" or "plural.version.group" means. SourceError."""
        wanted = name.strip().lower()
        names: Mapping[str, ObjectKind] = {}
        for older in (REMEMBERED, AGAIN):
            names = (await self._fresh(older)).names
            found = names.get(wanted)
            if found is not None:
                return found
        near = get_close_matches(wanted, names, 3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise SourceError(f"{self._client.where} has no kind {safe(wanted, 80)}{hint}")

    def forget(self) -> None:
        """Ask again when next needed: something that was served is not any more."""
        self._known = None

    async def _fresh(self, older: float) -> _Known:
        async with self._lock:
            now = self._client.clock.monotonic()
            if self._known is None or now - self._known.at >= older:
                kinds = await self._ask()
                self._known = _Known(self._client.clock.monotonic(), kinds, _by_name(kinds))
            return self._known

    async def _ask(self) -> tuple[ObjectKind, ...]:
        core, named = await asyncio.gather(self._get("/api", _AGGREGATED), self._get("/apis", _AGGREGATED))
        found = [*await self._of("/api", core), *await self._of("/apis", named)]
        kinds: dict[str, ObjectKind] = {}
        for one in found[:KINDS_MOST]:
            # The preferred version of a group comes first.
            kinds.setdefault(one.qualified, one)
        taken = {name for one in kinds.values() for name in one.names}
        for word, meant in CUSTOM.items():
            if meant in kinds and word not in taken:
                kinds[meant] = replace(kinds[meant], short=(*kinds[meant].short, SafeText(word)))
        return tuple(kinds.values())

    async def _of(self, path: str, answer: _Answer) -> list[ObjectKind]:
        if answer.kind == "APIGroupDiscoveryList":
            return [
                kind
                for item in (answer.items or ())[:GROUPS_MOST]
                for version in item.versions or ()
                for kind in _listed(item.metadata.name, version.version, version.resources or ())
            ]
        if path == "/api":
            wanted = [("", version) for version in answer.versions or ()]
        else:
            wanted = [(one.name, one.preferred_version.version) for one in answer.groups or () if one.preferred_version]
        turn = asyncio.Semaphore(AT_ONCE)

        async def ask(group: str, version: str) -> list[ObjectKind]:
            place = f"{path}/{group}/{version}" if group else f"{path}/{version}"
            try:
                async with turn:
                    one = await self._get(place)
            except SourceError:
                # An API server beside the main one that is down takes nothing but its own kinds along.
                return []
            return _listed(group, version, one.resources or ())

        return [kind for kinds in await asyncio.gather(*(ask(*one) for one in wanted[:GROUPS_MOST])) for kind in kinds]

    async def _get(self, path: str, accept: str = "") -> _Answer:
        return await self._client.get(path, _Answer, timeout=TIMEOUT, accept=accept)


def _listed(group: str, version: str, resources: Iterable[_Resource]) -> list[ObjectKind]:
    found = []
    for one in resources:
        plural = one.resource or one.name
        kind = one.response_kind.kind if one.response_kind else one.kind
        if not plural or "/" in plural or "list" not in (one.verbs or ()):
            continue
        found.append(
            ObjectKind(
                group=_word(group),
                version=_word(version),
                plural=_word(plural),
                singular=_word(one.singular_resource or one.singular_name or kind.lower()),
                kind=_word(kind),
                namespaced=one.scope == "Namespaced" if one.scope else one.namespaced,
                watched="watch" in (one.verbs or ()),
                short=tuple(_word(word) for word in (one.short_names or ())[:10]),
            )
        )
    return found


def _word(text: str) -> SafeText:
    return safe(text, 253)


def _by_name(kinds: Sequence[ObjectKind]) -> dict[str, ObjectKind]:
    """Every name; one that several have means the first: plurals before short names before singulars."""
    found: dict[str, ObjectKind] = {}
    for one in kinds:
        found.setdefault(one.qualified, one)
        found.setdefault(f"{one.plural}.{one.version}.{one.group}", one)
        found.setdefault(f"{one.singular}.{one.group}", one)
    for place in range(4):
        for one in kinds:
            words = ((one.plural,), one.short, (one.singular,), (SafeText(one.kind.lower()),))[place]
            for word in filter(None, words):
                found.setdefault(word.lower(), one)
    return found
