"""Open logs over a real Docker Engine: ends, restarts, broken connections, terminals, and bytes that are no text."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from types import TracebackType
from typing import Self

from cockpit.backends.docker.times import moment
from cockpit.board.model import Phase
from cockpit.board.update import Update
from cockpit.engine.frame import TailStatus
from cockpit.engine.port import OpenTail
from cockpit.engine.streams import Around
from cockpit.engine.tails import Tails
from cockpit.logs.line import LogLine
from cockpit.profile.schema import Backend
from tests.docker.proxy import Proxy
from tests.docker.watch import NAME, Watch, backend
from tests.engine.stage import no_mask
from tests.parts.container import ContainerSpec, compose_labels
from tests.parts.docker import DockerEngine
from tests.patience import PATIENCE

STAYS = "exec sleep 2147483647"
COUNTS = f"i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); usleep 10000; done; {STAYS}"


class Reader(Watch):
    """The engine, its board, and the open logs on it, as the cockpit's engine joins them."""

    def __init__(self, declared: Backend) -> None:
        super().__init__(declared)
        around = Around(sources={NAME: self.source}, board=self.board, clock=self.clock, mask=no_mask, background=0)
        self._news = asyncio.Event()
        self.tails = Tails(around, self._news.set)

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.tails.close()
        await super().__aexit__(kind, error, trace)

    def _take(self, update: Update) -> None:
        super()._take(update)
        self.tails.sync(self.board.snapshot())

    async def open(self, service: str, **more: object) -> str:
        """The log of a service by its name, once it is there."""
        await self.until(lambda: self.workload(service) is not None)
        key = next(one.key for one in self.board.snapshot().services if one.name == service)
        return self.tails.open(OpenTail(services=(key,), **more))  # type: ignore[arg-type]

    def lines(self, tail: str) -> tuple[LogLine, ...]:
        return self.tails.window(tail, 0, 1000).lines

    def texts(self, tail: str) -> list[str]:
        return [line.text for line in self.lines(tail)]

    def status(self, tail: str) -> TailStatus:
        return self.tails.statuses()[tail]

    async def reads(self, tail: str, holds: Callable[[list[str]], object]) -> list[str]:
        """The texts of the log once `holds` is true of them."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(texts := self.texts(tail)):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"not within {PATIENCE:g} s: {self.texts(tail)}") from None
        return texts


def one_of(service: str, command: str, number: int = 1, **more: object) -> ContainerSpec:
    """A container of a Compose service."""
    return ContainerSpec(command, labels=compose_labels("shop", service, number), **more)  # type: ignore[arg-type]


def ended(engine: DockerEngine, container: str) -> None:
    engine.api.until(lambda: engine.api.state(container)["Status"] == "exited")


async def test_a_log_opened_after_the_end_of_all_has_its_ends_where_they_belong(docker_clean: DockerEngine) -> None:
    for number, code in ((1, 3), (2, 0)):
        docker_clean.run(f"shop_web_{number}", one_of("web", f"echo run {number}; exit {code}", number))
        ended(docker_clean, f"shop_web_{number}")
    async with Reader(backend(docker_clean)) as reader:
        tail = await reader.open("web")
        texts = await reader.reads(tail, lambda texts: len(texts) == 4)
        assert texts == [
            "run 1",
            "--- shop_web_1 ended: exit 3 ---",
            "run 2",
            "--- shop_web_2 ended: exit 0; nothing is writing any more ---",
        ]
        times = [line.at for line in reader.lines(tail)]
        assert all(one and other and one <= other for one, other in pairwise(times))


async def test_a_broken_connection_loses_nothing_and_repeats_nothing(docker_clean: DockerEngine) -> None:
    async with Proxy(docker_clean.socket) as proxy:
        docker_clean.run("shop_web_1", one_of("web", COUNTS))
        async with Reader(Backend(kind="docker", host=proxy.url)) as reader:
            tail = await reader.open("web")
            await reader.reads(tail, lambda texts: len(texts) >= 20)
            proxy.cut()
            mended = "--- reconnected: nothing lost, nothing twice ---"
            # All lines may have come before the connection was cut.
            texts = await reader.reads(tail, lambda texts: {"line 199", mended} <= set(texts))
        assert [text for text in texts if not text.startswith("---")] == [f"line {n}" for n in range(200)]


async def test_restarted_and_new_instances_are_followed_and_the_run_before_is_found(docker_clean: DockerEngine) -> None:
    said = f"echo run of $(cat /proc/uptime); {STAYS}"
    docker_clean.run("shop_web_1", one_of("web", said))
    async with Reader(backend(docker_clean)) as reader:
        tail = await reader.open("web")
        first, *_ = await reader.reads(tail, lambda texts: texts)
        docker_clean.api.call("POST", "/containers/shop_web_1/restart", query={"t": 0})

        def told(text: str) -> bool:
            return "shop_web_1 ended: exit 137" in text or "was restarted" in text

        texts = await reader.reads(
            tail, lambda texts: sum(text.startswith("run of") for text in texts) == 2 and any(map(told, texts))
        )
        assert texts[0] == first
        # The event of a start comes a little after it: where a run begins is known once it was inspected.
        begun = moment(docker_clean.api.state("shop_web_1")["StartedAt"])
        await reader.sees("shop_web_1", lambda one: one.phase is Phase.RUNNING and one.started_at == begun)
        before = await reader.open("web", previous=True)
        assert await reader.reads(before, lambda texts: texts) == [first]

        docker_clean.api.remove("shop_web_1")
        docker_clean.run("shop_web_2", one_of("web", "echo the new one; " + STAYS, 2))
        await reader.reads(tail, lambda texts: "the new one" in texts)
        assert reader.status(tail).sources == ("shop_web_1", "shop_web_2")


async def test_terminals_long_lines_and_bytes_that_are_no_text(docker_clean: DockerEngine) -> None:
    long = "head -c 10000000 /dev/zero | tr '\\0' x; echo"
    docker_clean.run(
        "shop_web_1", one_of("web", f"echo out; echo err >&2; {long}; printf '\\377\\376 end\\n'; {STAYS}")
    )
    docker_clean.run(
        "shop_web_2", one_of("web", f"printf '10 %%\\r20 %%\\n'; echo on a terminal; {STAYS}", 2, tty=True)
    )
    async with Reader(backend(docker_clean)) as reader:
        await reader.until(lambda: len(found.instances if (found := reader.workload("web")) else ()) == 2)
        tail = await reader.open("web", tail=None)
        await reader.reads(tail, lambda texts: {"err", "\ufffd\ufffd end", "on a terminal"} <= set(texts))
        by_source = {
            name: [line for line in reader.lines(tail) if line.source == name] for name in ("shop_web_1", "shop_web_2")
        }
        multiplexed, terminal = by_source["shop_web_1"], by_source["shop_web_2"]
        assert {(line.stream, line.text) for line in multiplexed} >= {
            ("out", "out"),
            ("err", "err"),
            ("out", "\ufffd\ufffd end"),
        }
        cut = [line.text for line in multiplexed if line.text.startswith("xxx")]
        assert len(cut) == 1
        assert cut[0].endswith(" bytes")
        assert len(cut[0]) < 17_000
        assert [line.text for line in terminal] == ["20 %", "on a terminal"]
        assert {line.stream for line in terminal} == {""}
