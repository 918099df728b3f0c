"""Objects as rows of a table, with the columns that `kubectl get` prints."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from cockpit.demo.kubernetes.api.columns import Column, columns_of
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.store import Entry

_encode = msgspec.json.Encoder().encode


class TableView:
    """Rows. now: for ages; include: Metadata, Object or None, what each row carries of its object."""

    def __init__(self, now: Callable[[], datetime], include: str, api_version: str) -> None:
        self._now, self._include, self._api_version = now, include, api_version
        self._told = False

    def single(self, kind: Kind, entry: Entry) -> bytes:
        return self.page(kind, [entry], {"resourceVersion": str(entry.version)})

    def page(self, kind: Kind, entries: Sequence[Entry], meta: Json) -> bytes:
        return _encode(self._table(kind, entries, meta, columns_of(kind)))

    def event(self, kind: Kind, entry: Entry) -> bytes:
        """A table of one row; only a watch's first names the columns."""
        columns = columns_of(kind)
        table = self._table(kind, [entry], {"resourceVersion": str(entry.version)}, columns)
        if self._told:
            table["columnDefinitions"] = None
        self._told = True
        return _encode(table)

    def _table(self, kind: Kind, entries: Sequence[Entry], meta: Json, columns: Sequence[Column]) -> Json:
        now = self._now().timestamp()
        return {
            "kind": "Table",
            "apiVersion": self._api_version,
            "metadata": meta,
            "columnDefinitions": [column.definition() for column in columns],
            "rows": [
                {"cells": [column.cell(entry.obj, now) for column in columns]} | self._object(kind, entry)
                for entry in entries
            ],
        }

    def _object(self, kind: Kind, entry: Entry) -> Json:
        if self._include == "Object":
            return {"object": msgspec.Raw(entry.typed(kind))}
        if self._include == "None":
            return {"object": None}
        meta = {"kind": "PartialObjectMetadata", "apiVersion": self._api_version}
        return {"object": meta | {"metadata": entry.obj["metadata"]}}
