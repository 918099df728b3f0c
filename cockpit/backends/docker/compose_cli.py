"""The `docker compose` v2 command on this machine: whether it can be used for a service, its argv, and running it.

It is used only when it would do the same as a copy of what runs: the files that the labels record are here, they still
say what the containers were made from (Compose's own hash of the service), and the engine is this machine's.
"""

import os
import re
import shlex
import shutil
import stat
from collections.abc import Mapping, Sequence

from msgspec import Struct

from cockpit.backends.base import NoAnswer
from cockpit.backends.change import Outcome
from cockpit.backends.command import CannotRun, CommandTimeout, Ran, run_command
from cockpit.backends.docker import shape
from cockpit.backends.docker.hands import Hands
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.text import safe

ASK_TIME = 10.0
MOST_FILES = 20
_LABEL = "com.docker.compose.project."
_HASH = "com.docker.compose.config-hash"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
_POOL = Pool("compose-files", 2)


class Recorded(Struct, frozen=True, kw_only=True):
    """What Compose wrote into a container's labels. files, environment: paths on the machine that ran it."""

    project: str
    service: str
    folder: str
    files: tuple[str, ...]
    environment: tuple[str, ...]
    hash: str

    @property
    def words(self) -> tuple[str, ...]:
        """`compose` and its options: which project, from which files."""
        found = ["compose", "-p", self.project]
        found += ["--project-directory", self.folder] if self.folder else []
        found += [word for file in self.files for word in ("-f", file)]
        found += [word for file in self.environment for word in ("--env-file", file)]
        return tuple(found)

    def scale(self, count: int) -> tuple[str, ...]:
        """So many replicas; those that are there stay as they are, nothing is built or pulled."""
        up = ("up", "-d", "--no-deps", "--no-recreate", "--no-build", "--pull", "never")
        return (*self.words, *up, "--scale", f"{self.service}={count}", self.service)


class Usable(Struct, frozen=True):
    """Compose can be used: `docker` with the engine's address, and Compose's version."""

    docker: tuple[str, ...]
    version: str


class Unusable(Struct, frozen=True):
    """It cannot; one line says why."""

    why: str


def recorded(labels: Mapping[str, str]) -> Recorded:
    """What the labels say; all of it may be empty."""
    return Recorded(
        project=labels.get(shape.PROJECT, ""),
        service=labels.get(shape.SERVICE, ""),
        folder=labels.get(f"{_LABEL}working_dir", ""),
        files=_paths(labels.get(f"{_LABEL}config_files", "")),
        environment=_paths(labels.get(f"{_LABEL}environment_file", "")),
        hash=labels.get(_HASH, ""),
    )


async def find(hands: Hands, said: Recorded) -> Usable | Unusable:
    """Whether Compose can be used here for this service. It is only asked; nothing is changed."""
    endpoint = hands.client.endpoint
    if endpoint is None or not endpoint.local:
        return Unusable("the engine is not this machine's")
    if not said.files:
        return Unusable("no Compose files are recorded")
    if not (_NAME.fullmatch(said.project) and _NAME.fullmatch(said.service)):
        return Unusable("its name is none that Compose gives")
    try:
        missing = await _POOL.run(_missing, said)
    except PoolFull:
        missing = "its Compose files cannot be looked at now"
    if missing:
        return Unusable(missing)
    if shutil.which("docker", path=hands.client.environ.get("PATH")) is None:
        return Unusable("there is no docker command here")
    found = Usable(("docker", "-H", endpoint.url), "")
    version = await _asked(hands, (*found.docker, "compose", "version", "--short"))
    if not re.fullmatch(r"v?[2-9]\d*\.[\w.+-]{1,40}", version):
        return Unusable("there is no docker compose v2 here")
    now = await _asked(hands, (*found.docker, *said.words, "config", "--hash", said.service))
    if not said.hash or now.split() != [said.service, said.hash]:
        return Unusable("its Compose files, or what they take from the environment, say something else by now")
    return Usable(found.docker, version.removeprefix("v"))


async def run(hands: Hands, argv: Sequence[str], timeout: float) -> Outcome:
    """Run what a plan says. Raises NoAnswer when it does not end in time: whether it was done is not known then."""
    try:
        ran = await _run(hands, argv, timeout)
    except CannotRun as error:
        return Outcome(accepted=False, detail=safe(str(error), 500))
    except CommandTimeout as error:
        raise NoAnswer(f"docker compose: {error}") from None
    told = _last_line(ran)
    if ran.exit_code:
        return Outcome(accepted=False, detail=safe(f"docker compose ended with exit {ran.exit_code}: {told}", 500))
    return Outcome(accepted=True, facts=(("docker compose", safe(told, 300)),) if told else ())


def shown(words: Sequence[str]) -> str:
    """A command line as it can be copied."""
    return shlex.join(words)


async def _asked(hands: Hands, argv: Sequence[str]) -> str:
    try:
        ran = await _run(hands, argv, ASK_TIME)
    except (CannotRun, CommandTimeout):
        return ""
    return "" if ran.exit_code else ran.output.decode(errors="replace").strip()


async def _run(hands: Hands, argv: Sequence[str], timeout: float) -> Ran:
    environ = hands.client.environ
    # Where the plugin is; which engine is said by argv, whatever context or DOCKER_HOST would.
    declared = {name: environ[name] for name in ("DOCKER_CONFIG",) if name in environ}
    return await run_command(argv, hands.clock, timeout, environ=environ, declared=declared, merge=False)


def _paths(text: str) -> tuple[str, ...]:
    return tuple(path for path in text.split(",") if path)[:MOST_FILES]


def _missing(said: Recorded) -> str:
    """What is wrong with the first that is not here, or that anybody may write to; empty when all are well."""
    folders = (said.folder,) if said.folder else ()
    for path, is_right in (
        *((path, stat.S_ISREG) for path in (*said.files, *said.environment)),
        *((path, stat.S_ISDIR) for path in folders),
    ):
        try:
            mode = os.stat(path).st_mode if os.path.isabs(path) else 0
        except (OSError, ValueError):
            mode = 0
        if not is_right(mode):
            return f"its Compose files are missing: {path}"
        if mode & stat.S_IWOTH:
            return f"its Compose files cannot be trusted: anybody may write to {path}"
    return ""


def _last_line(ran: Ran) -> str:
    lines = (ran.errors or ran.output).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
