"""What a profile declares, planned as data and performed: calls, commands, staged actions."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from cockpit.assemble import declared
from cockpit.backends.base import Address, CommandResult
from cockpit.backends.change import Operation, Permit, Plan, PlanRefused
from cockpit.backends.declared.operate import DeclaredOperator, Means, NoInstance
from cockpit.board.clock import ManualClock, SystemClock
from cockpit.board.model import SafeText, Workload
from cockpit.board.secrets import Secrets
from cockpit.profile.load import loads
from cockpit.profile.schema import Profile
from tests.mitigate.world import SERVICE, WORKLOAD, operation, plan

PROFILE = f"""\
version: 1
name: shop
services:
  {SERVICE}:
    workloads: [{{compose: web}}]
    probes:
      health: {{kind: http, port: 80}}
    calls:
      drain:
        port: 80
        path: /share
        method: PUT
        headers: {{X-Token: '${{TOKEN}}'}}
        body: '{{"share": ${{COCKPIT_STAGE}}}}'
        matches: done
        after: health
        inverse: fill
      fill: {{port: 80, path: /fill, danger: high}}
      ask: {{port: 80, method: GET}}
    actions:
      shift:
        stages: [10, 100]
        inverse: fill
        steps:
          - {{call: drain, before: health}}
          - {{exec: [warm-up, --now], title: warm up, undo: {{exec: [cool-down]}}}}
          - {{verb: restart}}
      local:
        steps:
          - {{command: [{sys.executable}, -c, 'import os; print(os.environ["KEY"], os.environ.get("COCKPIT_STAGE"))'],
             environment: {{KEY: '${{TOKEN}}'}}, matches: hunter}}
    smoke:
      - {{call: ask, title: front page}}
    verify: {{samples: 2}}
backends:
  main: {{kind: docker}}
