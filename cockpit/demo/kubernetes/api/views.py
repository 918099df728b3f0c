"""The three ways to show an object (whole, metadata only, a table's row), and which of them `Accept` asks for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from cockpit.demo.kubernetes.api.errors import ApiError
from cockpit.demo.kubernetes.api.table import TableView
from cockpit.demo.kubernetes.api.versions import is_stored, shown
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.store import Entry
from cockpit.demo.kubernetes.server.wire import Call

_encode = msgspec.json.Encoder().encode


class View(Protocol):
    """How objects of one kind are shown to one client."""

    def single(self, kind: Kind, entry: Entry) -> bytes:
        """One object alone."""
        ...

    def page(self, kind: Kind, entries: Sequence[Entry], meta: Json) -> bytes:
        """A list of them."""
        ...

    def event(self, kind: Kind, entry: Entry) -> bytes:
        """The object of a watch's event."""
        ...


class WholeView:
    """Objects as they are. The stored version's bytes are shared by all who ask."""

    def single(self, kind: Kind, entry: Entry) -> bytes:
        if is_stored(kind):
            return entry.typed(kind)
        return _encode({"kind": kind.kind, "apiVersion": kind.api_version, **shown(kind, entry.obj)})

    def page(self, kind: Kind, entries: Sequence[Entry], meta: Json) -> bytes:
        head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": meta}
        if is_stored(kind):
            items = b",".join(entry.raw for entry in entries)
        else:
            items = b",".join(_encode(shown(kind, entry.obj)) for entry in entries)
        return b'%b,"items":[%b]}' % (_encode(head)[:-1], items)

    def event(self, kind: Kind, entry: Entry) -> bytes:
        return self.single(kind, entry)


class MetadataView:
    """PartialObjectMetadata."""

    def single(self, kind: Kind, entry: Entry) -> bytes:
        return _encode(partial(entry.obj))

    def page(self, kind: Kind, entries: Sequence[Entry], meta: Json) -> bytes:
        head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
        return _encode(head | {"items": [partial(entry.obj) for entry in entries]})

    def event(self, kind: Kind, entry: Entry) -> bytes:
        return self.single(kind, entry)


def partial(obj: Json) -> Json:
    """Only the metadata of an object."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def view_of(call: Call, now: Callable[[], datetime], *, of_list: bool) -> View:
    """The first view of `Accept` that can be had. now: for ages of each event. ApiError 406 when there is none."""
    for part in (call.accept or "*/*").split(","):
        kind, *parameters = [word.strip() for word in part.split(";")]
        asked = dict(word.partition("=")[::2] for word in parameters)
        if kind not in {"application/json", "application/*", "*/*"}:
            continue
        match asked.get("as", ""):
            case "":
                return WholeView()
            case "Table" if asked.get("v") in {"v1", "v1beta1"}:
                return TableView(now, call.query("includeObject", "Metadata"), f"meta.k8s.io/{asked['v']}")
            case "PartialObjectMetadataList" if of_list:
                return MetadataView()
            case "PartialObjectMetadata":
                return MetadataView()
    raise ApiError(406, "only the following media types are accepted: application/json", reason="NotAcceptable")
