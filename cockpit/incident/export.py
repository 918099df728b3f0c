"""The timeline for others: as Markdown to read, as JSON to go on with."""

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

import msgspec

from cockpit.incident.timeline import Row, Wording

SCHEMA = 1

# Markdown's own signs and HTML, so that what a log or a person said cannot become a link, an image or a tag.
_SIGNS = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")


def plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _SIGNS.sub(r"\\\1", text)


def markdown(rows: Iterable[Row], zone: tzinfo, *, title: str = "Timeline", note: str = "") -> str:
    """One item a row, a heading for each day (in `zone`, which is named); ends with a newline."""
    lines = [f"# {plain(title)}", ""]
    if note:
        lines += [plain(note), ""]
    day = ""
    for row in rows:
        local = row.happened.astimezone(zone)
        if (today := f"{local:%Y-%m-%d} ({local.tzname()})") != day:
            day = today
            lines += [f"## {plain(day)}", ""] if lines[-1] == "" else ["", f"## {plain(day)}", ""]
        service = f" {plain(row.service)}:" if row.service and row.service not in row.text else ""
        pin = "**" if row.pinned else ""
        words = f"{pin}{plain(row.text)}{pin}"
        lines.append(f"- {local:%H:%M:%S} {plain(row.entry.who)}, {plain(row.entry.kind)}:{service} {words}")
        lines += [f"  - {plain(one.entry.who)}: {plain(one.text)}" for one in row.annotations]
        lines += [f"  - evidence: {plain(one.text)}" for one in row.evidence]
        if row.earlier:
            lines.append(f"  - edited by {plain(row.said.who)}, first: {plain(row.earlier[0].text)}")
    return "\n".join(lines) + "\n"


def as_json(rows: Iterable[Row], at: datetime, *, filtered: str = "") -> str:
    """`{"schema", "at", "filter", "rows": [...]}`, times in UTC; every fact is in it."""
    document = {"schema": SCHEMA, "at": at, "filter": filtered, "rows": [_row(row) for row in rows]}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _row(row: Row) -> dict[str, Any]:
    entry = row.entry
    return {
        "id": entry.id, "happened": row.happened, "recorded": entry.recorded, "who": entry.who, "host": entry.host,
        "kind": entry.kind, "service": row.service, "text": row.text, "pinned": row.pinned, "hidden": row.hidden,
        "redacted": row.redaction is not None, "facts": entry.facts,
        "earlier": [_wording(one) for one in row.earlier],
        "annotations": [_wording(one) for one in row.annotations],
        "evidence": [{**_wording(one), "facts": one.entry.facts} for one in row.evidence],
    }  # fmt: skip


def _wording(one: Wording) -> dict[str, Any]:
    return {"id": one.entry.id, "who": one.entry.who, "recorded": one.entry.recorded, "text": one.text,
            "happened": one.happened}  # fmt: skip
