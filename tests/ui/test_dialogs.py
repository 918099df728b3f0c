"""Every dialog as text, at 80x24 and 120x40: what a reader sees before, while and after something is changed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import Plan, Verb, Verdict
from cockpit.board.model import SafeText
from cockpit.engine.frame import OperationStatus
from cockpit.engine.port import NotRecordedError, Rehearsal, Requirement, Step
from cockpit.mitigate.rehearse import Checked
from tests.ui import plans, scene
from tests.ui.drive import Shown, golden, shown
from tests.ui.fakeport import AT, VERBS, FakePort

SIZES = [(80, 24), (120, 40)]
TYPED = Requirement(type_name="hook-receiver", why=("tier 1",))
INSTANCE = ("instance", "name of one; left out: all of them")
MANY_VERBS = (
    *VERBS,
    Verb(name="stop", title="Stop", options=(INSTANCE,)),
    Verb(name="set", title="Set image, limits, restart policy", options=(
        ("image", "another tag of the same repository"), ("memory", "512m, 2g"), ("cpus", "0.5 to 8"),
        ("restart", "no, always, on-failure:3, unless-stopped"))),
)  # fmt: skip


class Case(Struct, kw_only=True):
    """One dialog. plan, needed: what the engine answers; keys: from the overview; then: what happens before a look."""

    plan: Plan = plans.RESTART
    needed: Requirement = Requirement()
    keys: tuple[str, ...] = ("r",)
    answers: Mapping[str, Any] = {}
    then: Callable[[Shown], Any] = lambda _: None


def ended(plan: Plan, result: Any, *evidence: str, states: str = "dd", detail: str = "") -> Callable[[Shown], Any]:
    """The plan has been done; states: of its steps, d done, f failed, w waiting."""
    words = {"d": "done", "f": "failed", "w": "waiting"}
    steps = tuple(
        Step(title=one.title, state=words[state], seconds=None if state == "w" else 2.4,  # type: ignore[arg-type]
             detail=SafeText(detail if state == "f" else "ready" if state == "d" else ""))
        for one, state in zip(plan.operations, states, strict=True)
    )  # fmt: skip
    verdict = Verdict(result=result, evidence=tuple(map(SafeText, evidence)), seconds=14.2)
    status = OperationStatus(plan=plan, steps=steps, started_at=AT, phase="ended", verdict=verdict)
    return lambda screen: screen.push(operations=(status,))


def running(plan: Plan) -> Callable[[Shown], Any]:
    """One step is done, one waits for its instance."""
    steps = (
        Step(title=plan.operations[0].title, state="done", seconds=4.1, detail=SafeText("ready")),
        Step(title=plan.operations[1].title, state="running", seconds=12.0,
             detail=SafeText("0 of 1 ready: hook-receiver-2 is starting")),
    )  # fmt: skip
    status = OperationStatus(plan=plan, steps=steps, started_at=AT, phase="running")
    return lambda screen: screen.push(operations=(status,))


async def other_target(screen: Shown) -> None:
    """The target is another one, and the engine says so."""
    screen.port.answers["DryRun"] = Rehearsal(
        steps=(Checked(SafeText("restart hook-receiver-1"), SafeText("hook-receiver-1 is running now (was exited)")),)
    )
    services = screen.port.frame().snapshot.services
    broken = replace(services[0], workloads=(scene.workload("hook-receiver", 3),))
    await screen.push(snapshot=scene.snapshot(services=(broken, *services[1:])))


def never(_: object) -> asyncio.Future[Verdict]:
    """A plan that is being done for ever."""
    return asyncio.get_running_loop().create_future()


BAD = Rehearsal(steps=(Checked(SafeText("restart hook-receiver-1"), SafeText("hook-receiver-1 is running now")),))
DO = ("r", "tab", "enter")
MARK = ("g", "space", "down", "down", "down", "space", "space")
"""The first service, and the two after the fourth."""
CASES: Mapping[str, Case] = {
    "restart": Case(),
    "stop": Case(plan=plans.STOP, needed=TYPED),
    "kill": Case(plan=plans.KILL, needed=replace(TYPED, why=("it destroys something", "tier 1"))),
    "pause": Case(plan=plans.PAUSE),
    "resume": Case(plan=plans.RESUME),
    "start": Case(plan=plans.START),
    "remove": Case(plan=plans.REMOVE, needed=TYPED),
    "recreate": Case(plan=plans.RECREATE),
    "scale-argument": Case(plan=plans.SCALE, keys=("s",)),
    "scale": Case(plan=plans.SCALE, keys=("s", "4", "enter")),
    "scale-autoscaled": Case(plan=plans.SCALE_HPA, keys=("s", "8", "enter")),
    "autoscale": Case(plan=plans.AUTOSCALE, keys=("s", "8", "enter")),
    "rollback": Case(plan=plans.ROLLBACK, keys=("v", "down")),
    "set": Case(plan=plans.SET),
    "isolate": Case(plan=plans.ISOLATE, needed=TYPED),
    "deny-all": Case(plan=plans.DENY_ALL, needed=TYPED),
    "deny-all-ended": Case(plan=plans.DENY_ALL, keys=DO, then=ended(
        plans.DENY_ALL, "unknown", "not known whether cut off: isolate-deployment-hook-receiver stands and selects its "
        "pods: in force as far as the API tells; whether the network plugin enforces it no probe shows: its probes "
        "come by a port-forward, which no policy holds", states="df",
        detail="not known whether cut off")),
    "capture": Case(plan=plans.CAPTURE),
    "call": Case(plan=plans.CALL),
    "action": Case(plan=plans.ACTION),
    "shell": Case(plan=plans.SHELL, needed=TYPED),
    "undo": Case(plan=plans.UNDO, keys=("C", "enter")),
    "bulk": Case(plan=plans.bulk(), keys=(*MARK, "r")),
    "bulk-continue": Case(plan=plans.bulk("continue"), keys=(*MARK, "r", "down")),
    "bulk-ended": Case(plan=plans.bulk(), keys=(*MARK, *DO), then=ended(
        plans.bulk(), "did not work", "restart auth-1: exit 1 after 2 s", states="ddfww", detail="exit 1 after 2 s")),
    "everything": Case(plan=plans.everything()),
    "bulk-actions": Case(keys=(*MARK, "a")),
    "typed": Case(needed=TYPED, keys=("r", *"hook-receiver", "tab")),
    "second-person": Case(needed=Requirement(second="production, tier 1", why=("two see more",))),
    "denied": Case(needed=Requirement(denied="restart of hook-receiver is denied: frozen until Monday")),
    "changed": Case(needed=TYPED, keys=("r", *"hook", "tab"), then=other_target),
    "dry-run": Case(keys=("r", "tab", "tab", "enter")),
    "dry-run-bad": Case(keys=("r", "tab", "tab", "enter"), answers={"DryRun": BAD}),
    "not-recorded": Case(keys=DO, answers={"Perform": NotRecordedError("the disk is full; nothing was done")}),
    "refused": Case(keys=DO, answers={"Perform": RuntimeError("alice on bastion-2 restarts it since 14:31")}),
    "progress": Case(keys=DO, answers={"Perform": never}, then=running(plans.RESTART)),
    "worked": Case(plan=plans.SCALE, keys=DO, then=ended(
        plans.SCALE, "worked", "4 of 4 ready for 10 s", "GET :8001/health 200 (was refused)", states="d")),
    "did-not-work": Case(keys=DO, then=ended(
        plans.RESTART, "did not work", "exit 1 again after 9 s (hook-receiver-2)", states="df", detail="exit 1 again")),
    "unknown": Case(keys=DO, then=ended(
        plans.RESTART, "unknown", "docker:prod-1 is lost: no answer", states="dw")),
    "actions": Case(keys=("a",), answers={"Verbs": MANY_VERBS}),
    "instances": Case(keys=("a", *("down",) * 3, "enter", "right"), answers={"Verbs": MANY_VERBS}),
    "set-fields": Case(keys=("a", *("down",) * 4, "enter", "down", *"1g"), answers={"Verbs": MANY_VERBS}),
    "temporary": Case(keys=("C",)),
    "note": Case(keys=("i",)),
    "entry-actions": Case(keys=("T", "a")),
    "evidence": Case(keys=("T", "L")),
    "entry": Case(keys=("T", "enter")),
    "edit": Case(keys=("T", "g", "down", "e")),
    "redact": Case(keys=("T", "g", "down", "a", "down", "enter")),
    "evidence-note": Case(keys=("l", "g", "m", "down", "m", "i")),
    "drill": Case(keys=("X",), answers={"ListFaults": (("crash-loop", "cart ends 2 s after each start", False),
                                                       ("hung-endpoint", "cart takes requests, answers none", True))}),
    "quit": Case(keys=("q",)),
    "palette": Case(keys=("colon", *"re")),
    "help": Case(keys=("question_mark",)),
    "approve": Case(keys=("colon", *"approve", "enter")),
}  # fmt: skip


NUMBER = "0123456789ab"
"""Stands for a plan's number in the pictures."""


