"""Lines that the host dropped are counted on the next line that comes."""

from collections.abc import AsyncIterator
from typing import Any, cast

from cockpit.board.model import Identity
from cockpit.demo.client import DemoClient, Facts
from cockpit.demo.logs import read_logs
from cockpit.logs.line import LogRequest


def line(text: str) -> Facts:
    return {"seq": 1, "at": 5.0, "run": 1, "stream": "out", "text": text, "cut": 0}


class Told:
    """A client whose stream is made up."""

    async def stream(self, op: str, **params: Any) -> AsyncIterator[Facts]:
        assert op == "logs"
        yield {"type": "lines", "lines": [line("a")]}
        yield {"type": "lost", "count": 3}
        yield {"type": "lost", "count": 4}
        yield {"type": "lines", "lines": [line("b"), line("\ud800 c")]}


async def test_what_was_dropped_stands_on_the_line_after_it() -> None:
    request = LogRequest(instance=Identity("demo", "d", "", "service", "cart", "cart-1"))
    batches = [batch async for batch in read_logs(cast(DemoClient, Told()), request)]
    assert [[(one.data, one.lost) for one in batch] for batch in batches] == [
        [(b"a", 0)],
        [(b"b", 7), (b"? c", 0)],
    ]
