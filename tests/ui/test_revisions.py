"""What a service ran: the list, what differs between two, the way back to one of them, and when it is read again."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cockpit.board.model import SafeText
from cockpit.board.revision import Revision, definition
from cockpit.board.snapshot import Snapshot
from cockpit.engine.port import CommandError, MakePlan, Revisions
from tests.ui import scene
from tests.ui.drive import golden, shown
from tests.ui.fakeport import AT, VERBS, FakePort

IMAGE = "registry.example/omninode/platform/hook-receiver"
TEMPLATE = """spec:
  containers:
    - name: main
      image: {image}
      env:
        - name: POOL
          value: ***
      resources:
        limits:
          memory: {memory}"""


def revision(number: int, version: str, hours: float, memory: str = "512Mi", **more: Any) -> Revision:
    text = TEMPLATE.format(image=f"{IMAGE}:{version}", memory=memory)
    return Revision(
        number=number, name=f"hook-{number}", images=(SafeText(f"{IMAGE}:{version}"),), definition=definition(text),
        created_at=AT - timedelta(hours=hours), **{"replicas": 0, "ready": 0, **more},
    )  # fmt: skip


FOUND = (
    revision(12, "v2.3.1", 0.4, "256Mi", replicas=1, ready=0, current=True, cause=SafeText("deploy 4711 by ci")),
    revision(11, "v2.3.0", 150, replicas=2, ready=2, healthy=AT - timedelta(minutes=26), cause=SafeText("deploy 4690")),
    revision(9, "v2.2.9", 700),
)


def port(found: tuple[Revision, ...] = FOUND) -> FakePort:
    made = scene.port()
    made.answers["Revisions"] = found
    return made


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_list_and_what_differs(size: tuple[int, int]) -> None:
    async with shown(port(), size) as screen:
        await screen.press("z")
        golden(f"revisions-{size[0]}x{size[1]}", screen.text())
        await screen.press("enter")
        assert "hook-receiver: from 11 to 12" in screen.line(2)
        assert f"-      image: {IMAGE}:v2.3.0" in screen.text()
        assert "+          memory: 256Mi" in screen.text()
        await screen.press("q", "q")
        assert "Services" in screen.line(2)


async def test_any_two_are_compared_by_marking_them() -> None:
    async with shown(port()) as screen:
        await screen.press("z", "g")
        assert "This is what is wanted now" in screen.text()
        await screen.press("enter")
        assert "select another, or mark two" in screen.line(23)
        await screen.press("j", "space", "space")
        assert "From 9 to 11" in screen.text()
        await screen.press("g", "space")
        assert "3 are marked: Space leaves two" in screen.text()
        await screen.press("escape")
        assert "From 9 to" not in screen.text()
        await screen.press("G")
        assert "From 9 to 12" in screen.text()


async def test_rolling_back_goes_to_the_selected_revision() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press("z", "G", "v")
        assert "[ No ]" in screen.text()
        (asked,) = [one for one in made.sent if isinstance(one, MakePlan)]
        assert (asked.verb, asked.service, asked.arguments) == ("rollback", "hook-receiver", (("to", "hook-9"),))
        assert asked.workload == scene.workload("hook-receiver").id
        await screen.press("escape", "r")
        assert [one.arguments for one in made.sent if isinstance(one, MakePlan)][-1] == ()


async def test_it_is_given_by_the_name_that_its_backend_has_for_it() -> None:
    made = port()
    (*_, rollback, _) = VERBS
    made.answers["Verbs"] = (replace(rollback, arguments=(("release", "one that ran"),)),)
    async with shown(made) as screen:
        await screen.press("z", "v")
        (asked,) = [one for one in made.sent if isinstance(one, MakePlan)]
        assert asked.arguments == (("release", "hook-11"),)


def rolled(generation: int | None, rollout: str = "") -> Snapshot:
    """The scene with another definition of the first service's workload."""
    first, *others = scene.services()
    (work,) = first.workloads
    work = replace(work, generation=generation, rollout=SafeText(rollout))
    return scene.snapshot(services=(replace(first, workloads=(work,)), *others))


def reads(made: FakePort) -> int:
    return sum(isinstance(one, Revisions) for one in made.sent)


async def test_it_stays_as_it_was_read_until_the_definition_changes_or_the_reader_asks() -> None:
    made = port()
    async with shown(made) as screen:
        await screen.press("z")
        await screen.push(snapshot=scene.snapshot(version=2))
        assert reads(made) == 1
        made.answers["Revisions"] = (revision(13, "v2.3.2", 0, current=True), *FOUND[1:])
        await screen.push(snapshot=rolled(13, "rollout begins"))
        assert reads(made) == 2
        assert "v2.3.2" in screen.text()
        await screen.push(snapshot=rolled(13, "rollout: 1 of 2 updated"))
        assert reads(made) == 2
        await screen.push(snapshot=rolled(13))
        assert reads(made) == 3
        await screen.press("ctrl+l")
        assert reads(made) == 4


async def test_what_keeps_no_revisions_says_so() -> None:
    made = port()
    made.answers["Revisions"] = CommandError("hook-receiver: a unit of here keeps no revisions")
    async with shown(made) as screen:
        await screen.press("z")
        assert "keeps no revisions" in screen.line(23)
        assert "Services" in screen.line(2)


async def test_what_is_not_known_is_not_shown_as_the_same() -> None:
    old, new = (replace(one, definition=()) for one in FOUND[:2])
    async with shown(port((old, replace(new, gone=True, number=0, name="v1", replicas=None)))) as screen:
        await screen.press("z", "G")
        assert "what one of them is made from is not known" in screen.text()
        assert "gone" in screen.text()
        await screen.press("slash", *"nothing", "enter")
        assert "/nothing leaves none of 2" in screen.text()
