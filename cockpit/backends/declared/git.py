"""Files in a git working copy of this machine: their revisions, what would change, and how one is put back.

What is in no commit is kept under a reference of its own before a file is changed. No hook, pager, external diff or
prompt of the repository is run.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from cockpit.backends.command import CannotRun, Ran, run_command
from cockpit.board.clock import Clock
from cockpit.profile.deeds import Repository

MOST = 12
"""Revisions that are offered."""
PATIENCE = 20.0
"""Seconds for one command of git."""
KEPT = "refs/incident-cockpit/"
ABSENT = "absent"
_REGULAR = frozenset({"100644", "100755"})
_REVISION = re.compile(rf"[0-9a-f]{{7,64}}|{KEPT}[0-9a-f]{{16}}")
_QUIET = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"),
    *("-c", "log.showSignature=false", "--no-pager", "--literal-pathspecs"),
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "LANGUAGE": "C",
    "GIT_AUTHOR_NAME": "incident cockpit", "GIT_AUTHOR_EMAIL": "cockpit@localhost",
    "GIT_COMMITTER_NAME": "incident cockpit", "GIT_COMMITTER_EMAIL": "cockpit@localhost",
}  # fmt: skip

Blobs = tuple[str, ...]
"""The content of each declared file, in their order, as git names it; "absent" for one that is not there."""


class GitError(Exception):
    """Git refused, or the files are not as they must be. str(error) is one line."""


class Revision(Struct, frozen=True):
    """One commit that changed a file: its whole id, when it was made, its first line (not yet made safe)."""

    id: str
    at: datetime
    subject: str


class WorkingCopy:
    """One declared repository. Everything but `keep` and `put_back` only reads."""

    def __init__(self, repository: Repository, clock: Clock, environ: Mapping[str, str]) -> None:
        self._repository, self._clock, self._environ = repository, clock, environ
        self._files = ("--", *repository.files)

    async def check(self) -> Blobs:
        """What the index holds of the files. GitError unless git follows each, as a plain file, and no merge is on."""
        found: dict[str, tuple[str, str, str]] = {}
        for line in (await self._read("ls-files", "--stage", "-z", *self._files)).split("\0"):
            facts, _, name = line.partition("\t")
            if name:
                mode, blob, stage = facts.split()
                found[name] = (mode, blob, stage)
        for name in self._repository.files:
            mode, _, stage = found.get(name, ("", "", ""))
            if not mode:
                raise GitError(f"{name} is not followed by git in {self._repository.path}")
            if stage != "0" or mode not in _REGULAR:
                what = "is in the middle of a merge" if stage != "0" else "is no plain file"
                raise GitError(f"{name} {what}: put it in order by hand first")
        return tuple(found[name][1] for name in self._repository.files)

    async def blobs(self) -> Blobs:
        """The files as they lie there now."""
        return tuple([await self._blob(name) for name in self._repository.files])

    async def _blob(self, name: str) -> str:
        ran = await self._run("hash-object", "--", name)
        if ran.exit_code == 0:
            return ran.output.decode().strip()
        if b"No such file" in ran.errors:
            return ABSENT
        raise _error(ran)

    async def blobs_of(self, revision: str) -> Blobs:
        """The files as they are in a revision."""
        found = {}
        for line in (await self._read("ls-tree", "-z", revision, *self._files)).split("\0"):
            facts, _, name = line.partition("\t")
            if name:
                found[name] = facts.split()[2]
        return tuple(found.get(name, ABSENT) for name in self._repository.files)

    async def revisions(self) -> tuple[Revision, ...]:
        """The newest commits that changed any of the files, newest first."""
        text = await self._read("log", f"-n{MOST}", "--format=%H%x1f%ct%x1f%s%x1e", *self._files)
        rows = [row.strip("\n").split("\x1f", 2) for row in text.split("\x1e")]
        return tuple(
            Revision(row[0], datetime.fromtimestamp(int(row[1]), UTC), row[2])
            for row in rows if len(row) == 3 and row[1].isdecimal()
        )  # fmt: skip

    async def resolve(self, revision: str) -> str:
        """The whole id of a commit, or of what was kept, by its name."""
        if not _REVISION.fullmatch(revision):
            raise GitError(f"{revision[:80]!r} is no revision; allowed: 7 digits of a commit's id or more")
        ran = await self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if ran.exit_code:
            raise GitError(f"there is no revision {revision} in {self._repository.path}")
        return ran.output.decode().strip()

    async def diff(self, revision: str) -> str:
        """What would change: from the files as they are to those of the revision."""
        options = ("--no-color", "--no-ext-diff", "--no-textconv", "--relative", "-R", "--unified=1")
        return await self._read("diff", *options, revision, *self._files)

    async def keep(self, reference: str) -> None:
        """Keep the files as they are, with what is staged, under a reference. GitError when that cannot be seen."""
        now = await self.blobs()
        commit = (await self._read("stash", "create", "incident cockpit: before a roll back")).strip() or "HEAD"
        if await self.blobs_of(commit) != now:
            raise GitError("what is not committed could not be kept")
        await self._read("update-ref", reference, await self.resolve_any(commit))

    async def resolve_any(self, name: str) -> str:
        """The whole id of whatever git knows by this name."""
        return (await self._read("rev-parse", "--verify", name)).strip()

    async def put_back(self, revision: str) -> None:
        """Put the files back as they were in a revision."""
        await self._read("checkout", "--quiet", revision, *self._files)

    async def _read(self, *argv: str) -> str:
        ran = await self._run(*argv)
        if ran.exit_code:
            raise _error(ran)
        return ran.output.decode("utf-8", "replace")

    async def _run(self, *argv: str) -> Ran:
        command: Sequence[str] = ("git", "-C", self._repository.path, *_QUIET, *argv)
        try:
            return await run_command(
                command, self._clock, PATIENCE, environ=self._environ, declared=_ENVIRONMENT, merge=False
            )  # fmt: skip
        except CannotRun as error:
            raise GitError(str(error)) from None


def _error(ran: Ran) -> GitError:
    said = " ".join(ran.errors.decode("utf-8", "replace").split())
    return GitError(f"git: {said[:200] or f'exit {ran.exit_code}'}")
