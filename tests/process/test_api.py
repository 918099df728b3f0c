"""A service that nothing here runs, an API of others: called through the door, judged by its probe, taken back."""

import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace

from cockpit.assemble import assemble
from cockpit.backends.change import DECLARED, Plan, Verdict, of_service
from cockpit.board.model import State
from cockpit.engine.engine import Engine
from cockpit.engine.port import CommandError, MakePlan, Perform, Verbs
from cockpit.profile.load import loads
from tests.frames import framed
from tests.patience import PATIENCE

API = of_service("acquirer")


class Acquirer(ThreadingHTTPServer):
    """Serves from one site, and answers calls that choose it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = "first"
        self.down = ""


class Handler(BaseHTTPRequestHandler):
    server: Acquirer

    def do_GET(self) -> None:
        self._answer(503 if self.server.site == self.server.down else 200)

    def do_POST(self) -> None:
        self.server.site = self.path.strip("/")
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def acquirer() -> Iterator[Acquirer]:
    with Acquirer() as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


@pytest.fixture
def engine(acquirer: Acquirer, tmp_path: Path) -> Iterator[Engine]:
    url = f"http://127.0.0.1:{acquirer.server_port}"
    profile = f"""\
version: 1
name: shop
services:
  acquirer:
    tier: 1
    probes: {{up: {{kind: http, url: "{url}/up", every: 2s, timeout: 2s, bad_after: 1}}}}
    calls:
      to-second: {{url: "{url}/second", inverse: to-first, after: up, hold: 500ms, deadline: 30s}}
      to-first: {{url: "{url}/first", inverse: to-second, after: up, hold: 500ms, deadline: 30s}}
"""
    loaded = loads(profile, "p.yaml", os.environ)
    assert loaded.profile is not None, loaded.errors
    made = Engine(assemble(loaded.profile, "shop", state_dir=tmp_path / "state", who="tester", host=False))
    made.start()
    yield made
    made.stop()


async def planned(engine: Engine, verb: str) -> Plan:
    made: Plan = await engine.submit(MakePlan(verb=verb, service="acquirer", workload=API))
    return made


async def performed(engine: Engine, plan: Plan) -> Verdict:
    verdict: Verdict = await engine.submit(Perform(plan=plan, typed_name="acquirer"))
    return verdict


async def test_it_is_called_and_called_back(engine: Engine, acquirer: Acquirer) -> None:
    await engine.board_until(lambda now: now.services[0].state is State.OK, PATIENCE)
    assert [verb.name for verb in await engine.submit(Verbs(API))] == ["to-second", "to-first"]
    plan = await planned(engine, "to-second")
    assert (plan.source, plan.where) == (DECLARED, (("service", "acquirer"),))
    verdict = await performed(engine, plan)
    assert (verdict.result, acquirer.site) == ("worked", "second"), verdict.evidence
    frame = await framed(engine, lambda now: bool(now.temporary))
    assert [(one.service, one.workload, one.inverse) for one in frame.temporary] == [
        ("acquirer", API, ("to-first", ())),
    ]  # fmt: skip
    verdict = await performed(engine, await planned(engine, "to-first"))
    assert (verdict.result, acquirer.site) == ("worked", "first"), verdict.evidence
    await framed(engine, lambda now: not now.temporary)


async def test_an_answer_is_no_success(engine: Engine, acquirer: Acquirer) -> None:
    await engine.board_until(lambda now: now.services[0].state is State.OK, PATIENCE)
    acquirer.down = "second"
    plan = await planned(engine, "to-second")
    quick = replace(plan, deadline=3.0, operations=tuple(replace(one, deadline=3.0) for one in plan.operations))
    verdict = await performed(engine, quick)
    assert verdict.result in ("did not work", "unknown")
    assert acquirer.site == "second"
    with pytest.raises(CommandError, match="no restart, for nothing that runs it is known"):
        await planned(engine, "restart")
