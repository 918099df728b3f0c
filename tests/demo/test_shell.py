"""A shell beside a service of the demo: through the engine and its door, with a console as the screen lends it."""

import asyncio
from collections.abc import AsyncGenerator

import psutil
import pytest

from cockpit.backends.change import Plan, Verdict
from cockpit.engine.console import Console, Size
from cockpit.engine.port import CommandError, Perform
from tests.demo.cockpit import DemoCockpit, opened
from tests.patience import PATIENCE


@pytest.fixture
async def cockpit() -> AsyncGenerator[DemoCockpit]:
    async with opened() as found:
        yield found


class Person:
    """Types into a console and reads what it shows."""

    def __init__(self, cockpit: DemoCockpit, plan: Plan) -> None:
        self.console = Console(Size(100, 30), "xterm-256color")
        self.console.person.setblocking(False)
        self.shown = b""
        command = Perform(plan=plan, typed_name=plan.service, terminal=self.console)
        self.work: asyncio.Future[Verdict] = cockpit.engine.submit(command)

    async def sees(self, wanted: bytes) -> None:
        """Until it is shown."""
        loop = asyncio.get_running_loop()
        while wanted not in self.shown:
            more = asyncio.ensure_future(loop.sock_recv(self.console.person, 65536))
            await asyncio.wait((more, self.work), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            assert more.done(), f"nothing came: {self.shown!r}, {self.work.result()}"
            assert more.result(), f"ended before {wanted!r}: {self.shown!r}"
            self.shown += more.result()

    async def types(self, text: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self.console.person, text.encode())

    async def verdict(self) -> Verdict:
        async with asyncio.timeout(PATIENCE):
            return await self.work


async def test_a_shell_beside_an_instance(cockpit: DemoCockpit) -> None:
    plan = await cockpit.plan("catalog", "shell", instance="catalog-2", command="sh")
    (operation,) = plan.operations
    assert operation.title == "shell beside catalog-2: sh"
    assert operation.target.instance == "catalog-2"
    assert plan.hold == 0.0
    assert [value for value, _ in plan.choices] == ["catalog-1", "catalog-2"]
    person = Person(cockpit, plan)
    await person.types('echo $((6*7)); pwd; stty size; tty; echo "TERM=$TERM."\n')
    await person.sees(b"TERM=xterm-256color.\r\n")
    assert b"42\r\n" in person.shown
    assert dict(operation.before)["folder"].encode() + b"\r\n" in person.shown
    assert b"30 100\r\n" in person.shown
    assert b"/dev/pts/" in person.shown
    person.console.resize(Size(90, 26))
    await person.types("until [ \"$(stty size)\" = '26 90' ]; do sleep 0.1; done; echo seen-$((1+1))\n")
    await person.sees(b"seen-2\r\n")
    await person.types("exit 3\n")
    verdict = await person.verdict()
    assert verdict.result == "worked"
    assert verdict.evidence[0].startswith("ended with exit 3 after ")
    person.console.dispose()


async def test_a_terminal_that_is_gone_ends_it(cockpit: DemoCockpit) -> None:
    person = Person(cockpit, await cockpit.plan("cart", "shell", command="sh"))
    await person.types("echo pid=$$=; sleep 1000\n")
    await person.sees(b"=\r\n")
    pid = int(person.shown.rsplit(b"pid=", 1)[1].partition(b"=")[0])
    shell = psutil.Process(pid)
    person.console.dispose()
    verdict = await person.verdict()
    assert "from here, for the terminal is gone" in verdict.evidence[0]
    assert psutil.wait_procs([shell], timeout=PATIENCE)[1] == []


async def test_what_cannot_be_opened_says_why(cockpit: DemoCockpit) -> None:
    with pytest.raises(CommandError, match="no instance cart-7 runs"):
        await cockpit.plan("cart", "shell", instance="cart-7")
    with pytest.raises(CommandError, match="cannot be read as a command"):
        await cockpit.plan("cart", "shell", command="sh -c 'x")
    plan = await cockpit.plan("cart", "shell")
    with pytest.raises(CommandError, match="needs a terminal, and nobody is at one here"):
        await cockpit.engine.submit(Perform(plan=plan, typed_name="cart"))
