"""YAML as nodes: what is read, where it stands, and what no input can exceed."""

import pytest

from cockpit.profile import tree
from cockpit.profile.tree import Node, YamlError, parse


def failure(text: str) -> str:
    with pytest.raises(YamlError) as caught:
        parse(text)
    issue = caught.value.issue
    return f"{issue.line}:{issue.column}: {issue.text}"


def test_nodes_know_where_they_stand_and_how_they_were_written() -> None:
    root = parse('a: 1\nb:\n  - "2"\n  - {c: d}\n')
    (a, one), (b, items) = root.pairs
    assert (a.text, a.line, a.column) == ("a", 1, 1)
    assert (one.text, one.plain, one.line, one.column) == ("1", True, 1, 4)
    assert (items.kind, items.line, items.column) == ("list", 3, 3)
    assert (items.items[0].text, items.items[0].plain) == ("2", False)
    assert items.items[1].pairs[0][1].text == "d"
    assert b.text == "b"
    assert root.size == 1 + 4 + 1 + 2 + 1 + 1 - 1


@pytest.mark.parametrize(
    ("written", "empty"), [("", True), ("~", True), ("null", True), ('""', False), ("0", False), ("[]", False)]
)
def test_nothing_is_told_from_an_empty_text(written: str, empty: bool) -> None:
    assert parse(f"a: {written}").pairs[0][1].empty is empty


def test_an_alias_is_its_anchors_value_at_its_own_place() -> None:
    root = parse("a: &x {k: v}\nb: *x\n")
    alias = root.pairs[1][1]
    assert alias.pairs[0][1].text == "v"
    assert (alias.line, alias.column) == (2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1: the file is empty; a profile begins with: version: 1"),
        ("# nothing\n", "1:1: the file is empty; a profile begins with: version: 1"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document; one file holds one profile"),
        ("a:\n\tb: 1\n", "2:1: not YAML: a tab; indent with spaces"),
        (
            "a: b: c\n",
            "1:5: not YAML: a second ': ' in one line, or a wrong indent; put a text that holds ': ' in quotes",
        ),
        ('a: "b\n', "2:1: not YAML: found unexpected end of stream; the quote opened in line 1 is not closed"),
        ("a: *b\n", "1:4: *'b' stands for nothing before it"),
        ("a: &x [*x]\n", "1:8: *'x' stands for nothing before it"),
        ("a: !!python/object:os.system ls\n", "1:4: the tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("a: b\x07\n", "1:5: the character U+0007 is not allowed in YAML"),
        ("a: [1, 2\n", "2:1: not YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_what_is_no_yaml_is_one_located_line(text: str, expected: str) -> None:
    found = failure(text)
    assert found.startswith(expected)
    assert "\n" not in found


def test_depth_is_bounded_before_it_costs_time() -> None:
    assert failure("[" * 200_000) == f"1:{tree.DEPTH_LIMIT + 1}: nested more than 16 deep"
    assert parse("[" * tree.DEPTH_LIMIT + "]" * tree.DEPTH_LIMIT).kind == "list"


def test_aliases_count_as_what_they_stand_for() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        laughs += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    assert "more than 40000 values, aliases counted as what they stand for" in failure(laughs)


def test_the_number_of_values_is_bounded() -> None:
    assert "more than 40000 values" in failure("[" + "1," * 40_001 + "]")


def test_a_broken_escape_is_an_error_and_not_a_crash() -> None:
    assert "not" in failure('a: "\\UFFFFFFFF"\n')
    assert "not YAML" in failure('a: "\\q"\n')


def test_no_node_is_shared_by_default() -> None:
    assert Node("text", 1, 1) != Node("text", 1, 1)