"""
ENVIRON = {"TOKEN": "hunter-seventeen", "PATH": "/usr/bin:/bin"}
WORK = Workload(id=WORKLOAD, source="main")


def profile() -> Profile:
    found = loads(PROFILE, "p.yaml", ENVIRON)
    assert found.profile is not None, found.errors
    return found.profile


class Ran:
    """Remembers what was run in an instance."""

    def __init__(self) -> None:
        self.seen: list[tuple[tuple[str, ...], Mapping[str, str]]] = []
        self.nothing = False

    async def execute(self, _: str, argv: Sequence[str], __: float, environment: Mapping[str, str]) -> CommandResult:
        if self.nothing:
            raise NoInstance("no instance runs")
        self.seen.append((tuple(argv), environment))
        return CommandResult(3 if argv[0] == "cool-down" else 0, SafeText("brrr"), 0.1)


def operator(port: int = 1, environ: Mapping[str, str] = ENVIRON, ran: Ran | None = None) -> DeclaredOperator:
    async def resolve(_: str, __: int) -> Address:
        return Address("127.0.0.1", port, SafeText("here"))

    async def restart(verb: str, _: Workload, __: dict[str, str]) -> Plan:
        return plan(operation(1, verb), operation(2, verb), made_at=ManualClock().now())

    means = Means(
        profile=profile(), clock=SystemClock(), secrets=Secrets(), environ=environ, resolve=resolve,
        execute=(ran or Ran()).execute, plan_verb=restart, seen=lambda _: WORK,
    )  # fmt: skip
    return DeclaredOperator(means)


async def planned(name: str, by: DeclaredOperator | None = None) -> Plan:
    return await (by or operator()).plan(name, WORK, {"service": SERVICE})


def permit(made: Plan) -> Permit:
    return Permit(made, "oncall")


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
        heard.append(head + await reader.readexactly(length))
        writer.write(answer)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heard


def http(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


async def test_an_action_is_a_plan_of_every_stage() -> None:
    made = await planned("shift")
    assert [one.title for one in made.operations] == [
        "10 %: call drain", "10 %: warm up", f"10 %: restart {SERVICE}-1", f"10 %: restart {SERVICE}-2",
        "100 %: call drain", "100 %: warm up", f"100 %: restart {SERVICE}-1", f"100 %: restart {SERVICE}-2",
    ]  # fmt: skip
    first, second, third = made.operations[:3]
    assert (made.on_failure, made.danger, made.operations[-1].inverse) == ("step back", "low", ("fill", ()))
    assert (first.requires, first.done_when, first.source) == ("health", "probe", "(profile)")
    assert ("body", '{"share": 10}') in first.after
    assert first.back is not None
    assert first.back.title == "10 %: call fill"
    assert second.back is not None
    assert "cool-down" in second.back.command
    assert (third.source, third.service) == ("main", SERVICE)
    assert made.hash == (await planned("shift")).hash
    assert "hunter" not in repr(made)


async def test_a_call_is_sent_with_its_variables_and_they_are_masked() -> None:
    async with server(http("200 OK", "done with hunter-seventeen")) as (port, heard):
        by = operator(port)
        made = await planned("drain", by)
        assert await by.check(made.operations[0]) == ""
        outcome = await by.perform(permit(made), made.operations[0])
    assert (outcome.accepted, outcome.detail) == (True, "answered 200")
    assert heard[0].startswith(b"PUT /share HTTP/1.1")
    assert b"x-token: hunter-seventeen" in heard[0].lower()
    assert heard[0].endswith(b'{"share": 100}')
    assert ("X-Token: ${TOKEN}" in made.operations[0].command, "hunter" in repr(made)) == (True, False)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (http("503 Busy", "hunter-seventeen is busy"), "answered 503, not 200-299: "),
        (http("302 Found", ""), "answered 302, not 200-299"),
        (http("200 OK", "queued"), "answered 200, but it does not match 'done': queued"),
    ],
)
async def test_another_answer_is_refused(answer: bytes, detail: str) -> None:
    async with server(answer) as (port, _):
        by = operator(port)
        made = await planned("drain", by)
        outcome = await by.perform(permit(made), made.operations[0])
    assert not outcome.accepted
    assert outcome.detail.startswith(detail)
    assert "hunter" not in outcome.detail


async def test_what_was_sent_but_not_answered_may_have_been_done() -> None:
    async with server(b"") as (port, heard):
        by = operator(port)
        made = await planned("fill", by)
        with pytest.raises(Exception, match="disconnected"):
            await by.perform(permit(made), made.operations[0])
        assert len(heard) == 1
    outcome = await by.perform(permit(made), made.operations[0])
    assert (outcome.accepted, outcome.detail.startswith("not reached")) == (False, True)


async def test_a_variable_that_is_missing_is_told_before() -> None:
    by = operator(environ={})
    made = await planned("drain", by)
    assert await by.check(made.operations[0]) == "TOKEN is not set in the cockpit's environment"


async def test_commands_run_here_and_in_instances() -> None:
    ran = Ran()
    by = operator(ran=ran)
    shift, local = await planned("shift", by), await planned("local", by)
    warm: Operation = shift.operations[1]
    assert (await by.perform(permit(shift), warm)).detail == "exit 0: brrr"
    assert ran.seen == [(("warm-up", "--now"), {"COCKPIT_STAGE": "10"})]
    assert warm.back is not None
    assert (await by.perform(permit(shift), warm.back)).detail == "exit 3: brrr"
    outcome = await by.perform(permit(local), local.operations[0])
    assert outcome.accepted
    assert "hunter-seventeen" not in outcome.detail
    assert outcome.detail.endswith("None")
    ran.nothing = True
    assert not (await by.perform(permit(shift), warm)).accepted


async def test_what_is_offered_and_what_is_verified() -> None:
    by = operator()
    assert [(verb.name, verb.danger) for verb in by.offered(SERVICE, WORK)] == [
        ("drain", "low"), ("fill", "high"), ("shift", "low"), ("local", "low"),
    ]  # fmt: skip
    assert by.offered("nobody", WORK) == ()
    with pytest.raises(PlanRefused, match="no call or action is named drian"):
        await planned("drian")
    made = by.finished(await planned("fill"), WORK, alive=True)
    assert [(one.title, one.back) for one in made.smoke] == [("front page", None)]
    assert [(one.service, one.samples) for one in made.watch] == [(SERVICE, 2)]
    assert by.finished(made, WORK, alive=False) is made


def test_without_anything_declared_there_is_no_operator() -> None:
    assert declared(Profile(version=1, name="shop")) is None
    assert declared(profile()) is not None
