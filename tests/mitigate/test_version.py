"""The predicate `version`: which version runs is looked at, not only whether something is ready."""

import pytest

from cockpit.board.model import Freshness, Phase, SafeText
from cockpit.mitigate.answer import Answer
from cockpit.mitigate.predicates import required
from tests.mitigate.test_verify import Case, Change, all_of, heard, to, whole

NEW, OLD = {"version": SafeText("1.4")}, {"version": SafeText("1.5")}
WANTED = whole("rollback", arguments=(("release", "1.4"),))


def blind(world: object) -> None:
    world.freshness = Freshness.LOST  # type: ignore[attr-defined]
    world.publish()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "answer", "words"),
    [
        (all_of(to(1, **NEW), to(2, **NEW)), Answer.YES, ""),
        (all_of(to(1, **NEW), to(2, **OLD)), Answer.NO, "hook-receiver-2 runs 1.5"),
        (heard, Answer.UNKNOWN, "which version hook-receiver-1 runs is not known"),
        (all_of(to(1, **NEW), to(2, **NEW, phase=Phase.EXITED, exit_code=1)), Answer.NO, "exited, exit 1"),
        (all_of(to(1, **NEW), to(2, **NEW), blind), Answer.UNKNOWN, "is lost"),
    ],
)
def test_every_instance_must_be_ready_in_the_version(change: Change, answer: Answer, words: str) -> None:
    found = required("version").test(Case().sight(WANTED, change))
    assert found.answer is answer
    assert words in found.detail


def test_a_plan_that_names_no_version_is_never_good() -> None:
    assert required("version").test(Case().sight(whole("rollback"), heard)).answer is Answer.UNKNOWN


def test_what_was_so_before_is_no_evidence_until_the_source_speaks() -> None:
    case = Case()
    for number in (1, 2):
        case.world.change(number, **NEW)
    case.clock._elapsed = 0.0
    case.world.heard_at = case.asked
    case.world.publish()
    assert required("version").test(case.sight(WANTED)).answer is Answer.UNKNOWN
    case.clock._elapsed = 1.0
    assert required("version").test(case.sight(WANTED, heard)).answer is Answer.YES
