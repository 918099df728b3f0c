"""Lists of any kind: found by their words, read page by page, what is left out and what fails, keys on their rows."""

import pytest
from msgspec.structs import replace

from cockpit.backends.catalogue import ObjectColumn
from cockpit.board.model import SafeText
from cockpit.engine.port import CommandError, DescribeObject, ListKinds, MakePlan, ObjectQuery, OpenTail
from cockpit.ui.objectlist import EVERY, PAGES_MOST, ROWS_MOST
from tests.ui import plans
from tests.ui.cluster import (
    CLAIMS,
    COLUMNS,
    DEPLOYMENTS,
    EVENT_COLUMNS,
    EVENTS,
    NAMESPACES,
    REPLICASETS,
    ROWS,
    SOURCE,
    ClusterPort,
    event,
    page,
    pod,
    row,
)
from tests.ui.drive import Shown, golden, shown

SIZES = [(80, 24), (120, 40)]
PO = ("colon", "p", "o", "enter")


def typed(words: str) -> tuple[str, ...]:
    """The keys of a command."""
    names = {" ": "space", "/": "slash", "-": "minus", "=": "equals_sign", "@": "at", ".": "full_stop"}
    return ("colon", *(names.get(one, one) for one in words), "enter")


def names(screen: Shown) -> list[str]:
    """The first words of the rows that are shown."""
    lines = [screen.line(row) for row in range(4, 23)]
    return [line[1:].split()[0] for line in lines if line[1:].strip()]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_pods_by_their_word(size: tuple[int, int]) -> None:
    async with shown(ClusterPort(), size) as screen:
        await screen.press("colon", "p", "o")
        golden(f"objects-palette-{size[0]}x{size[1]}", screen.text())
        await screen.press("enter")
        golden(f"objects-pods-{size[0]}x{size[1]}", screen.text())


