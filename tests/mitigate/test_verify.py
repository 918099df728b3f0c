"""Predicates and the judge: what is believed of what a board shows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.backends.change import Life, Operation
from cockpit.board.clock import ManualClock
from cockpit.board.model import Freshness, Health, Instance, Phase, ReadingState, SafeText
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer
from cockpit.mitigate.predicates import required
from cockpit.mitigate.sight import Baseline, Sight, baseline
from cockpit.mitigate.verify import Done, Judge, Question
from tests.mitigate.world import SERVICE, WORKLOAD, World, instance_id, operation

Change = Callable[[World], None]


class Case:
    """A world with a baseline; `sight` looks at it after something was done."""

    def __init__(self, *, count: int = 2) -> None:
        self.clock = ManualClock()
        self.world = World(self.clock, count)
        self.asked = self.clock.now()
        self.clock._elapsed = 5.0

    def sight(self, wanted: Operation, change: Change | None = None) -> Sight:
        before = baseline(self.world.snapshot(), (wanted,), SERVICE, self.asked)
        if change is not None:
            change(self.world)
        return Sight(
            operation=wanted, source="main", baseline=before, answered=self.asked, snapshot=self.world.snapshot()
        )


def whole(verb: str, **fields: object) -> Operation:
    return Operation(verb=verb, title=safe(verb), target=WORKLOAD, **fields)  # type: ignore[arg-type]


def restart(number: int) -> Change:
    return lambda world: world.change(number, phase=Phase.RUNNING, started_at=world.clock.now())


def all_of(*changes: Change) -> Change:
    def change(world: World) -> None:
        for one in changes:
            one(world)

    return change


def to(number: int, **fields: object) -> Change:
    return lambda world: world.change(number, **fields)


def remove(number: int) -> Change:
    def change(world: World) -> None:
        del world.instances[instance_id(number)]
        world.seen()

    return change


def replace_by_new(world: World) -> None:
    del world.instances[instance_id(1)]
    world.instances[instance_id(3)] = Instance(
        id=instance_id(3), name=SafeText("new"), phase=Phase.RUNNING, started_at=world.clock.now()
    )
    world.seen()


def heard(world: World) -> None:
    world.seen()


def lose(world: World) -> None:
    world.freshness = Freshness.LOST
    world.publish()


def runs(*versions: str) -> Change:
    return all_of(*(to(number, version=one) for number, one in enumerate(versions, 1)))


BACK_TO_1 = whole("rollback", arguments=(("release", "v1"),))
YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
SCALE_3 = whole("scale", arguments=(("replicas", "3"),))


@pytest.mark.parametrize(
    ("name", "wanted", "change", "answer"),
    [
        ("ready", operation(1), heard, NO),  # good before is no evidence
        ("ready", operation(1), restart(1), YES),
        ("ready", operation(1), restart(2), NO),
        ("ready", operation(1), all_of(restart(1), to(1, health=Health.STARTING)), NO),
        ("ready", operation(1), all_of(restart(1), to(1, health=Health.HEALTHY)), YES),
        ("ready", operation(1), all_of(restart(1), to(1, phase=Phase.RESTARTING)), NO),
        ("ready", operation(1), replace_by_new, YES),
        ("ready", operation(1), remove(1), NO),
        ("ready", operation(1), all_of(restart(1), lose), UNKNOWN),
        ("ready", operation(1), to(1, started_at=None), UNKNOWN),
        ("ready", whole("restart"), restart(1), NO),
        ("ready", whole("restart"), all_of(restart(1), restart(2)), YES),
        ("running", operation(1), heard, YES),
        ("running", operation(1), None, UNKNOWN),  # nothing was heard since
        ("running", operation(1), to(1, phase=Phase.PAUSED), NO),
        ("stopped", operation(1), to(1, phase=Phase.EXITED), YES),
        ("stopped", operation(1), heard, NO),
        ("stopped", operation(1), remove(1), YES),
        ("stopped", operation(1), all_of(to(1, phase=Phase.EXITED), lose), UNKNOWN),
        ("paused", operation(1), to(1, phase=Phase.PAUSED), YES),
        ("paused", operation(1), remove(1), NO),
        ("gone", operation(1), remove(1), YES),
        ("gone", operation(1), to(1, phase=Phase.EXITED), NO),
        ("gone", operation(1), all_of(remove(1), lose), UNKNOWN),
        ("replicas", SCALE_3, heard, NO),
        ("replicas", whole("scale", after=(("instances", SafeText("2")),)), heard, YES),
        ("replicas", whole("scale", arguments=(("replicas", "1"),)), remove(2), YES),
        ("replicas", whole("scale", arguments=(("replicas", "1"),)), to(2, phase=Phase.EXITED), YES),
        ("replicas", whole("scale"), heard, UNKNOWN),
        ("version", BACK_TO_1, runs("v2", "v2"), NO),
        ("version", BACK_TO_1, runs("v1", "v2"), NO),
        ("version", BACK_TO_1, runs("v1", "v1"), YES),
        ("version", BACK_TO_1, all_of(runs("v1", "v1"), to(2, phase=Phase.EXITED)), NO),
        ("version", BACK_TO_1, runs("v1", ""), UNKNOWN),
        ("version", whole("rollback"), runs("v1", "v1"), UNKNOWN),
        ("no such name", operation(1), heard, UNKNOWN),
    ],
)
def test_predicates(name: str, wanted: Operation, change: Change | None, answer: Answer) -> None:
    finding = required(name).test(Case().sight(wanted, change))
    assert finding.answer is answer, finding.detail
    assert finding.answer is YES or finding.detail


def test_a_workload_that_nobody_shows_is_not_known_until_its_source_spoke() -> None:
    other = replace(WORKLOAD, name="other")
    silent, spoke = Case(), Case()
    wanted = Operation(verb="restart", title=safe("restart"), target=other)
    assert required("ready").test(silent.sight(wanted)).answer is UNKNOWN
    assert required("ready").test(spoke.sight(wanted, heard)).answer is NO


def question(case: Case, *wanted: Operation, hold: float = 10.0, deadline: float = 60.0) -> tuple[Question, Baseline]:
    before = baseline(case.world.snapshot(), wanted, SERVICE, case.asked)
    done = tuple(Done(operation=one, baseline=before, answered=case.asked) for one in wanted)
    return Question(
        source="main", service=SERVICE, baseline=before, done=done, hold=hold, deadline=deadline
    ), before  # fmt: skip


def test_it_holds_for_the_whole_time_or_starts_over() -> None:
    case = Case()
    asked, _ = question(case, operation(1))
    judge = Judge(asked, began=0.0)
    restart(1)(case.world)
    assert judge.look(case.world.snapshot(), 1.0).result is None
    assert judge.look(case.world.snapshot(), 10.9).result is None
    case.world.change(1, health=Health.UNHEALTHY)
    assert judge.look(case.world.snapshot(), 10.95).result is None
    case.world.change(1, health=Health.HEALTHY)
    assert judge.look(case.world.snapshot(), 12.0).result is None
    assert judge.look(case.world.snapshot(), 21.9).result is None
    ruling = judge.look(case.world.snapshot(), 22.0)
    assert (ruling.result, ruling.evidence) == ("worked", ("1 of 1 ready for 10 s",))


def test_a_hold_that_began_in_time_may_end_after_the_deadline() -> None:
    case = Case()
    asked, _ = question(case, operation(1), deadline=20.0)
    judge = Judge(asked, began=0.0)
    restart(1)(case.world)
    assert judge.look(case.world.snapshot(), 19.0).result is None
    assert judge.look(case.world.snapshot(), 25.0).result is None
    assert judge.look(case.world.snapshot(), 29.0).result == "worked"


def test_a_stopped_service_owes_no_answer_to_its_probes() -> None:
    case = Case()
    case.world.ask_probe(ReadingState.DOWN, "refused")
    asked, _ = question(case, operation(1, done_when="stopped"), hold=0.0)
    to(1, phase=Phase.EXITED)(case.world)
    assert Judge(asked, began=0.0).look(case.world.snapshot(), 1.0).result == "worked"


def test_only_the_last_operation_on_a_target_is_asked_for() -> None:
    case = Case()
    asked, _ = question(case, operation(1, "stop", done_when="stopped"), operation(1, "start"), hold=0.0)
    restart(1)(case.world)
    assert Judge(asked, began=0.0).look(case.world.snapshot(), 1.0).result == "worked"


def test_one_line_of_evidence_counts_all_targets() -> None:
    case = Case()
    asked, _ = question(case, operation(1), operation(2), hold=0.0)
    restart(1)(case.world)
    ruling = Judge(asked, began=0.0).look(case.world.snapshot(), 1.0)
    assert ruling.evidence == ("1 of 2 ready: it still is the one from before",)


def test_what_the_restart_itself_ended_is_no_crash_and_what_ends_after_it_is() -> None:
    """A crash loop began a life between the baseline and the restart; the engine's clock is an hour behind."""
    case = Case(count=1)
    asked, _ = question(case, operation(1), hold=0.0)
    began = case.asked - timedelta(minutes=30)
    judge = Judge(replace(asked, done=(replace(asked.done[0], lives=(Life(instance_id(1), began),)),)), began=0.0)
    before = {"started_at": began - timedelta(seconds=1), "finished_at": began - timedelta(milliseconds=5)}
    for phase, code in ((Phase.RUNNING, None), (Phase.EXITED, 137), (Phase.RESTARTING, 137)):
        case.world.change(1, phase=phase, exit_code=code, **before)
        assert judge.look(case.world.snapshot(), 1.0).result != "did not work", phase
    case.world.change(1, phase=Phase.EXITED, exit_code=3, started_at=began, finished_at=began + timedelta(seconds=4))
    ruling = judge.look(case.world.snapshot(), 2.0)
    assert (ruling.result, ruling.evidence) == ("did not work", ("exit 3 after 4 s",))


