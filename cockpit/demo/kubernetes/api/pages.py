"""Lists in pages: a page that is not the last carries a token, behind it a snapshot that stays as it was.

Tokens look as a real server's do (JSON in base64: version and the key to go on at). The snapshots are bounded: the
oldest is let go, and whoever still holds its token is told 410 with a token that goes on in the present.
"""

import base64
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.api.selectors import Test, everything
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.store import Entry, Store

SNAPSHOTS = 64

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class Asked(NamedTuple):
    """What a list was asked for. limit 0: all of it; `at`: a resourceVersion, `exact` only that one."""

    namespace: str
    meant: Test
    limit: int = 0
    token: str = ""
    at: int = 0
    exact: bool = False


class Pages:
    """Lists of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, str, int], list[Entry]] = OrderedDict()

    def forget(self) -> None:
        """Let every snapshot go, as a compaction does."""
        self._kept.clear()

    def page(self, kind: Kind, asked: Asked) -> tuple[Sequence[Entry], Json]:
        """Entries of one page and the list's metadata. ApiError 400 for a bad token, 410 for an old one."""
        version, start = self._where(kind, asked)
        whole = self._snapshot(kind, asked, version)
        entries = [entry for entry in whole if _path(kind, entry) > start] if start else whole
        if asked.meant is not everything:
            entries = [entry for entry in entries if asked.meant(entry.obj)]
        meta: Json = {"resourceVersion": str(version)}
        if asked.limit and len(entries) > asked.limit:
            rest = len(entries) - asked.limit
            entries = entries[: asked.limit]
            self._keep((kind.storage, asked.namespace, version), whole)
            meta["continue"] = _token(version, _path(kind, entries[-1]))
            if asked.meant is everything:
                meta["remainingItemCount"] = rest
        return entries, meta

    def _where(self, kind: Kind, asked: Asked) -> tuple[int, str]:
        if asked.token:
            version, start = _read(asked.token)
            if version < 0:
                return self._store.version, start
            if (kind.storage, asked.namespace, version) not in self._kept and version != self._store.version:
                raise ApiError(410, _TOO_OLD, meta={"continue": _token(-1, start)})
            return version, start
        if asked.at > self._store.version:
            words = f"Too large resource version: {asked.at}, current: {self._store.version}"
            causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
            raise ApiError(504, f"Timeout: {words}", details={"causes": causes, "retryAfterSeconds": 1})
        if asked.exact and asked.at != self._store.version:
            if (kind.storage, asked.namespace, asked.at) not in self._kept:
                raise ApiError(410, "The resourceVersion for the provided list is too old.")
            return asked.at, ""
        return self._store.version, ""

    def _snapshot(self, kind: Kind, asked: Asked, version: int) -> list[Entry]:
        kept = self._kept.get((kind.storage, asked.namespace, version))
        if kept is not None:
            return kept
        shelf = self._store.shelves[kind.storage]
        keys = shelf.ordered()
        if asked.namespace:
            return [shelf.items[key] for key in keys if key[0] == asked.namespace]
        return [shelf.items[key] for key in keys]

    def _keep(self, key: tuple[str, str, int], whole: list[Entry]) -> None:
        self._kept[key] = whole
        self._kept.move_to_end(key)
        while len(self._kept) > SNAPSHOTS:
            self._kept.popitem(last=False)


def _path(kind: Kind, entry: Entry) -> str:
    namespace, name = entry.key
    # A NUL sorts before whatever a name may hold, so paths sort as keys do.
    return f"{namespace}\0{name}" if kind.namespaced else name


def _token(version: int, path: str) -> str:
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": path.replace("\0", "/") + "\0"})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(token: str) -> tuple[int, str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start = int(found["rv"]), str(found["start"]).removesuffix("\0").replace("/", "\0")
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None
    return version, start
