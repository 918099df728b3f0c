"""What is believed of a policy that cuts a service off: that it stands was read, that it holds only probes can show."""

from collections.abc import Callable

from msgspec.structs import replace

from cockpit.backends.change import Operation
from cockpit.board.model import Freshness, ReadingState
from cockpit.board.text import safe
from cockpit.mitigate.answer import Answer, Finding
from cockpit.mitigate.predicates import required
from tests.mitigate.test_verify import Case
from tests.mitigate.world import WORKLOAD, World

DONE = Operation(verb="isolate", title=safe("isolate web"), target=WORKLOAD, done_when="denied")
SEEN = (("policy", safe("deny-web")),)


def judged(change: Callable[[World], None] | None, done_when: str = "denied", told: bool = True) -> Finding:
    case = Case()
    case.world.ask_probe(ReadingState.OK, "200")
    case.asked = case.world.probed_at
    sight = case.sight(replace(DONE, done_when=done_when))
    case.clock._elapsed += 20.0
    if change is not None:
        change(case.world)
    sight = replace(sight, snapshot=case.world.snapshot(), told=SEEN if told else ())
    return required(done_when).test(sight)


def test_a_probe_that_was_good_and_is_not_since_shows_that_it_holds() -> None:
    found = judged(lambda world: world.ask_probe(ReadingState.DOWN, "no answer"))
    assert (found.answer, found.detail) == (Answer.YES, "deny-web stands; health: no answer (was good)")


def test_what_still_answers_leaves_it_unknown() -> None:
    found = judged(lambda world: world.ask_probe(ReadingState.OK, "200"))
    assert found.answer is Answer.UNKNOWN
    assert found.detail == (
        "deny-web stands and selects its pods: in force as far as the API tells; "
        "whether the network plugin enforces it no probe shows: health is still good"
    )


def test_without_an_answer_since_it_is_unknown() -> None:
    found = judged(None)
    assert found.answer is Answer.UNKNOWN
    assert "no probe that was good before has answered since" in found.detail


def test_what_comes_by_a_port_forward_says_nothing() -> None:
    def forwarded(world: World) -> None:
        world.ask_probe(ReadingState.OK, "200")
        service = world._now.services[0]
        (probe,) = service.probes
        reading = replace(probe.reading, target=safe("GET 127.0.0.1:40001/ (forwarded to web-1:8080)"))
        world._now = replace(world._now, services=(replace(service, probes=(replace(probe, reading=reading),)),))

    found = judged(forwarded)
    assert found.answer is Answer.UNKNOWN
    assert found.detail.endswith("its probes come by a port-forward, which no policy holds")


def test_what_was_not_read_back_or_is_not_seen_is_unknown() -> None:
    assert judged(None, told=False).detail == "whether the policy stands was not seen"
    assert judged(None, "let through", told=False).detail == "whether the policy is gone was not seen"
    assert judged(None, "let through").answer is Answer.YES

    def blind(world: World) -> None:
        world.freshness = Freshness.LOST
        world.ask_probe(ReadingState.DOWN, "no answer")

    for name in ("denied", "let through"):
        assert judged(blind, name).answer is Answer.UNKNOWN


def test_another_workload_s_probes_say_nothing() -> None:
    case = Case()
    case.world.ask_probe(ReadingState.DOWN, "no answer")
    sight = case.sight(replace(DONE, target=replace(WORKLOAD, name="other")))
    assert "no probe that was good before" in required("denied").test(replace(sight, told=SEEN)).detail
