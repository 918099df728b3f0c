"""Rolling back the files that a service is configured by: which revisions there are, what changes, and doing it."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from cockpit.backends.change import DECLARED, Operation, Outcome, PlanRefused, Verb
from cockpit.backends.declared.git import ABSENT, KEPT, Blobs, GitError, Revision, WorkingCopy
from cockpit.backends.declared.process import is_process
from cockpit.board.ages import ago
from cockpit.board.model import SafeText, Workload
from cockpit.board.secrets import MASK, Secrets
from cockpit.board.text import safe
from cockpit.profile.deeds import Repository
from cockpit.profile.plain import secret_name
from cockpit.profile.schema import Service

FILES = "files="
"""Begins the precondition of a roll back; then the content of each file."""
SHORT = 12
"""Digits of a commit's id that are shown, and enough to name it."""
DIFF_LINES, DIFF_WIDTH = 40, 160
_NAMED = re.compile(r"(\s*[\"']?)([\w.-]{1,64})([\"']?\s*[:=]\s*)(\S.*)")
_LONG = re.compile(r"\s*[A-Za-z0-9+/=_-]{40,}\s*")
_HEADS = ("diff ", "index ", "--- ", "+++ ", "new file", "deleted file", "old mode", "new mode")
_encode = msgspec.json.Encoder(order="sorted").encode


class RollBack(Struct, frozen=True, kw_only=True):
    """What the plan is made of: the operation, the other revisions, and what may go wrong."""

    operation: Operation
    choices: tuple[tuple[str, SafeText], ...]
    risks: tuple[str, ...]


def verb_of(service: Service, workload: Workload) -> Verb | None:
    """Roll back, where there is a repository; by another name where the backend rolls its own releases back."""
    if service.repository is None:
        return None
    alone = is_process(workload) or workload.source == DECLARED
    return Verb(
        name="rollback" if alone else "rollback-config", title="Roll its configuration back",
        arguments=(("revision", "a commit of its files; left out: the one before this"),),
    )  # fmt: skip


async def plan_back(
    verb: str, key: str, repository: Repository, workload: Workload, wanted: str, copy: WorkingCopy, secrets: Secrets,
    now: datetime,
) -> RollBack:  # fmt: skip
    """Putting the files back to a revision, the one before this when none is wanted. Reads only. PlanRefused."""
    try:
        state = await _state(copy)
        revisions = await copy.revisions()
        contents = {one.id: await copy.blobs_of(one.id) for one in revisions}
        others = [one for one in revisions if ABSENT not in contents[one.id] and contents[one.id] != state.files]
        if not others and not wanted:
            raise PlanRefused(f"{key}: there is no other revision of {_names(repository)} in {repository.path}")
        current = next((one for one in revisions if contents[one.id] == state.files), None)
        chosen = await copy.resolve(wanted) if wanted else _before(others, revisions, current).id
        after = await copy.blobs_of(chosen)
        if after == state.files:
            raise PlanRefused(f"{key}: {_names(repository)} is as in {chosen[:SHORT]} already")
        if ABSENT in after:
            raise PlanRefused(f"{key}: {repository.files[after.index(ABSENT)]} is not in {chosen[:SHORT]}")
        diff = masked(await copy.diff(chosen), secrets)
    except GitError as error:
        raise PlanRefused(f"{key} cannot be rolled back: {secrets.mask(safe(str(error), 300))}") from None
    words = {one.id: safe(secrets.mask(safe(_words(one), 200)), 120) for one in revisions}
    kept = "" if current is not None and not state.staged else KEPT + _digest(repository, state.files)
    back = None if ABSENT in state.files else kept or (current.id[:SHORT] if current else "")
    short = wanted if wanted.startswith(KEPT) else chosen[:SHORT]
    made = Operation(
        verb="rollback", title=safe(f"put {_names(repository)} back to {short}", 200),
        target=workload.id,
        before=(("files", safe(words[current.id] if current else "not as in any commit", 200)),),
        after=(("files", safe(words.get(chosen, safe(short)), 200)), ("in", safe(repository.path, 200))),
        arguments=(("spec", _encode(repository).decode()), ("revision", short), ("keep", kept)),
        precondition=_condition(state.files), done_when="read back",
        inverse=(verb, (("revision", back),)) if back else None, deadline=60.0, source=DECLARED, service=key, diff=diff,
        command=safe(f"git -C {repository.path} checkout {short} -- {' '.join(repository.files)}", 500),
    )  # fmt: skip
    choices = tuple((one.id[:SHORT], safe(f"{ago(one.at, now)}  {words[one.id]}")) for one in _first(others, chosen))
    return RollBack(operation=made, choices=choices, risks=_risks(repository, kept, state.files))


