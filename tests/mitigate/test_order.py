"""The order in which several services are changed: what others need first, then by tier."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.board.clock import ManualClock
from cockpit.board.snapshot import ServiceStatus
from cockpit.mitigate.order import needed_first
from cockpit.mitigate.sight import find_service
from tests.mitigate.world import SERVICE, World

FOUND = find_service(World(ManualClock()).snapshot(), SERVICE)
KEYS = tuple("abcdefgh")


def service(key: str, tier: int, *needs: str) -> ServiceStatus:
    assert FOUND is not None
    return replace(FOUND, key=key, name=key, tier=tier, depends_on=needs)


def keys(*services: ServiceStatus) -> str:
    return "".join(one.key for one in needed_first(services))


def test_by_tier_then_by_name() -> None:
    assert keys(service("d", 4), service("c", 1), service("b", 2), service("a", 2)) == "cabd"


def test_what_a_critical_one_needs_comes_before_it() -> None:
    web, api, db, report = service("w", 1, "a"), service("a", 2, "d", "elsewhere"), service("d", 3), service("r", 2)
    assert keys(web, api, db, report) == "rdaw"


def test_a_circle_begins_with_the_most_critical() -> None:
    assert keys(service("x", 3, "y"), service("y", 2, "x"), service("z", 1, "x")) == "yxz"


@st.composite
def platforms(draw: st.DrawFn) -> list[ServiceStatus]:
    names = draw(st.lists(st.sampled_from(KEYS), unique=True))
    needs = st.lists(st.sampled_from(KEYS), max_size=3)
    return [service(name, draw(st.integers(1, 4)), *draw(needs)) for name in names]


@given(platforms())
def test_each_once_and_after_what_it_needs_unless_that_needs_it(found: list[ServiceStatus]) -> None:
    ordered = needed_first(found)
    assert sorted(one.key for one in ordered) == sorted(one.key for one in found)
    by_key = {one.key: one for one in found}

    def reaches(start: str, goal: str) -> bool:
        seen, todo = set(), [start]
        while todo:
            key = todo.pop()
            if key in by_key and key not in seen:
                seen.add(key)
                todo += by_key[key].depends_on
        return goal in seen

    place = {one.key: number for number, one in enumerate(ordered)}
    for one in found:
        for need in one.depends_on:
            if need in by_key and not reaches(need, one.key):
                assert place[need] < place[one.key]