def port() -> FakePort:
    """The scene, with a change that still stands."""
    return scene.port(temporary=(scene.scaled(),), demo=True)


async def looked_at(screen: Shown, case: Case) -> str:
    """Open it, take its picture, leave it; everything is then as before."""
    made, answers = screen.port, dict(screen.port.answers)
    made.answers |= {"MakePlan": case.plan, "MakeBulk": case.plan, "Require": case.needed, **case.answers}
    await screen.press(*case.keys)
    waiting = case.then(screen)
    if waiting is not None:
        await waiting
        await screen.settle()
    # A plan's number follows from all that is in it, also from fields that the picture does not show.
    text = screen.text().replace(case.plan.hash[:12], NUMBER)
    made.answers.clear()
    made.answers |= answers
    while len(screen.app.screen_stack) > 2 or screen.app.screen.asking is not None:  # type: ignore[attr-defined]
        await screen.press("escape")
    screen.app.screen.table.unmark()  # type: ignore[attr-defined]
    await screen.press("g")
    await screen.push(operations=(), snapshot=scene.snapshot())
    return text


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_every_dialog(size: tuple[int, int]) -> None:
    other = []
    async with shown(port(), size) as screen:
        for name, case in CASES.items():
            text = await looked_at(screen, case)
            try:
                golden(f"dialog-{name}-{size[0]}x{size[1]}", text)
            except AssertionError as error:
                other.append(str(error))
    assert not other, "\n\n".join(other)
