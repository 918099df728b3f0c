"""What runs inside a container when somebody execs: a handful of commands, answered from the pod itself.

Nothing is executed on this machine. Tests add programs of their own to `Shell.programs`.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from cockpit.demo.kubernetes.cluster.kinds import Json


class Done(NamedTuple):
    """What a command left behind."""

    code: int = 0
    out: str = ""
    err: str = ""
    started: bool = True


Program = Callable[["Inside", list[str], bytes], Done]


class Inside(NamedTuple):
    """Where a command runs."""

    pod: Json
    container: Json

    @property
    def environment(self) -> dict[str, str]:
        """What is written out in the container's definition, and what every container has."""
        named = {one["name"]: str(one["value"]) for one in self.container.get("env") or () if "value" in one}
        return {"PATH": "/usr/bin:/bin", "HOSTNAME": self.pod["metadata"]["name"], "HOME": "/"} | named


class Shell:
    """The programs of all images."""

    def __init__(self) -> None:
        self.programs: dict[str, Program] = dict(_PROGRAMS)
        self.idle = asyncio.Event()
        """Set while no shell on a terminal runs."""
        self.idle.set()
        self._open: list[tuple[list[str], asyncio.Event]] = []

    def has(self, program: str) -> bool:
        """Whether an image has it; a path's last part counts."""
        return program.rpartition("/")[2] in self.programs

    @contextlib.contextmanager
    def running(self, argv: list[str]) -> Iterator[asyncio.Event]:
        """A shell on a terminal runs; the event is set when it is hung up."""
        one = (argv, asyncio.Event())
        self._open.append(one)
        self.idle.clear()
        try:
            yield one[1]
        finally:
            self._open.remove(one)
            if not self._open:
                self.idle.set()

    def hang_up(self, argv: list[str]) -> None:
        """What a script does that kills whatever bears NAME=VALUE in its environment: shells that were given the VALUE
        go."""
        script, mark = ([*argv[2:], "", ""])[:2]
        value = mark.partition("=")[2]
        if "kill -s" in script and value:
            for words, ended in self._open:
                if value in words:
                    ended.set()

    def run(self, inside: Inside, argv: list[str], stdin: bytes = b"") -> Done:
        """Run one command; not started, with the runtime's words, when there is no such program."""
        name = argv[0].rpartition("/")[2] if argv else ""
        program = self.programs.get(name)
        if program is None:
            words = (
                f'exec failed: unable to start container process: exec: "{name}": executable file not found in $PATH'
            )
            return Done(127, "", f"OCI runtime exec failed: {words}: unknown", started=False)
        if name in {"sh", "bash"}:
            return self._script(inside, argv[1:], stdin)
        return program(inside, argv[1:], stdin)

    def _script(self, inside: Inside, arguments: list[str], stdin: bytes) -> Done:
        text = arguments[1] if arguments[:1] == ["-c"] and len(arguments) > 1 else stdin.decode("utf-8", "replace")
        code, out, err = 0, "", ""
        for line in text.replace("&&", ";").replace("\n", ";").split(";"):
            done = self.line(inside, line)
            if done is None:
                break
            code, out, err = done.code, out + done.out, err + done.err
            if line.split()[:1] == ["exit"]:
                break
        return Done(code, out, err)

    def line(self, inside: Inside, line: str) -> Done | None:
        """One line of a shell; None when it is empty."""
        try:
            argv = shlex.split(line)
        except ValueError as error:
            return Done(2, "", f"sh: syntax error: {error}\n")
        if not argv:
            return Done()
        if argv[0] == "exit":
            return Done(int(argv[1]) & 0xFF if len(argv) > 1 and argv[1].isdigit() else 0)
        if argv[0] not in self.programs:
            return Done(127, "", f"sh: {argv[0]}: not found\n")
        return self.run(inside, argv)


def _env(inside: Inside, arguments: list[str], _: bytes) -> Done:
    found = inside.environment
    if arguments:
        return Done(0, "".join(f"{found[name]}\n" for name in arguments if name in found))
    return Done(0, "".join(f"{name}={value}\n" for name, value in found.items()))


def _ps(inside: Inside, _: list[str], __: bytes) -> Done:
    words = " ".join(["/app/server", *inside.container.get("args", ())])
    return Done(0, f"PID   USER     TIME  COMMAND\n    1 app       0:01 {words}\n")


_PROGRAMS: Mapping[str, Program] = {
    "cat": lambda inside, arguments, stdin: (
        Done(0, stdin.decode("utf-8", "replace")) if not arguments else _no_file(arguments)
    ),
    "echo": lambda inside, arguments, _: Done(0, " ".join(arguments) + "\n"),
    "env": _env,
    "false": lambda *_: Done(1),
    "hostname": lambda inside, *_: Done(0, f"{inside.pod['metadata']['name']}\n"),
    "id": lambda *_: Done(0, "uid=1000(app) gid=1000(app)\n"),
    "ls": lambda *_: Done(0, "app\netc\ntmp\n"),
    "printenv": _env,
    "ps": _ps,
    "sh": lambda *_: Done(),
    "bash": lambda *_: Done(),
    "true": lambda *_: Done(),
    "whoami": lambda *_: Done(0, "app\n"),
}


def _no_file(arguments: list[str]) -> Done:
    return Done(1, "", f"cat: {arguments[0]}: No such file or directory\n")