phases = st.sampled_from([Phase.RUNNING, Phase.EXITED, Phase.RESTARTING, Phase.STARTING, Phase.PAUSED])
steps = st.lists(st.tuples(phases, st.booleans(), st.booleans(), st.floats(0.5, 8.0)), min_size=1, max_size=25)


@given(steps)
def test_it_never_says_worked_without_a_good_hold(course: list[tuple[Phase, bool, bool, float]]) -> None:
    """Whatever happens: "worked" only after 10 s of a live source, a new start and a running instance, unbroken."""
    case = Case(count=1)
    asked, before = question(case, operation(1))
    judge = Judge(asked, began=0.0)
    now, good_since = 0.0, None
    for phase, starts, live, seconds in course:
        now += seconds
        case.clock._elapsed = 5.0 + now
        case.world.freshness = Freshness.LIVE if live else Freshness.LOST
        started = case.clock.now() if starts else case.world.instances[instance_id(1)].started_at
        case.world.change(1, phase=phase, started_at=started)
        renewed = started != before.instances[0].started_at
        good = live and phase is Phase.RUNNING and renewed
        good_since = (now if good_since is None else good_since) if good else None
        ruling = judge.look(case.world.snapshot(), now)
        if ruling.result == "worked":
            assert good_since is not None
            assert now - good_since >= 10.0
        if ruling.result is not None:
            assert ruling.evidence
            return
    assert judge.wait(now) <= 1.0


