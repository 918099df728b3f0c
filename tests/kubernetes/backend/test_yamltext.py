"""YAML that is read back as the same values, whatever they are; what is hidden in it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cockpit.backends.kubernetes.describe import shown, whole
from cockpit.backends.kubernetes.yamltext import yaml_text

# Lone surrogates are in no answer of an API, and YAML has no way to write them.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    ["", "true", "No", "null", "~", "1", "1.5", "1e3", "0x1f", "2026-03-01T13:00:00Z", "-", "- a", "a: b", "a #b", "*x",
     "a\nb\n", "a\n\n", "\na", " a\nb", "a \nb", "\ta", "---", "...", "é", "漢字\n", "\u2028", "\x85", "@a", "`a`", "=",
     "<<", "/data:/x", "key: |"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_is_read_back_is_the_same(value: dict[str, Any]) -> None:
    assert YAML(typ="safe", pure=True).load(yaml_text(value)) == value


def test_it_reads_as_kubectl_writes_it() -> None:
    value = {
        "kind": "ConfigMap",
        "metadata": {"name": "web", "labels": {"a/b": "1"}},
        "data": {"run.sh": "#!/bin/sh\nexec web\n"},
        "items": [{"name": "one", "values": ["x", 2]}, {}, []],
    }
    assert yaml_text(value) == (
        "kind: ConfigMap\nmetadata:\n  name: web\n  labels:\n    a/b: \"1\"\ndata:\n  run.sh: |\n    #!/bin/sh\n"
        "    exec web\nitems:\n- name: one\n  values:\n  - x\n  - 2\n- {}\n- []\n"
    )  # fmt: skip


@pytest.mark.parametrize("field", ["data", "stringData"])
@pytest.mark.parametrize("held", [{"key": "dmFsdWU="}, "dmFsdWU=", ["dmFsdWU="], {"key": {"deep": "dmFsdWU="}}])
def test_whatever_a_secret_holds_is_hidden(field: str, held: Any) -> None:
    answer = {"metadata": {"name": "db"}, field: held}
    assert "dmFsdWU" not in whole(answer, "Secret")
    assert "dmFsdWU" not in whole({**answer, "kind": "Secret"})
    # The answer itself stays as it was: who asked for it drops it.
    assert answer[field] == held


def test_sizes_are_those_of_what_is_hidden() -> None:
    text = whole({"kind": "Secret", "data": {"a": "YQ==", "bc": "YmM=", "none": ""}, "type": "Opaque"})
    assert text.startswith("# masked: a (1 bytes), bc (2 bytes), none (0 bytes)\n")


def test_odd_metadata_is_no_failure() -> None:
    odd: dict[str, Any]
    for odd in ({"metadata": None}, {"metadata": []}, {"metadata": {"annotations": [1]}}, {"kind": "Secret"}, {}):
        assert isinstance(shown(odd), dict)
        assert isinstance(whole(odd), str)
