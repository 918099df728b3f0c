"""What the words of `cockpit do` mean, and what is said to those that mean nothing."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.backends.change import Verb, of_service
from cockpit.board.model import Freshness, Identity, SafeText, State, Workload
from cockpit.board.snapshot import ServiceStatus, Snapshot, SourceStatus
from cockpit.commands.do_choose import (
    CannotTell,
    Wrong,
    choose_service,
    choose_verb,
    choose_workload,
    read_arguments,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
ROLLBACK = Verb(name="roll back", title="Roll back", arguments=(("release", "left out: the one before"),))
SCALE = Verb(name="scale", title="Scale", arguments=(("replicas", "1 to 5"),), options=(("wait", "seconds"),))
SET = Verb(name="set-env", title="Set", arguments=(("variable", "a name"), ("value", "anything")))


def service(key: str, *sources: str) -> ServiceStatus:
    scope, _, name = key.rpartition("/")
    workloads = tuple(
        Workload(
            id=Identity("docker", source, scope, "compose", name), source=source, where=(("engine", SafeText(source)),)
        )
        for source in sources
    )
    return ServiceStatus(
        key=key, name=name, scope=SafeText(scope), tier=2, state=State.OK, since=None, since_exact=False,
        why=SafeText("no container"), workloads=workloads,
    )  # fmt: skip


def source(name: str, freshness: Freshness = Freshness.LIVE) -> SourceStatus:
    return SourceStatus(
        name=name, label=SafeText(f"docker:{name}"), kind="docker", freshness=freshness, since=AT, heard_at=AT,
        why=SafeText("connection refused"),
    )  # fmt: skip


def board(*services: ServiceStatus, sources: tuple[SourceStatus, ...] = (source("a"), source("b"))) -> Snapshot:
    return Snapshot(version=1, at=AT, profile="p", services=services, sources=sources)


WEB, OTHER_WEB, DB = service("shop/web", "a"), service("blog/web", "a"), service("shop/db", "a", "b")
BOARD = board(WEB, OTHER_WEB, DB)


def test_a_service_is_named_by_its_key_or_by_a_name_that_only_it_has() -> None:
    assert choose_service(BOARD, "shop/web") is WEB
    assert choose_service(BOARD, "db") is DB
    with pytest.raises(Wrong, match="several services are called web: say shop/web, blog/web"):
        choose_service(BOARD, "web")


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(Wrong, match="is shop/web meant"):
        choose_service(BOARD, "shop/wbe")
    with pytest.raises(Wrong, match="there are shop/web, blog/web, shop/db"):
        choose_service(BOARD, "\x1b[2Jqqqq")


def test_what_is_not_seen_while_a_source_is_lost_cannot_be_told() -> None:
    lost = board(sources=(source("a", Freshness.LOST),))
    with pytest.raises(CannotTell, match="docker:a is lost: connection refused"):
        choose_service(lost, "web")
    with pytest.raises(CannotTell, match="docker:a is lost"):
        choose_workload(board(WEB, sources=(source("a", Freshness.LOST),)), WEB)


def test_what_nothing_runs_is_itself_what_is_called() -> None:
    bare = service("shop/nothing")
    assert choose_workload(BOARD, bare).id == of_service("shop/nothing")
    assert choose_verb(bare, (Verb(name="failover", title="Fail over"),), "fail-over").name == "failover"
    with pytest.raises(CannotTell, match="nothing that runs it is known"):
        choose_verb(bare, (), "restart")


def test_of_several_places_one_must_be_picked() -> None:
    assert choose_workload(BOARD, WEB).source == "a"
    with pytest.raises(Wrong, match=r"pick one with --on: a \(a\), b \(b\)"):
        choose_workload(BOARD, DB)
    assert choose_workload(BOARD, DB, "b").source == "b"
    with pytest.raises(Wrong, match="does not run on c, but on a, b"):
        choose_workload(BOARD, DB, "c")


@pytest.mark.parametrize("word", ["roll back", "roll-back", "rollback", "RollBack", "roll_back"])
def test_a_verb_is_found_however_its_words_are_joined(word: str) -> None:
    assert choose_verb(WEB, (SCALE, ROLLBACK), word) is ROLLBACK


def test_a_verb_that_is_not_offered_is_answered_with_those_that_are() -> None:
    with pytest.raises(Wrong, match="fly cannot be done to shop/web now; what can: scale, roll-back"):
        choose_verb(WEB, (SCALE, ROLLBACK), "fly")
    with pytest.raises(Wrong, match="what can: nothing"):
        choose_verb(WEB, (), "restart")
    many = [Verb(name=f"verb-{number}", title="") for number in range(14)]
    with pytest.raises(Wrong, match=r"verb-12, verb-13$"):
        choose_verb(WEB, many, "fly")


@pytest.mark.parametrize(
    ("verb", "words", "expected"),
    [
        (SCALE, ["3"], (("replicas", "3"),)),
        (SCALE, ["replicas=3"], (("replicas", "3"),)),
        (SCALE, ["wait=9", "3"], (("wait", "9"), ("replicas", "3"))),
        (SCALE, ["3", "9"], (("replicas", "3"), ("wait", "9"))),
        (SET, ["A", "b=c=d"], (("variable", "A"), ("value", "b=c=d"))),
        (SET, ["value=x", "A"], (("value", "x"), ("variable", "A"))),
        (ROLLBACK, [], ()),
    ],
)
def test_arguments_by_name_or_in_order(verb: Verb, words: list[str], expected: tuple[tuple[str, str], ...]) -> None:
    assert read_arguments(verb, words) == expected


@pytest.mark.parametrize(
    ("verb", "words", "said"),
    [
        (SCALE, [], "scale needs replicas; it takes replicas: 1 to 5; wait: seconds"),
        (SCALE, ["3", "4", "5"], "scale: 5 is too much"),
        (SCALE, ["replicas=3", "replicas=4"], "replicas=4 is too much"),
        (SET, ["A"], "set-env needs value"),
        (Verb(name="restart", title="Restart"), ["now"], "now is too much; it takes nothing"),
    ],
)
def test_arguments_that_do_not_fit_say_what_does(verb: Verb, words: list[str], said: str) -> None:
    with pytest.raises(Wrong) as error:
        read_arguments(verb, words)
    assert said in str(error.value)


@given(st.lists(st.text(max_size=12), max_size=5))
def test_whatever_is_typed_is_used_whole_or_refused(words: list[str]) -> None:
    fits = 0 < len(words) <= 2 and not any("=" in word for word in words)
    if not fits:
        # Named words may fit too; here it only matters that nothing is dropped and nothing unsafe is said.
        with suppress(Wrong):
            assert len(read_arguments(SCALE, words)) == len(words)
        return
    assert dict(read_arguments(SCALE, words)) == dict(zip(("replicas", "wait"), words, strict=False))


@given(st.text())
def test_what_is_said_of_a_word_is_safe_to_print(word: str) -> None:
    for call in (
        lambda: choose_service(BOARD, word),
        lambda: choose_verb(WEB, (), word),
        lambda: read_arguments(Verb(name="restart", title="Restart"), [word]),
    ):
        with pytest.raises(Wrong) as error:
            call()
        assert str(error.value).isprintable()


def test_a_node_is_named_with_its_kind_and_never_taken_for_a_service() -> None:
    node = replace(service("node/worker-1", "a"), name="worker-1", node=True)
    now = replace(board(WEB), nodes=(node,))
    assert choose_service(now, "node/worker-1") is node
    with pytest.raises(Wrong, match="there is no service worker-1"):
        choose_service(now, "worker-1")
    with pytest.raises(Wrong, match="is node/worker-1 meant"):
        choose_service(now, "node/worker-2")
