"""`cockpit do SERVICE VERB [ARGS]`: one change, planned, confirmed, done through the one door and judged. No screen."""

import argparse
import asyncio
import signal
import sys
from contextlib import suppress

from cockpit.backends.change import Plan, Verdict
from cockpit.board.model import Freshness, Identity
from cockpit.board.snapshot import ServiceStatus, Snapshot
from cockpit.commands.do_attend import attended, has_terminal
from cockpit.commands.do_choose import CannotTell, Wrong, choose_service, choose_verb, choose_workload, read_arguments
from cockpit.commands.do_tell import Report, Teller
from cockpit.engine.engine import Engine
from cockpit.engine.parts import Parts
from cockpit.engine.port import CommandError, MakePlan, Perform, Require, Requirement, Verbs
from cockpit.profile.rules import NODE_VERBS, VERBS

WRONG, REFUSED = 64, 3
EXITS = {"planned": 0, "worked": 0, "did not work": 1, "unknown": 2, "cannot tell": 2, "refused": REFUSED}


def run(options: argparse.Namespace) -> int:
    """Exit 0 worked (or planned, with --dry-run), 1 did not work, 2 cannot tell, 3 refused, 64 wrong use."""
    from cockpit.commands.common import chosen_parts, complain

    parts = chosen_parts(options, host=False)
    if isinstance(parts, int):
        return parts
    teller = Teller(json=options.json, program=f"cockpit --profile {options.file}" if options.file else "cockpit")
    engine = Engine(parts)
    engine.start()
    try:
        report = _carry_out(engine, parts, options, teller)
    except Wrong as error:
        complain(f"cockpit do: {error}")
        return WRONG
    finally:
        engine.stop()
    teller.end(report)
    return EXITS[report.outcome]


def _carry_out(engine: Engine, parts: Parts, options: argparse.Namespace, teller: Teller) -> Report:
    report = Report(profile=parts.profile_name, service=options.service, verb=options.verb, outcome="planned")
    try:
        service, plan, needed = asyncio.run(_planned(engine, parts, options))
    except CannotTell as error:
        return report.ended("cannot tell", str(error))
    except CommandError as error:
        return report.ended("refused", str(error))
    report = report.with_plan(service.key, plan, needed)
    teller.plan(plan, needed)
    if options.dry_run:
        return report
    if needed.denied:
        return report.ended("refused", needed.denied)
    if plan.attended and not has_terminal():
        return report.ended("refused", f"{plan.verb} needs a terminal to type into and read from: nothing was done")
    if not options.yes and (why := _unconfirmed(teller, plan, needed)):
        return report.ended("refused", why)
    try:
        if plan.attended:
            verdict = attended(engine, plan, service.name)
        else:
            verdict = asyncio.run(_performed(engine, plan, needed.type_name, teller))
    except CommandError as error:
        return report.ended("refused", str(error))
    return report.judged(verdict)


async def _planned(
    engine: Engine, parts: Parts, options: argparse.Namespace
) -> tuple[ServiceStatus, Plan, Requirement]:
    """The plan, and what the policy wants for it. CannotTell, Wrong, or CommandError when it cannot be planned."""
    snapshot = await _first_sight(engine, parts, options.within)
    service = choose_service(snapshot, options.service)
    workload = choose_workload(snapshot, service, options.on)
    try:
        verb = choose_verb(service, await engine.submit(Verbs(workload.id)), options.verb)
    except Wrong as error:
        raise Wrong(f"{error}{await _why_not(engine, service, workload.id, options.verb)}") from None
    arguments = read_arguments(verb, options.arguments)
    command = MakePlan(verb=verb.name, service=service.key, workload=workload.id, arguments=arguments)
    plan: Plan = await engine.submit(command)
    needed: Requirement = await engine.submit(Require(plan))
    return service, plan, needed


async def _why_not(engine: Engine, service: ServiceStatus, workload: Identity, verb: str) -> str:
    """What whoever would plan a verb says of why it cannot be; empty for what is no verb at all."""
    if verb not in VERBS | NODE_VERBS:
        return ""
    try:
        await engine.submit(MakePlan(verb=verb, service=service.key, workload=workload))
    except CommandError as error:
        return f"; {error}"
    return ""


async def _first_sight(engine: Engine, parts: Parts, within: float) -> Snapshot:
    """The board once every source has told what runs, or is lost; after `within` seconds as it is then."""

    def spoken(snapshot: Snapshot) -> bool:
        sources = {source.name: source for source in snapshot.sources}
        found = [sources.get(part.name) for part in parts.backends]
        # A new source is stale until it has told all of what runs: rows come before that.
        return all(one is not None and one.freshness is not Freshness.STALE for one in found)

    try:
        return await engine.board_until(spoken, within)
    except TimeoutError:
        return engine.frame().snapshot


def _unconfirmed(teller: Teller, plan: Plan, needed: Requirement) -> str:
    """Ask the person at the terminal; empty when it was confirmed."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "not confirmed: there is no terminal to ask on; --yes confirms it beforehand"
    answer = teller.ask(
        f"Type {needed.type_name} to confirm ({', '.join(needed.why)}): " if needed.type_name else "Do it? [y/N] "
    )
    if needed.type_name:
        return "" if answer == needed.type_name else "not confirmed: nothing was done"
    return "" if answer.lower() in ("y", "yes") else "not confirmed: nothing was done"


async def _performed(engine: Engine, plan: Plan, typed: str, teller: Teller) -> Verdict:
    """Do it and say how it goes. On ctrl-c, TERM or HUP it goes on to its next safe point and tells what was done."""
    loop, task, news = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)

    def woken() -> None:
        with suppress(RuntimeError):  # it may have ended just now
            loop.call_soon_threadsafe(news.set)

    engine.wake_by(woken)
    work = engine.submit(Perform(plan=plan, typed_name=typed))
    try:
        while not work.done():
            waiting = asyncio.ensure_future(news.wait())
            await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            news.clear()
            teller.progress(engine.frame().operations, plan)
        verdict: Verdict = work.result()
    except asyncio.CancelledError:
        teller.say("stopping at the next safe point")
        await asyncio.to_thread(engine.stop)
        await asyncio.wait((work,), timeout=1.0)
        if not work.done():
            raise
        verdict = work.result()
    return verdict
