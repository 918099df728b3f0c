"""Policy, permits and the second person."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock
from cockpit.incident.entry import Entry
from cockpit.incident.people import Person
from cockpit.incident.place import Place
from cockpit.mitigate.approval import approve, missing, second_person
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.guard import Guard, Need, Rule
from cockpit.mitigate.sight import find_service
from tests.mitigate.world import SERVICE, World, operation, plan

NOW = ManualClock().now()
WORLD = World(ManualClock())
TIER_3 = find_service(WORLD.snapshot(), SERVICE)
RESTART = plan(operation(1), made_at=NOW)
REMOVE = plan(operation(1, "remove"), made_at=NOW, danger="high")


def test_a_harmless_plan_needs_only_its_confirmation() -> None:
    assert Guard().requirement(RESTART, TIER_3).type_name == ""
    assert Guard().allow(RESTART, TIER_3, "oncall", "").plan_hash == RESTART.hash


def test_a_dangerous_plan_and_an_unknown_service_are_typed() -> None:
    assert Guard().requirement(REMOVE, TIER_3).type_name == SERVICE
    assert Guard().requirement(RESTART, None).type_name == SERVICE
    with pytest.raises(Refused, match=f"type {SERVICE} to confirm .it destroys something"):
        Guard().allow(REMOVE, TIER_3, "oncall", "hook")
    assert Guard().allow(REMOVE, TIER_3, "oncall", f" {SERVICE} ").who == "oncall"


def test_read_only_beats_everything() -> None:
    guard = Guard(read_only="the profile says so")
    assert "read-only (the profile says so)" in guard.requirement(RESTART, TIER_3).denied
    with pytest.raises(Refused, match="nothing may be changed"):
        guard.allow(RESTART, TIER_3, "oncall", SERVICE)


@pytest.mark.parametrize(
    ("rule", "denied"),
    [
        (Rule(need=Need.DENY), True),
        (Rule(need=Need.DENY, verbs=frozenset({"restart"})), True),
        (Rule(need=Need.DENY, verbs=frozenset({"remove"})), False),
        (Rule(need=Need.DENY, tiers=frozenset({3})), True),
        (Rule(need=Need.DENY, tiers=frozenset({1, 2})), False),
        (Rule(need=Need.DENY, environments=frozenset({"production"})), True),
        (Rule(need=Need.DENY, environments=frozenset({"staging"})), False),
        (Rule(need=Need.DENY, danger="low"), True),
        (Rule(need=Need.DENY, danger="high"), False),
        (Rule(need=Need.CONFIRM), False),
    ],
)
def test_the_policy_is_a_table(rule: Rule, denied: bool) -> None:
    guard = Guard(environment="production", rules=(rule,))
    assert bool(guard.requirement(RESTART, TIER_3).denied) is denied


def test_a_verb_hidden_among_the_operations_counts() -> None:
    guard = Guard(rules=(Rule(need=Need.DENY, verbs=frozenset({"remove"}), why="never here"),))
    mixed = plan(operation(1), operation(2, "remove"), made_at=NOW)
    assert guard.requirement(mixed, TIER_3).denied == f"restart of {SERVICE} is denied: never here"


def test_only_the_guard_makes_permits() -> None:
    makers = []
    for path in sorted((Path(__file__).parents[2] / "cockpit").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Permit":
                makers.append(path.name)
    assert makers == ["guard.py"]


def approval(who: str, *, minutes: float = 1.0, plan_hash: str = RESTART.hash, login: str = "") -> Entry:
    facts = (("plan hash", plan_hash), *((("login", login),) if login else ()))
    at = NOW - timedelta(minutes=minutes)
    draft = approve(RESTART)
    return Entry(id=1, happened=at, recorded=at, who=who, host="h", kind=draft.kind, text=draft.text, facts=facts)


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([], "nobody approved plan"),
        ([approval("backup")], ""),
        ([approval("oncall")], "your own approval does not count"),
        ([approval("Someone Else", login="oncall")], "your own approval does not count"),
        ([approval("backup", minutes=6)], "the approval of backup is older than 5 minutes"),
        ([approval("backup", minutes=-1)], "older than 5 minutes"),
        ([approval("backup", plan_hash="0" * 64)], "nobody approved plan"),
        ([approval("oncall"), approval("backup")], ""),
    ],
)
def test_another_login_approves_for_five_minutes(entries: list[Entry], why: str) -> None:
    found = missing(entries, RESTART.hash, "oncall", NOW)
    assert (found == "") is (why == "")
    assert why in found


class Journal:
    """As much of one as the guard's question needs."""

    def __init__(self, *, shared: bool, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.place = Place(Path("/srv/cockpit"), shared)
        self.person = Person(name="oncall", login="oncall")


def test_a_private_journal_has_no_second_person() -> None:
    rules = (Rule(need=Need.SECOND_PERSON, verbs=frozenset({"restart"}), why="production"),)
    entries = (approval("backup"),)
    alone = Guard(rules=rules, approval=second_person(Journal(shared=False, entries=entries), ManualClock()))
    with pytest.raises(Refused, match=r"needs a second person \(production\): the journal is private"):
        alone.allow(RESTART, TIER_3, "oncall", "")
    shared = Guard(rules=rules, approval=second_person(Journal(shared=True, entries=entries), ManualClock()))
    assert shared.allow(RESTART, TIER_3, "oncall", "").plan_id == "p1"
    with pytest.raises(Refused, match="nobody else can approve here"):
        Guard(rules=rules).allow(RESTART, TIER_3, "oncall", "")