async def put_back(operation: Operation, copy: WorkingCopy) -> Outcome:
    """Do it: keep what no commit holds, put the files back, and read them again. GitError: it may have been done."""
    arguments = dict(operation.arguments)
    if wrong := await changed(operation, copy):
        return Outcome(False, safe(wrong, 300))
    try:
        if arguments["keep"]:
            await copy.keep(arguments["keep"])
        wanted = await copy.blobs_of(await copy.resolve(arguments["revision"]))
    except GitError as error:
        return Outcome(False, safe(f"nothing was changed: {error}", 300))
    try:
        await copy.put_back(arguments["revision"])
    except GitError as error:
        if await changed(operation, copy):
            raise
        return Outcome(False, safe(f"nothing was changed: {error}", 300))
    if await copy.blobs() != wanted:
        return Outcome(False, SafeText("the files are not as in that revision, though git said so: look at them"))
    kept = (("kept", safe(arguments["keep"])),) if arguments["keep"] else ()
    return Outcome(True, SafeText("the files were read back"), (("read back", safe(arguments["revision"])), *kept))


async def changed(operation: Operation, copy: WorkingCopy) -> str:
    """How the files differ from those that the plan was made for; empty when they do not."""
    try:
        files = await copy.blobs()
    except GitError as error:
        return str(error)
    if _condition(files) == operation.precondition:
        return ""
    repository = msgspec.json.decode(dict(operation.arguments)["spec"], type=Repository)
    return f"{_names(repository)} was edited meanwhile"


def masked(diff: str, secrets: Secrets) -> tuple[SafeText, ...]:
    """The lines of a diff that say something, at most forty; what is named or looks like a secret is hidden."""
    lines = [line for line in diff.splitlines() if line and not line.startswith(_HEADS)]
    shown = []
    for line in lines[:DIFF_LINES]:
        # The sign apart: "-password x" would read as a command's argument.
        text = safe(line[1:], 2000)
        named = _NAMED.fullmatch(text)
        if named and secret_name(named[2]):
            text = SafeText(f"{named[1]}{named[2]}{named[3]}{MASK}")
        elif _LONG.fullmatch(text):
            text = SafeText(MASK)
        shown.append(safe(f"{line[0]}{secrets.mask(text)}", DIFF_WIDTH))
    left = len(lines) - DIFF_LINES
    return (*shown, *((safe(f"and {left} more lines"),) if left > 0 else ()))


class _State(Struct, frozen=True):
    """The files as they lie there; staged: the index holds what neither they nor the last commit hold."""

    files: Blobs
    staged: bool


async def _state(copy: WorkingCopy) -> _State:
    index, files, head = await copy.check(), await copy.blobs(), await copy.blobs_of("HEAD")
    return _State(files, any(one not in (here, last) for one, here, last in zip(index, files, head, strict=True)))


def _before(others: Sequence[Revision], revisions: Sequence[Revision], current: Revision | None) -> Revision:
    """The newest that is older than what lies there; the last commit when that is not committed."""
    if current is None:
        return others[0]
    older = revisions[revisions.index(current) + 1 :]
    return next((one for one in older if one in others), others[0])


def _first(others: Sequence[Revision], chosen: str) -> list[Revision]:
    """The chosen one leads the choices."""
    return sorted(others, key=lambda one: one.id != chosen)


def _risks(repository: Repository, kept: str, files: Blobs) -> tuple[str, ...]:
    risks = []
    if kept:
        how = f"git checkout {kept} -- {' '.join(repository.files)}"
        risks.append(f"what is not committed of it is kept first: {how} brings it back")
    missing = [name for name, blob in zip(repository.files, files, strict=True) if blob == ABSENT]
    if missing:
        risks.append(f"{', '.join(missing)} is missing now: nothing takes that back")
    if not repository.then:
        risks.append("nothing is restarted: the service must read its files by itself")
    return tuple(risks)


def _condition(files: Blobs) -> str:
    return FILES + " ".join(files)


def _digest(repository: Repository, files: Blobs) -> str:
    return hashlib.sha256("\n".join((repository.path, *repository.files, *files)).encode()).hexdigest()[:16]


def _names(repository: Repository) -> str:
    first, *others = repository.files
    return first + (f" and {len(others)} more" if others else "")


def _words(revision: Revision) -> str:
    return f"{revision.id[:SHORT]} of {revision.at:%Y-%m-%d %H:%M}Z: {revision.subject}"
