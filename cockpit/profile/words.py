"""The scalar words of a profile: what may stand in one YAML value, said once as a type.

`extra` names how the reader treats a value: `check` is a function of `checks.CHECKS`, `replaced` means that `${NAME}`
in it is taken from the environment when it is used, `prose` that it is only read by people, `lines` that it may have
more than one line. The description is what a message gives as allowed.
"""

from typing import Annotated, Any, Final, NewType

from msgspec import Meta

Duration = NewType("Duration", float)
"""Seconds."""

DURATION: Final = r"^(\d+(\.\d+)?|(\d+(\.\d+)?(ms|s|m|h|d))+)$"
REFERENCE: Final = r"\$\{([A-Za-z_][A-Za-z0-9_]{0,127})\}"
WRITTEN: Final = "x-written"
"""In a JSON Schema: the types that a file may hold, where they are more than the value's own."""


def _seconds(least: float, most: float, text: str) -> Meta:
    schema: dict[str, Any] = {WRITTEN: ["number", "string"], "pattern": DURATION}
    return Meta(
        description=f"{text}: seconds, or 500ms, 30s, 5m, 2h, 1d, 1h30m",
        extra={"check": "duration", "least": least, "most": most},
        extra_json_schema=schema,
    )


Every = Annotated[Duration, _seconds(1, 86_400, "Between two checks, 1s to 1d")]
Wait = Annotated[Duration, _seconds(0.001, 300, "1ms to 5m")]
Due = Annotated[Duration, _seconds(1, 366 * 86_400, "1s to 366d")]

Escalation = Annotated[Duration, _seconds(0, 366 * 86_400, "0 (at once) to 366d")]

Tier = Annotated[int, Meta(ge=1, le=4, description="1 critical .. 4 low")]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
        description="letters, digits and _ . - in it, at most 63, a letter or digit first",
    ),
]
Label = Annotated[str, Meta(pattern=r"^\S(.{0,38}\S)?$", description="1 to 40 characters, no space at either end")]
PortNumber = Annotated[int, Meta(ge=0, le=65_535, description="1 to 65535; 0: none")]
Count = Annotated[int, Meta(ge=1, le=20)]

Prose = Annotated[str, Meta(extra={"prose": True, "lines": True})]
"""Text for people; `${NAME}` in it is only text."""
Replaced = Annotated[str, Meta(extra={"replaced": True})]
"""`${NAME}` in it is taken from the environment at use."""
Body = Annotated[str, Meta(extra={"replaced": True, "lines": True})]
"""As `Replaced`, of any number of lines."""
Query = Annotated[str, Meta(min_length=1, extra={"lines": True})]
Url = Annotated[
    str, Meta(description="http://host[:port]/path or https://...", extra={"check": "url", "replaced": True})
]
Link = Annotated[str, Meta(description="http://host[:port]/path or https://...", extra={"check": "url"})]
File = Annotated[str, Meta(description="an absolute path", extra={"check": "file"})]
Relative = Annotated[
    str,
    Meta(
        pattern=r"^[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]{0,499}$",
        description="a path in the working copy: conf/app.toml",
        extra={"check": "relative"},
    ),
]
JsonPath = Annotated[str, Meta(description="a path: status, checks.db.state, nodes[0].name", extra={"check": "json"})]
Pattern = Annotated[str, Meta(description="a regular expression (RE2 syntax)", extra={"check": "pattern"})]
UrlPath = Annotated[str, Meta(description="begins with /", extra={"check": "path", "replaced": True})]
Address = Annotated[str, Meta(description="host:port or [IPv6]:port", extra={"check": "address", "replaced": True})]
Header = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$", description="the name of a header: X-Api-Key")
]
Metric = Annotated[
    str,
    Meta(
        pattern=r"^([a-zA-Z_:][a-zA-Z0-9_:]{0,200})?$",
        description="a name of OpenMetrics, without labels: http_requests_total",
    ),
]
Variable = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$", description="letters, digits and _, no digit first")
]
Status = Annotated[
    str,
    Meta(
        pattern=r"^([1-5][0-9][0-9](-[1-5][0-9][0-9])?|[1-5]xx)$",
        description="a code, a range or a class: 200, 200-299, 2xx",
        extra={"check": "status"},
        extra_json_schema={WRITTEN: ["string", "integer"]},
    ),
]
Argument = Annotated[
    str, Meta(description="as it is: nothing is replaced, no shell", extra={"check": "argument", "lines": True})
]
