"""Which command does what: a table from its type to a function on the core."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cockpit.backends.base import SourceError
from cockpit.backends.change import Plan, PlanRefused, Verdict
from cockpit.board.revision import Revision
from cockpit.board.text import safe
from cockpit.engine import editing, listing, port
from cockpit.engine.core import Core
from cockpit.engine.history import revisions
from cockpit.engine.port import CommandError
from cockpit.incident.entry import Entry
from cockpit.incident.timeline import Row

DEADLINE = 15.0
"""Seconds for what asks somebody else: an engine that hangs must not keep a dialog waiting for ever."""

Handler = Callable[[Core, Any], Awaitable[Any]]


async def dispatch(core: Core, command: port.Command) -> Any:
    """Carry out one command. Every failure becomes a CommandError with one line, a wait that is too long too."""
    name = type(command).__name__
    handler = _HANDLERS.get(type(command))
    if handler is None:
        raise CommandError(f"{name} is not known here")
    deadline = _DEADLINES.get(type(command), DEADLINE)
    try:
        if deadline is None:
            return await handler(core, command)
        async with core.clock.timeout(deadline):
            return await handler(core, command)
    except CommandError:
        raise
    except TimeoutError:
        raise CommandError(f"{name}: no answer within {deadline or 0:.0f} s; it was given up, try again") from None
    except (SourceError, PlanRefused) as error:
        raise CommandError(safe(str(error), 500)) from error
    except asyncio.CancelledError:
        if core.stopping.is_set():
            raise CommandError("the engine has stopped") from None
        raise
    except Exception as error:
        raise CommandError(safe(f"{name} failed: {type(error).__name__}: {error}", 500)) from error


async def _open_tail(core: Core, command: port.OpenTail) -> str:
    return core.tails.open(command)


async def _close_tail(core: Core, command: port.CloseTail) -> None:
    await core.tails.close_one(command.tail)


async def _set_query(core: Core, command: port.SetQuery) -> None:
    core.tails.query(command.tail, command.query)


async def _find(core: Core, command: port.FindLine) -> int | None:
    return await core.tails.find(command)


async def _top_errors(core: Core, command: port.TopErrors) -> tuple[port.ErrorShape, ...]:
    return await core.tails.top_errors(command.tail)


async def _save(core: Core, command: port.SaveLog) -> str:
    return await core.tails.save(command)


async def _focus(core: Core, command: port.Focus) -> None:
    core.focus(command.services)


async def _inspect(core: Core, command: port.Inspect) -> str:
    return await core.watched.source_of(command.identity).inspect(command.identity)


async def _revisions(core: Core, command: port.Revisions) -> tuple[Revision, ...]:
    source = core.watched.source_of(command.workload)
    return await revisions(source, core.board.workloads()[command.workload.workload], core.record.history)


async def _verbs(core: Core, command: port.Verbs) -> tuple[port.Verb, ...]:
    return await core.record.mitigations.verbs(command.workload)


async def _plan(core: Core, command: port.MakePlan) -> Plan:
    return await core.record.mitigations.plan(command)


async def _bulk(core: Core, command: port.MakeBulk) -> Plan:
    return await core.record.mitigations.bulk(command)


async def _perform(core: Core, command: port.Perform) -> Verdict:
    return await core.record.mitigations.perform(command)


async def _halt(core: Core, command: port.Halt) -> None:
    core.record.mitigations.halt(command.run)


async def _dry_run(core: Core, command: port.DryRun) -> port.Rehearsal:
    return await core.record.mitigations.rehearse(command.plan)


async def _approve(core: Core, command: port.Approve) -> Entry:
    return await core.record.approve(command)


async def _require(core: Core, command: port.Require) -> port.Requirement:
    return core.record.mitigations.require(command.plan)


async def _note(core: Core, command: port.AddNote) -> Entry:
    return await core.record.note(command)


async def _edit(core: Core, command: port.EditEntry) -> Entry:
    return await core.record.edit(command)


async def _export(core: Core, command: port.ExportTimeline) -> str:
    return await editing.write(command, core.clock)


async def _recorded(core: Core, _: port.Recorded) -> tuple[Row, ...]:
    return core.record.recorded()


async def _relist(core: Core, _: port.Relist) -> None:
    core.watched.relist()


async def _inject(core: Core, command: port.InjectFault) -> None:
    if core.parts.faults is None:
        raise CommandError("faults exist only in the demo: cockpit demo")
    await core.parts.faults.inject(command.name, command.on)
    await core.record.drill(command.name, command.on)


async def _listed(core: Core, command: listing.Asked) -> Any:
    return await listing.ANSWERS[type(command)](listing.catalogue_of(core.watched.sources, command.source), command)


async def _faults(core: Core, _: port.ListFaults) -> tuple[tuple[str, str, bool], ...]:
    return await core.parts.faults.faults() if core.parts.faults else ()


_DEADLINES: dict[type, float | None] = {
    # These end by themselves, and must not be given up half-way.
    port.Perform: None,
    port.AddNote: None,
    port.EditEntry: None,
    port.Approve: None,
    port.MakePlan: 30.0,
    port.MakeBulk: 60.0,
    port.DryRun: 60.0,
    port.SaveLog: 60.0,
    port.ExportTimeline: 60.0,
    **listing.DEADLINES,
}

_HANDLERS: dict[type, Handler] = {
    **dict.fromkeys(listing.ANSWERS, _listed),
    port.OpenTail: _open_tail,
    port.CloseTail: _close_tail,
    port.SetQuery: _set_query,
    port.FindLine: _find,
    port.TopErrors: _top_errors,
    port.SaveLog: _save,
    port.Focus: _focus,
    port.Inspect: _inspect,
    port.Revisions: _revisions,
    port.Verbs: _verbs,
    port.MakePlan: _plan,
    port.MakeBulk: _bulk,
    port.Perform: _perform,
    port.Halt: _halt,
    port.DryRun: _dry_run,
    port.Approve: _approve,
    port.Require: _require,
    port.AddNote: _note,
    port.EditEntry: _edit,
    port.ExportTimeline: _export,
    port.Recorded: _recorded,
    port.Relist: _relist,
    port.InjectFault: _inject,
    port.ListFaults: _faults,
}
