"""Columns of a width that comes with their texts, and words that ask for a list."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.engine.port import ObjectQuery
from cockpit.ui.kindwords import Listing, meant, parsed
from cockpit.ui.objectrows import order
from cockpit.ui.widgets.natural import LEAST, Natural, NaturalColumns, shared
from tests.ui.cluster import DEPLOYMENTS, KINDS, PODS

NEEDED = st.lists(st.integers(1, 200), min_size=1, max_size=20)


@given(NEEDED, st.integers(-5, 300))
def test_no_more_is_given_than_there_is_and_no_more_than_is_needed(needed: list[int], room: int) -> None:
    sizes = shared(needed, room)
    assert len(sizes) == len(needed)
    assert sum(sizes) <= max(0, room)
    assert all(size <= need for size, need in zip(sizes, needed, strict=True))
    if sum(needed) <= room:
        assert sizes == needed
    if sum(min(LEAST, need) for need in needed) <= room:
        assert all(size >= min(LEAST, need) for size, need in zip(sizes, needed, strict=True))


def test_the_longest_text_gets_most() -> None:
    assert shared([9, 7, 17, 40, 120], 75) == [9, 7, 14, 14, 28]


def test_the_name_gives_way_last() -> None:
    assert shared([15, 6, 18, 8, 13, 12, 4], 71, first=[0]) == [15, 6, 18, 8, 10, 10, 4]


def widths(total: int, *columns: Natural, rows: Sequence[tuple[str, ...]]) -> list[tuple[str, int]]:
    made = NaturalColumns(columns, lambda row: row)
    made.widen(rows)
    return [(column.title, size) for _, column, size in made.layout(total)]


def test_wide_columns_have_what_the_others_leave() -> None:
    columns = (Natural("NAME"), Natural("IP", wide=True), Natural("MESSAGE"))
    rows = [("web", "10.244.0.9", "m" * 60)]
    assert widths(80, *columns, rows=rows) == [("NAME", 4), ("MESSAGE", 60)]
    assert widths(120, *columns, rows=rows) == [("NAME", 4), ("IP", 10), ("MESSAGE", 60)]
    assert widths(120, *columns, rows=[("web", "10.244.0.9", "m" * 150)]) == [("NAME", 4), ("MESSAGE", 112)]
    assert widths(20, *columns, rows=rows) == [("NAME", 4), ("MESSAGE", 12)]
    assert widths(3, *columns, rows=rows) == []


def test_of_the_wide_columns_each_is_whole_before_the_next() -> None:
    columns = (Natural("NAME"), *(Natural(title, wide=True) for title in ("IP", "NODE", "GATES", "MORE")))
    rows = [("n" * 80, "10.244.0.10", "node-001", "<none>" * 3, "x")]
    assert widths(120, *columns, rows=rows) == [("NAME", 80), ("IP", 11), ("NODE", 8), ("GATES", 16)]
    assert sum(size + 1 for _, size in widths(120, *columns, rows=rows)) == 119


def test_a_sentence_has_what_is_left_and_what_is_brief_stays_whole() -> None:
    columns = (Natural("SEEN"), Natural(" "), Natural("REASON"), Natural("OBJECT"), Natural("MESSAGE"))
    rows = [("3m20s", "!", "ScalingReplicaSet", "po/checkout-7d9f8b6c54-q9w4z", "Back-off restarting " * 9)]
    found = dict(widths(80, *columns, rows=rows))
    assert found == {"SEEN": 5, " ": 1, "REASON": 17, "OBJECT": 17, "MESSAGE": 34}
    assert dict(widths(120, *columns, rows=rows))["OBJECT"] == 28, "whole where there is room"
    assert sum(size + 1 for _, size in widths(40, *columns, rows=rows)) <= 40


def test_names_are_cut_in_their_middle_and_sentences_at_their_end() -> None:
    made = NaturalColumns((Natural("OBJECT"), Natural("MESSAGE")), lambda row: row)
    made.widen([("pod/web-5c6d7e8f9a-mmp2l", "Back-off restarting failed container")])
    assert [column.middle for _, column, _ in made.layout(30)] == [True, False]


def test_a_column_never_shrinks() -> None:
    made = NaturalColumns((Natural("NAME"),), lambda row: row)
    assert made.widen([("a-long-name",)])
    assert not made.widen([("b",), ("漢字",)])
    assert not made.widen([])
    assert [size for _, _, size in made.layout(80)] == [11]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Listing(ObjectQuery(kind=""))),
        ("po", Listing(ObjectQuery(kind="po"))),
        ("PO Shop", Listing(ObjectQuery(kind="po", space="Shop"))),
        ("po -n shop", Listing(ObjectQuery(kind="po", space="shop"))),
        ("po * ", Listing(ObjectQuery(kind="po", space=""))),
        ("po all /web !x", Listing(ObjectQuery(kind="po", space=""), filter="web !x")),
        ("po /all @x", Listing(ObjectQuery(kind="po"), filter="all @x")),
        ("po a=b c!=d @stage", Listing(ObjectQuery(kind="po", labels="a=b,c!=d"), "stage")),
        ("po shop -f wb", Listing(ObjectQuery(kind="po", space="shop"), filter="-f wb")),
    ],
)
def test_words_that_ask_for_a_list(text: str, wanted: Listing) -> None:
    assert parsed(text) == wanted


def test_a_word_means_what_it_names_before_what_begins_with_it() -> None:
    assert meant(KINDS, "pods")[:1] == [PODS]
    assert meant(KINDS, "dep") == [DEPLOYMENTS]
    assert meant(KINDS, "deployments.apps") == [DEPLOYMENTS]
    assert meant(KINDS, "x") == []


def test_cells_are_ordered_by_what_they_mean() -> None:
    ages = sorted(["12d", "9s", "3h5m"], key=order)
    assert ages == ["9s", "3h5m", "12d"]
    assert sorted(["10", "2", "-1.5", "14 (2m ago)"], key=order) == ["-1.5", "2", "10", "14 (2m ago)"]
    assert sorted(["b", "<none>", "A", ""], key=order) == ["A", "b", "", "<none>"]