def test_of_several_replaced_ones_each_has_one_that_stands_in_for_it() -> None:
    """One after the other, names kept: 2 of 2, and the first one's crash is not hidden by the second."""
    case = Case()
    begun = [operation(number, "recreate") for number in (1, 2)]
    done = []
    for number, one in zip((1, 2), begun, strict=True):
        before = baseline(case.world.snapshot(), (one,), SERVICE, case.clock.now())
        old = case.world.instances.pop(instance_id(number))
        new = Instance(
            id=instance_id(number + 10), name=old.name, phase=Phase.RUNNING, started_at=case.clock.now(),
            created_at=case.clock.now(),
        )  # fmt: skip
        case.world.instances[new.id] = new
        done.append(Done(operation=one, baseline=before, answered=case.clock.now()))
        case.clock._elapsed += 5.0
        case.world.seen()
    question = Question(
        source="main", service=SERVICE, baseline=done[0].baseline, done=tuple(done), hold=0.0, deadline=60.0,
        probes=False,
    )  # fmt: skip
    ruling = Judge(question, case.clock.monotonic()).look(case.world.snapshot(), case.clock.monotonic())
    assert (ruling.result, ruling.evidence[0]) == ("worked", "2 of 2 ready")
    case.world.change(11, phase=Phase.EXITED, exit_code=3)
    ruling = Judge(question, case.clock.monotonic()).look(case.world.snapshot(), case.clock.monotonic())
    assert ruling.result == "did not work"
    assert "exit 3" in ruling.evidence[0]
