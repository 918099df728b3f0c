"""Environment variables as a person writes them: read, shown, written so that they are read the same again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.change import PlanRefused
from cockpit.backends.kubernetes.operate.variables import Variables, present, read_variables, shown, written
from cockpit.board.secrets import Secrets

NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
VALUES = st.one_of(st.none(), st.text(st.sampled_from("ab1,=-\\ .\n"), max_size=12))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("A=1", {"A": "1"}),
        ("A=1,B=2,C-", {"A": "1", "B": "2", "C": None}),
        ("HOSTS=a:1,b:2,LOG=debug", {"HOSTS": "a:1,b:2", "LOG": "debug"}),
        ("A=", {"A": ""}),
        ("A=none", {"A": "none"}),
        ("A=b-", {"A": "b-"}),
        (r"A=x\,B=2", {"A": "x,B=2"}),
        ("A=1,", {"A": "1"}),
        ("some.thing-else=1", {"some.thing-else": "1"}),
    ],
)
def test_several_are_read_from_one_line(words: str, found: Variables) -> None:
    assert read_variables("web", words, Secrets()) == found


@pytest.mark.parametrize("words", ["A", "=x", "1A=x", "A-,b c", ",A=1", "A=1,A=2", "A=" + "x" * 5000])
def test_what_is_written_wrongly_is_refused(words: str) -> None:
    with pytest.raises(PlanRefused, match="set web: "):
        read_variables("web", words, Secrets())


def test_a_secret_that_is_known_is_one_under_any_name() -> None:
    known = Secrets(["plainlooking"])
    with pytest.raises(PlanRefused, match="GREETING looks like a secret"):
        read_variables("web", "GREETING=plainlooking", known)
    container = {"env": [{"name": "GREETING", "value": "plainlooking"}]}
    with pytest.raises(PlanRefused, match="what GREETING is now looks like a secret") as refused:
        present("web", container, ["GREETING"], known)
    assert "plainlooking" not in str(refused.value)


def test_each_is_shown_by_itself() -> None:
    assert shown({"A": "1", "B": None, "C": ""}) == (("env A", "1"), ("env B", "not set"), ("env C", '""'))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=5))
def test_what_is_written_is_read_the_same(found: Variables) -> None:
    assert read_variables("web", written(found), Secrets()) == found
