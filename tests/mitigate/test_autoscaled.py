"""The predicate `autoscaled`: what an autoscaler says and does is looked at, not that it was accepted."""

import pytest
from msgspec.structs import replace

from cockpit.board.model import Autoscaler, Freshness, SafeText, Workload
from cockpit.mitigate.answer import Answer
from cockpit.mitigate.predicates import required
from tests.mitigate.test_verify import Case, whole

HPA = Autoscaler(name=SafeText("web"), least=2, most=6, percent=70, able=True, measures=True)
WANTED = (("min", "2"), ("max", "6"), ("cpu", "70"))


def seen(
    scaler: Autoscaler | None, arguments: tuple[tuple[str, str], ...] = WANTED, desired: int = 2
) -> tuple[Answer, str]:
    sight = Case().sight(whole("autoscale", arguments=arguments))

    def shown(one: Workload) -> Workload:
        return replace(one, autoscaler=scaler, desired=desired)

    services = tuple(
        replace(service, workloads=tuple(map(shown, service.workloads))) for service in sight.snapshot.services
    )
    found = required("autoscaled").test(replace(sight, snapshot=replace(sight.snapshot, services=services)))
    return found.answer, str(found.detail)


@pytest.mark.parametrize(
    ("scaler", "desired", "answer", "words"),
    [
        (HPA, 2, Answer.YES, "web keeps 2 to 6, at 70 % CPU"),
        (None, 2, Answer.NO, "no autoscaler of it is seen"),
        (replace(HPA, most=9), 2, Answer.NO, "web keeps 2 to 9, at 70 % CPU still"),
        (replace(HPA, able=None), 2, Answer.NO, "web has not said yet that it can scale"),
        (replace(HPA, able=False, why=SafeText("no target")), 2, Answer.NO, "web does not scale: no target"),
        (replace(HPA, measures=False, why=SafeText("no metrics")), 2, Answer.NO, "web does not scale: no metrics"),
        (HPA, 7, Answer.NO, "there are to be 7, web keeps 2 to 6"),
    ],
)
def test_its_bounds_its_words_and_its_deeds_count(
    scaler: Autoscaler | None, desired: int, answer: Answer, words: str
) -> None:
    found, said = seen(scaler, desired=desired)
    assert found is answer
    assert words in said


def test_what_was_known_to_have_no_metrics_keeps_its_bounds() -> None:
    mute = replace(HPA, measures=False, why=SafeText("no metrics"))
    assert seen(mute, (*WANTED, ("measured", "no"))) == (
        Answer.YES, "web keeps 2 to 6, at 70 % CPU; web does not scale: no metrics",
    )  # fmt: skip


def test_one_that_is_taken_away_is_gone_when_it_is_seen_no_more() -> None:
    assert seen(HPA, (("max", "none"),)) == (Answer.NO, "web is still there")
    assert seen(None, (("max", "none"),))[0] is Answer.YES


def test_a_source_that_is_silent_says_nothing() -> None:
    case = Case()
    case.world.freshness = Freshness.LOST
    case.world.publish()
    assert required("autoscaled").test(case.sight(whole("autoscale", arguments=WANTED))).answer is Answer.UNKNOWN
