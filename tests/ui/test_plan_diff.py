"""A plan that changes a file shows the lines that change, under the step that changes them."""

from msgspec.structs import replace

from cockpit.backends.change import Operation
from cockpit.board.model import SafeText
from tests.ui import scene
from tests.ui.drive import shown

DIFF = ("@@ -1,2 +1,2 @@", "-pool = 0", "+pool = 20", f" name = {'x' * 90}")


def back(operation: Operation) -> Operation:
    return replace(
        operation, verb="rollback", title=SafeText("put conf/app.toml back to 1f2e3d4c5b6a: a larger pool"),
        diff=tuple(map(SafeText, DIFF)),
    )  # fmt: skip


async def test_the_lines_that_change_stand_under_their_step() -> None:
    port = scene.port()
    made = scene.plan()
    port.answers["MakePlan"] = replace(made, operations=(back(made.operations[0]), *made.operations))
    async with shown(port) as screen:
        await screen.press("r")
        lines = screen.text().split("\n")
        step = next(number for number, line in enumerate(lines) if "does     1 put conf/app.toml back" in line)
        shift = lines[step].index("1 put") + 2
        below = [line[shift:].rstrip() for line in lines[step + 1 :]]
        first = below.index("-pool = 0")
        assert below[first + 1] == "+pool = 20"
        assert not below[first + 2].startswith(" name"), "what stands around it would push the risk off the screen"
        await screen.press("pagedown")
        assert " differs" in screen.text()
        whole = [line[shift:].rstrip() for line in screen.text().split("\n")]
        first = whole.index("@@ -1,2 +1,2 @@")
        assert whole[first + 1 : first + 3] == ["-pool = 0", "+pool = 20"]
        assert whole[first + 3].startswith(" name = xxx")
        assert whole[first + 3].endswith("…")
