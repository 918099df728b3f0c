"""Whatever a file holds, loading it ends quickly, raises nothing, and says something that can be printed."""

import string
from collections.abc import Callable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cockpit.profile.checks import seconds, span
from cockpit.profile.load import Loaded, loads
from cockpit.profile.schema import Profile
from cockpit.profile.validate import report
from tests.profile.reading import probe, service

WORDS = [
    *Profile.__struct_fields__,
    "kind",
    "http",
    "exec",
    "url",
    "port",
    "argv",
    "compose",
    "docker",
    "metric",
    "web",
]
SCALARS = st.one_of(
    st.sampled_from(
        [*WORDS, "", "~", "true", "1", "-1", "1.5", "30s", "${A}", "${", "*a", "&a x", "!!int 3", "<<", "("]
    ),
    st.integers(-10, 10**20).map(str),
    st.text(string.printable, max_size=12),
    st.text(max_size=6),
)


def flow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(SCALARS, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    )


VALUES = st.recursive(SCALARS, flow, max_leaves=15)
LINES = st.lists(st.tuples(st.integers(0, 3), SCALARS, VALUES), max_size=12).map(
    lambda lines: "\n".join(f"{'  ' * depth}{key}: {value}" for depth, key, value in lines)
)
YAMLISH = st.one_of(LINES, VALUES, st.text(max_size=80), st.text("[]{}:,-?|>&*!#%@`'\" \n\ta1", max_size=40))


def check(found: Loaded) -> None:
    assert (found.profile is None) == bool(found.errors)
    for line in report(found).lines:
        assert line.isprintable(), line
        assert len(line) < 2000


@settings(max_examples=400)
@given(YAMLISH)
@example("a: &a [*a]")
@example("%YAML 9.9\n---\na: 1")
@example("%TAG ! tag:x,2000:\n--- !y\na: 1")
@example("? - a\n: b")
@example('"\\ud800": 1')
@example("a: |99\n  b")
@example("--- >\n%YAML")
def test_any_text_is_read_without_a_crash(text: str) -> None:
    check(loads(text, "x.yaml", {}))


PLACES = st.one_of(
    st.sampled_from(["backends", "services", "severities", "host", "thresholds", "links", "discover"]).map(
        lambda key: lambda value: f"version: 1\nname: x\n{key}: {value}\n"
    ),
    st.sampled_from(["tier", "workloads", "probes", "metrics", "depends_on", "logs", "thresholds"]).map(
        lambda key: lambda value: service(f"{key}: {value}")
    ),
    st.sampled_from(["url", "headers", "argv", "samples", "every", "status", "json", "body", "kind"]).map(
        lambda key: lambda value: probe(f"kind: http, {key}: {value}")
    ),
)


@settings(max_examples=300)
@given(PLACES, VALUES)
def test_any_value_in_any_place_is_read_without_a_crash(place: Callable[[str], str], value: str) -> None:
    check(loads(place(value), "x.yaml", {}))


@given(st.floats(0.001, 366 * 86_400))
def test_a_duration_as_it_is_shown_is_read_as_what_it_is(value: float) -> None:
    read = seconds(span(value))
    assert read is not None
    assert abs(read - value) <= max(0.01 * value, 0.001) or abs(read - value) < 0.5


@given(st.integers(0, 366 * 86_400))
def test_whole_seconds_survive_exactly(value: int) -> None:
    assert seconds(span(value)) == value