POD = f"pod/{ROWS[1].name}"
SEEN = (
    event("47m", "Normal", "ScalingReplicaSet", "deployment/checkout", "Scaled up replica set checkout-7d9f8b6c54"),
    event("3m20s", "Normal", "Pulled", POD, 'Container image "registry.example.com/shop/checkout:4.2.0" already there'),
    event("2d3h", "Warning", "FailedScheduling", POD, "0/3 nodes are available: 3 Insufficient memory."),
    event("9s", "Warning", "BackOff", POD, f"Back-off restarting failed container checkout in pod {ROWS[1].name}"),
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_events_are_told_newest_first_and_go_on_ageing(size: tuple[int, int]) -> None:
    async with shown(ClusterPort(events=(page(*SEEN, of=EVENTS, columns=EVENT_COLUMNS),)), size) as screen:
        await screen.press(*typed("ev"))
        golden(f"objects-events-{size[0]}x{size[1]}", screen.text())
        screen.port.answers["ListObjects"] = CommandError("prod does not answer")
        await screen.pass_time(30)
        assert [screen.line(row)[1:].split()[0] for row in range(4, 8)] == ["39s", "3m50s", "47m", "2d3h"]


async def test_the_words_of_k9s_become_a_query() -> None:
    port = ClusterPort("prod", "stage", persistentvolumeclaims=(page(of=CLAIMS),), deployments=(page(of=DEPLOYMENTS),))
    wanted = {
        "po": (SOURCE, ObjectQuery(kind="pods"), ""),
        "pods other": (SOURCE, ObjectQuery(kind="pods", space="other"), ""),
        "po -A /web": (SOURCE, ObjectQuery(kind="pods", space=""), "web"),
        "pod app=web,tier!=db": (SOURCE, ObjectQuery(kind="pods", labels="app=web,tier!=db"), ""),
        "pvc @stage": ("stage", ObjectQuery(kind="persistentvolumeclaims"), ""),
        "deploy all -f cko": (SOURCE, ObjectQuery(kind="deployments.apps", space=""), "-f cko"),
    }
    async with shown(port, (120, 40)) as screen:
        for words, (source, query, kept) in wanted.items():
            await screen.press(*(key for key in typed(words) if key))
            assert (port.asked[-1].source, port.asked[-1].query) == (source, query), words
            assert screen.app.screen.filter_text == kept, words  # type: ignore[attr-defined]
            while len(screen.app.screen_stack) > 2:
                await screen.press("escape")


async def test_of_several_clusters_the_one_that_is_looked_at_is_meant() -> None:
    port = ClusterPort("stage", SOURCE)
    async with shown(port) as screen:
        await screen.press(*PO)
        assert port.asked[-1].source == SOURCE, "the selected service runs there"
        await screen.press(*typed("po @stage"), *PO)
        assert [one.source for one in port.asked] == [SOURCE, "stage", "stage"]
        assert [one.source for one in port.sent if isinstance(one, ListKinds)] == [SOURCE, SOURCE, "stage"]


async def test_right_writes_the_kind_out_and_a_command_keeps_its_place() -> None:
    port = ClusterPort()
    async with shown(port) as screen:
        await screen.press("colon")
        assert "or any kind of object" in screen.text()
        await screen.press(*"pers", "right", "x")
        assert ":persistentvolumeclaims x" in screen.line(3)
        # "ndpo" stands in "endpoint", which the explanation of another command has.
        for word in ("nosuch", "ndpo"):
            await screen.press("escape", "colon", *word, "enter")
            assert "no command and no kind of object has that name" in screen.text(), word
        await screen.press("escape", "colon", *"res")
        assert "resources" in screen.line(4)
        await screen.press("escape")
        assert not port.asked


async def test_until_its_kinds_are_known_any_word_may_be_one() -> None:
    port = ClusterPort()
    port.answers["ListKinds"] = CommandError("prod does not answer")
    async with shown(port) as screen:
        await screen.press("colon", "p", "o")
        assert "prod does not answer" in screen.text()
        await screen.press("enter")
        assert port.asked[-1].query.kind == "po"


async def test_without_a_cluster_nothing_is_asked_and_the_words_mean_services() -> None:
    port = ClusterPort()
    async with shown(port) as screen:
        await screen.push(snapshot=replace(port.frame().snapshot, sources=()))
        await screen.press(*PO)
        assert not [one for one in port.sent if isinstance(one, ListKinds)]
        assert "Services" in screen.text()


async def test_a_slow_api_is_waited_for_visibly_and_keys_work() -> None:
    port = ClusterPort()
    port.holding = True
    async with shown(port) as screen:
        await screen.press(*PO)
        await screen.pass_time(7)
        await screen.push()
        golden("objects-waiting-80x24", screen.text())
        first = page(*ROWS[:2], token="1", remaining=2)
        port.held[-1].set_result(first)
        await screen.settle()
        assert names(screen) == [str(one.name) for one in ROWS[:2]]
        assert "4 in all" in screen.line(2)
        await screen.press("j")
        port.held[-1].set_result(page(*ROWS[2:]))
        await screen.settle()
        assert len(names(screen)) == 4
        assert "in all" not in screen.line(2)
        assert screen.line(5).startswith(">"), "the cursor stays where it was"
        await screen.press("escape")
        assert "Services" in screen.text()


async def test_it_is_read_again_while_it_is_on_the_screen_only() -> None:
    port = ClusterPort()
    async with shown(port) as screen:
        await screen.press(*PO)
        assert len(port.asked) == 1
        await screen.pass_time(EVERY - 1)
        assert len(port.asked) == 1
        await screen.pass_time(1)
        assert len(port.asked) == 2
        await screen.press("question_mark")
        await screen.pass_time(10 * EVERY)
        assert len(port.asked) == 2
        await screen.press("escape")
        await screen.pass_time(1)
        assert len(port.asked) == 3
        port.pages["pods"] = (page(*ROWS[:1]),)
        await screen.pass_time(EVERY)
        assert names(screen) == [str(ROWS[0].name)]


async def test_what_was_read_under_another_screen_stands_there_afterwards() -> None:
    port = ClusterPort()
    async with shown(port) as screen:
        await screen.press(*PO)
        port.holding = True
        await screen.pass_time(EVERY)
        await screen.press("question_mark")
        port.held[-1].set_result(page(*ROWS[1:]))
        await screen.settle()
        assert "Keys" in screen.text()
        await screen.press("escape")
        assert names(screen) == [str(one.name) for one in ROWS[1:]]


async def test_a_failure_keeps_what_was_read_with_its_age() -> None:
    port = ClusterPort()
    async with shown(port) as screen:
        await screen.press(*PO)
        port.answers["ListObjects"] = CommandError("pods in namespace shop: not permitted: needs list on pods")
        await screen.pass_time(EVERY)
        assert len(names(screen)) == 4
        assert "not read again: 5s old" in screen.line(2)
        await screen.press(*typed("pvc"))
        assert "needs list on pods" in screen.text()
        assert "asked again in 5s; Esc goes back" in screen.text()


async def test_a_long_list_ends_at_its_bound_and_says_so() -> None:
    port = ClusterPort()
    pages = [
        page(*(pod(f"p-{number}-{n}", "1/1", "Running", "0", "1d") for n in range(500)), token=str(number + 1),
             remaining=15_000 - 500 * (number + 1))
        for number in range(20)
    ]  # fmt: skip
    port.pages["pods"] = pages
    async with shown(port) as screen:
        await screen.press(*PO)
        assert len(port.asked) == ROWS_MOST // 500
        assert "1-19 of 5000  15000 in all, 0s old" in screen.line(2)
        await screen.press("slash", *"p-3-1", "enter")
        assert "looked at 5000 of 15000, 0s old" in screen.line(2), "what lies behind was not looked at"
        await screen.press("slash", "x", "enter")
        assert "/p-3-1x leaves none, looked at 5000 of 15000; Esc shows these" in screen.text()
        assert ":pods LABEL=VALUE asks for less" in screen.text()
        await screen.pass_time(EVERY * 9)
        assert len(port.asked) == ROWS_MOST // 500, "ten pages are read each 50 s"


async def test_pages_without_rows_end_too() -> None:
    port = ClusterPort(pods=[page(token="0")])
    async with shown(port) as screen:
        await screen.press(*PO)
        assert len(port.asked) == PAGES_MOST
        assert "there are more" in screen.line(2)


async def test_a_list_that_expires_is_begun_anew() -> None:
    port = ClusterPort()
    turns = [page(*ROWS[:1], token="1"), page(expired=True), page(*ROWS[:2], token="1"), page(*ROWS[2:])]
    port.answers["ListObjects"] = lambda _: turns.pop(0)
    async with shown(port) as screen:
        await screen.press(*PO)
        assert len(names(screen)) == 4
        port.answers["ListObjects"] = page(expired=True)
        await screen.pass_time(EVERY * 2)
        assert "not read again" in screen.line(2)
        assert len(names(screen)) == 4


async def test_columns_that_change_between_pages_break_nothing() -> None:
    fewer, more = COLUMNS[:2], (*COLUMNS, ObjectColumn(SafeText("Zone")))
    port = ClusterPort(pods=(page(*ROWS[:2], token="1"), page(row("c", "c", "1/1"), columns=fewer, token="2"),
                             page(row("d", "d"), columns=more)))  # fmt: skip
    async with shown(port, (120, 40)) as screen:
        await screen.press(*PO)
        assert names(screen) == [str(ROWS[0].name), str(ROWS[1].name), "c", "d"]
        assert "ZONE" in screen.line(3)


async def test_order_filter_and_faults() -> None:
    async with shown(ClusterPort()) as screen:
        await screen.press(*PO, "S", *("down",) * 4, "enter")
        assert [name[:3] for name in names(screen)] == ["[/]", "che", "che", "web"]
        assert "by Age" in screen.line(2)
        await screen.press("S", *("down",) * 4, "enter")
        assert [name[:3] for name in names(screen)] == ["web", "che", "che", "[/]"]
        assert "last first" in screen.line(2)
        await screen.press("ctrl+z")
        assert names(screen) == [str(ROWS[1].name)]
        assert "faults only" in screen.line(2)
        await screen.press("escape", "slash", *"web", "enter")
        assert names(screen) == [str(ROWS[2].name)]
        await screen.press("slash", "x", "x", "enter")
        assert "/webxx leaves none of 4; Esc shows all" in screen.text()
        await screen.press("escape")
        assert len(names(screen)) == 4


async def test_an_empty_list_says_so() -> None:
    port = ClusterPort(persistentvolumeclaims=(page(of=CLAIMS),))
    async with shown(port) as screen:
        await screen.press(*typed("pvc"))
        assert "there are no persistentvolumeclaims: shop" in screen.text()


async def test_an_object_described_and_as_yaml() -> None:
    port = ClusterPort()
    port.answers["DescribeObject"] = lambda command: SafeText(f"{command.form} of {command.name} [/] [red]x[/red]")
    async with shown(port) as screen:
        await screen.press(*PO, "d")
        asked = DescribeObject(source=SOURCE, kind="pods", space="shop", name=str(ROWS[0].name), form="describe")
        assert asked in port.sent
        assert f"describe of {ROWS[0].name} [/] [red]x[/red]" in screen.text()
        await screen.press("escape", "y")
        assert replace(asked, form="yaml") in port.sent
        assert "YAML at 14:32:00" in screen.line(2)
        await screen.press("escape", "G", "enter")
        assert "describe of [/]-[red]odd[/red]" in screen.text()


async def test_into_a_namespace_and_up_to_the_owner() -> None:
    owner = str(ROWS[2].owner.name if ROWS[2].owner else "")
    sets = page(row("a-1", "a-1"), row(owner, owner), of=REPLICASETS, columns=COLUMNS[:1])
    port = ClusterPort(
        namespaces=(page(row("other", "other", space=""), of=NAMESPACES, columns=COLUMNS[:1]),), replicaset=(sets,)
    )  # fmt: skip
    async with shown(port) as screen:
        await screen.press(*typed("ns"), "enter")
        assert port.asked[-1].query == ObjectQuery(kind="pods", space="other")
        await screen.press("j", "j", "J")
        assert port.asked[-1].query == ObjectQuery(kind="replicaset.apps", space="shop")
        assert screen.line(5).startswith(f">{owner}")
        await screen.press("J")
        assert "belongs to no other object" in screen.text()


async def test_what_the_board_knows_can_be_changed_from_its_row() -> None:
    port = ClusterPort()
    port.answers["MakePlan"] = plans.RESTART
    async with shown(port, (120, 40)) as screen:
        await screen.press(*PO, "r")
        (asked,) = [one for one in port.sent if isinstance(one, MakePlan)]
        assert (asked.verb, asked.service, asked.workload.name) == ("restart", "checkout", "checkout")
        await screen.press("escape", "l")
        assert [one.instances[0].instance for one in port.sent if isinstance(one, OpenTail) and one.instances] == [
            f"uid-{ROWS[0].name}"
        ]
        await screen.press("escape", "g", "space", "space", "r")
        plans_made = [one for one in port.sent if isinstance(one, MakePlan)]
        assert [one.service for one in plans_made] == ["checkout"] * 2, "two pods of one workload are one change"
        await screen.press("escape", "escape", "G", "k", "r")
        assert "no service of the profile runs on it" in screen.text()
        assert len([one for one in port.sent if isinstance(one, MakePlan)]) == 2
        await screen.press("k", "j")
        offered = set(screen.line(39).split())
        assert not {"restart", "actions"} & offered, "the footer offers what can be done"
        assert "log" in offered


def refs(port: ClusterPort) -> list[tuple[str, ...]]:
    """What the last log was opened for, by its names."""
    asked = [one for one in port.sent if isinstance(one, OpenTail)][-1]
    return [(one.source, one.kind, one.space, one.name) for one in asked.objects]


async def test_the_log_of_any_pod_is_read_whoever_runs_it() -> None:
    deployments = page(row("dns", "dns"), of=DEPLOYMENTS, columns=COLUMNS[:1])
    port = ClusterPort(deployments=(deployments,), namespaces=(page(row("a", "a", space=""), of=NAMESPACES),))
    async with shown(port) as screen:
        await screen.press(*PO, "j", "j", "l")
        assert refs(port) == [(SOURCE, "pods", "shop", ROWS[2].name)]
        assert screen.line(2).startswith(f"── {ROWS[2].name}: log ")
        port.write("no service runs it")
        await screen.press("0", "p")
        assert refs(port) == [(SOURCE, "pods", "shop", ROWS[2].name)]
        await screen.press("escape", "g", "space", "j", "space", "l")
        last = [one for one in port.sent if isinstance(one, OpenTail)][-1]
        assert [one.instance for one in last.instances] == [f"uid-{ROWS[0].name}"]
        assert refs(port) == [(SOURCE, "pods", "shop", ROWS[2].name)]
        await screen.press("escape", *typed("deploy"), "l")
        assert refs(port) == [(SOURCE, "deployments.apps", "shop", "dns")]
        await screen.press("escape", *typed("ns"), "l")
        assert "namespace a has no log: pods have, and what runs or selects them" in screen.text()
