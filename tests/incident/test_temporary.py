"""What still stands of what was changed for the time being."""

import msgspec
from msgspec.structs import replace

from cockpit.backends.change import DECLARED, Operation, Plan
from cockpit.board.clock import ManualClock
from cockpit.board.text import safe
from cockpit.incident.entry import Entry
from cockpit.incident.temporary import Changes, Temporary
from tests.mitigate.world import SERVICE, WORKLOAD, instance_id, operation, plan

NOW = ManualClock().now()


class Book:
    """Writes runs as the door does."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def _add(self, kind: str, unique: str, facts: tuple[tuple[str, str], ...]) -> None:
        entry = Entry(
            id=len(self.entries) + 1, happened=NOW, recorded=NOW, who="oncall", host="bastion", kind=kind,
            text=safe(kind), facts=facts, unique=unique,
        )  # fmt: skip
        self.entries.append(entry)

    def run(self, made: Plan, result: str = "worked", accepted: tuple[int, ...] = ()) -> None:
        run = f"run{len(self.entries)}"
        self._add("intent", f"intent:{run}", (("plan", msgspec.json.encode(made).decode()),))
        for step in accepted:
            self._add("result", f"result:{run}:{step}", (("step", str(step)), ("answer", "accepted")))
        self._add("verdict", f"verdict:{run}", (("result", result),))

    @property
    def open(self) -> tuple[Temporary, ...]:
        at_once = Changes(self.entries).open
        one_by_one = Changes()
        for entry in self.entries:
            one_by_one.hear([entry])
        assert one_by_one.open == at_once
        return at_once


def scale(to: int, was: int) -> Plan:
    made = Operation(
        verb="scale", title=safe(f"scale to {to}"), target=WORKLOAD, arguments=(("replicas", str(to)),),
        inverse=("scale", (("replicas", str(was)),)),
    )  # fmt: skip
    return plan(made, made_at=NOW)


def stop(number: int) -> Operation:
    return operation(number, "stop", inverse=("start", (("instance", f"c{number}"),)))


def start(number: int) -> Operation:
    return operation(number, "start", inverse=("stop", (("instance", f"c{number}"),)))


def test_scaled_twice_goes_back_to_what_it_was_at_first() -> None:
    book = Book()
    book.run(scale(4, 2))
    book.run(scale(6, 4))
    (one,) = book.open
    assert (one.word, one.title, one.inverse) == ("scaled", "scale to 6", ("scale", (("replicas", "2"),)))
    assert (one.service, one.workload, one.since, one.who) == (SERVICE, WORKLOAD, NOW, "oncall")
    book.run(scale(2, 6))
    assert not book.open


def test_what_is_stopped_is_so_until_it_is_started_or_restarted() -> None:
    book = Book()
    book.run(plan(stop(1), stop(2), made_at=NOW))
    assert [one.target for one in book.open] == [instance_id(1), instance_id(2)]
    book.run(plan(start(1), made_at=NOW))
    assert [one.target for one in book.open] == [instance_id(2)]
    book.run(plan(operation(2), made_at=NOW))
    assert not book.open
    book.run(plan(start(1), made_at=NOW))
    assert not book.open


def test_what_was_not_done_does_not_stand_and_what_did_not_work_does() -> None:
    book = Book()
    book.run(plan(stop(1), stop(2), made_at=NOW), "did not work", accepted=(1,))
    assert [(one.target, one.verdict) for one in book.open] == [(instance_id(1), "did not work")]
    book.run(plan(start(1), made_at=NOW), "unknown", accepted=(1,))
    assert not book.open
    book.run(plan(stop(2), made_at=NOW), "did not work")
    assert not book.open


def declared(name: str, inverse: str) -> Plan:
    call = Operation(
        verb="call", title=safe(name), target=WORKLOAD, source=DECLARED, inverse=(inverse, ()) if inverse else None
    )
    return replace(plan(call, made_at=NOW), verb=name)


def test_a_call_of_the_profile_stands_until_its_inverse() -> None:
    book = Book()
    book.run(declared("maintenance-on", "maintenance-off"))
    assert [(one.word, one.inverse[0]) for one in book.open] == [("maintenance-on", "maintenance-off")]
    book.run(declared("warm-up", ""))
    assert len(book.open) == 1
    book.run(declared("maintenance-off", "maintenance-on"))
    assert not book.open


def test_each_variable_of_the_environment_stands_for_itself() -> None:
    book = Book()
    for variable in ("A", "B"):
        made = operation(1, "set-env", inverse=("unset-env", (("variable", variable),)))
        book.run(plan(made, made_at=NOW))
    unset = operation(1, "unset-env", arguments=(("variable", "A"),))
    book.run(plan(unset, made_at=NOW))
    assert [one.inverse[1] for one in book.open] == [(("variable", "B"),)]


def test_what_was_stepped_back_does_not_stand() -> None:
    book = Book()
    book.run(replace(declared("shift", "unshift"), on_failure="step back"), "did not work", accepted=(1,))
    assert not book.open


def test_a_plan_of_another_version_is_left_out() -> None:
    book = Book()
    book.run(scale(4, 2))
    book.entries[0] = replace(book.entries[0], facts=(("plan", '{"version": 9}'),))
    assert not book.open


def setting(number: int, place: str, to: tuple[tuple[str, str], ...], was: tuple[tuple[str, str], ...]) -> Plan:
    made = operation(
        number, "set", arguments=(*to, ("place", place)), inverse=("set", (*was, ("instance", place)))
    )  # fmt: skip
    return plan(made, made_at=NOW)


def test_two_limits_are_two_changes_and_each_is_taken_back_by_its_own() -> None:
    book = Book()
    book.run(setting(1, "web_1", (("memory", "536870912"),), (("memory", "none"),)))
    book.run(setting(1, "web_1", (("cpus", "2"),), (("cpus", "none"),)))
    assert [one.word for one in book.open] == ["settings changed"] * 2
    book.run(setting(1, "web_1", (("cpus", "none"),), (("cpus", "2"),)))
    (one,) = book.open
    assert one.inverse == ("set", (("memory", "none"), ("instance", "web_1")))


def test_what_took_the_place_of_a_container_takes_its_change_back() -> None:
    book = Book()
    book.run(setting(1, "web_1", (("image", "app:v2"), ("id", "sha256:22")), (("image", "sha256:11"),)))
    assert len(book.open) == 1
    book.run(setting(8, "web_2", (("image", "app:v1"), ("id", "sha256:11")), (("image", "sha256:22"),)))
    assert [one.place for one in book.open] == ["web_1", "web_2"]
    book.run(setting(9, "web_1", (("image", "app:v1"), ("id", "sha256:11")), (("image", "sha256:22"),)))
    assert [one.place for one in book.open] == ["web_2"]


def test_what_is_isolated_is_so_until_it_is_on_the_same_networks_again() -> None:
    words = "container=web_1 network=shop_default alias=web"
    off = operation(1, "isolate", arguments=(("place", "web_1"),), inverse=("connect", (("networks", words),)))
    on = operation(
        1, "connect", arguments=(("networks", words), ("place", "web_1")), inverse=("isolate", (("instance", "web_1"),))
    )
    book = Book()
    book.run(plan(off, made_at=NOW))
    (one,) = book.open
    assert (one.word, one.inverse) == ("isolated", ("connect", (("networks", words),)))
    book.run(plan(on, made_at=NOW))
    assert not book.open
