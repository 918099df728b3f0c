"""JSON paths and OpenMetrics text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.probes import jsonpath, openmetrics
from cockpit.probes.jsonpath import PathError
from cockpit.probes.openmetrics import FormatError, Series

DOCUMENT = {"status": "ok", "nodes": [{"name": "a"}, {"name": "b"}], "a.b": {"c": 1}, "0": "zero"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "ok"),
        ("$.status", "ok"),
        (".status", "ok"),
        ("nodes[1].name", "b"),
        ("nodes.1.name", "b"),
        ("nodes[-1].name", "b"),
        ('["a.b"].c', 1),
        ("0", "zero"),
        ("", DOCUMENT),
    ],
)
def test_paths(path: str, value: Any) -> None:
    assert jsonpath.get(DOCUMENT, path) == value


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nodes[2].name", "nodes[2] is missing"),
        ("status.deeper", "status.deeper is missing"),
        ("gone", "gone is missing"),
        ("nodes[x]", "not a path at character 6"),
        ("a..b", "not a path at character 2"),
    ],
)
def test_paths_that_lead_nowhere(path: str, words: str) -> None:
    with pytest.raises(PathError, match=words.replace("[", r"\[").replace("]", r"\]")):
        jsonpath.get(DOCUMENT, path)


_characters = st.characters(exclude_characters='"', exclude_categories=["Cs"])
_keys = st.text(_characters, min_size=1, max_size=8)


@given(st.lists(_keys | st.integers(0, 5), min_size=1, max_size=5))
def test_a_path_that_is_shown_is_read_again(steps: list[str | int]) -> None:
    shown = jsonpath.show(tuple(steps))
    if not shown.startswith("$"):
        assert jsonpath.parse(shown) == tuple(steps)


TEXT = """# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{code="200",path="/a\\"b\\n"} 1027 1395066363000
http_requests_total{ code = "500" , } 3
http_requests 7
queue_depth   12.5
temperature -3e2 # {trace="x"} 1.0
ratio +Inf
bad NaN
# EOF
"""


def test_an_exposition() -> None:
    assert [(one.name, dict(one.labels), one.value) for one in openmetrics.parse(TEXT)][:6] == [
        ("http_requests_total", {"code": "200", "path": '/a"b\n'}, 1027.0),
        ("http_requests_total", {"code": "500"}, 3.0),
        ("http_requests", {}, 7.0),
        ("queue_depth", {}, 12.5),
        ("temperature", {}, -300.0),
        ("ratio", {}, float("inf")),
    ]


def test_find_reads_only_the_name_that_is_wanted() -> None:
    body = TEXT.encode() + b"broken{{{\n"
    assert openmetrics.find(body, "http_requests_total", {}) == [1027.0, 3.0]
    assert openmetrics.find(body, "http_requests_total", {"code": "500"}) == [3.0]
    assert openmetrics.find(body, "http_requests", {}) == [7.0]
    assert openmetrics.find(body, "http_req", {}) == []
    assert openmetrics.find(b"x 1", "x", {}) == [1.0]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{} 1",
        "9lives 1",
        "name",
        "name one",
        "name 1_000",
        "name{a=b} 1",
        'name{a="b"',
        'name{a="b" c="d"} 1',
        'name{a="b",a="c"} 1',
        'name{a="\\x"} 1',
        "name 1 2 3",
        "na-me 1",
        "name " + "1" * 20000,
    ],
)
def test_lines_that_are_refused(line: str) -> None:
    with pytest.raises(FormatError):
        openmetrics.parse_line(line)


def test_too_many_series_are_refused() -> None:
    body = b"".join(b'x{a="%d"} 1\n' % count for count in range(openmetrics.MOST + 1))
    with pytest.raises(FormatError, match="more than 2000 series of x"):
        openmetrics.find(body, "x", {})


_names = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,10}", fullmatch=True)
_labels = st.dictionaries(
    st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,10}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.just("\n"), max_size=10),
    max_size=4,
)
_numbers = st.floats(allow_nan=False) | st.integers(-(10**12), 10**12).map(float)


def _written(series: Series) -> str:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

    labels = ",".join(f'{name}="{escaped(value)}"' for name, value in series.labels.items())
    return f"{series.name}{{{labels}}} {series.value!r}" if labels else f"{series.name} {series.value!r}"


@given(st.lists(st.builds(Series, _names, _labels, _numbers), max_size=8))
def test_what_is_written_is_read(wanted: list[Series]) -> None:
    text = "\n".join(_written(one) for one in wanted)
    assert list(openmetrics.parse(text)) == wanted
    for one in wanted:
        assert one.value in openmetrics.find(text.encode(), one.name, one.labels)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    lines = [line for line in text.split("\n") if line.strip() and not line.strip().startswith("#")]
    try:
        found = list(openmetrics.parse(text))
    except FormatError:
        with pytest.raises(FormatError):
            _ = [openmetrics.parse_line(line.strip()) for line in lines]
    else:
        assert len(found) == len(lines)
