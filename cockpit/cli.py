"""The command line. Imports what a command needs when it needs it: `cockpit --version` loads next to nothing."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from cockpit import __version__

EXIT_USAGE = 64
EXIT_FAULT = 70

COLLECT = (20_000, 20, 20)
"""When garbage is collected. Python's own (700, 10, 10) is 140 times while the screen's libraries load: a tenth of the
time to the first rows, and none of it is garbage. What comes and goes later hardly ever refers back to itself."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


_Add = Callable[[str, str], _Parser]
"""Makes the parser of one command from its name and help."""


def _common() -> _Parser:
    common = _Parser(add_help=False)
    common.add_argument("--profile", default=argparse.SUPPRESS, metavar="FILE", help="the profile to use")
    common.add_argument("--read-only", action="store_true", default=argparse.SUPPRESS, help="nothing can be changed")
    common.add_argument(
        "--as", dest="who", default=argparse.SUPPRESS, metavar="NAME", help="who you are, on a shared login"
    )
    return common


def _screen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--theme", choices=("auto", "dark", "light", "ansi", "none"), default="auto")
    parser.add_argument("--ascii", action="store_true", help="only ASCII characters")
    parser.add_argument("--mouse", action="store_true", help="turn the mouse on")
    parser.add_argument("--share", action="store_true", help="sharing mode: hosts and users masked, state line large")
    parser.add_argument("--record", metavar="FILE", help="write what is observed to FILE, for `cockpit replay`")


def _do_options(do: argparse.ArgumentParser) -> None:
    do.add_argument("service", metavar="SERVICE")
    do.add_argument("verb", metavar="VERB", help="restart, scale, rollback, ...: a wrong one lists what there is")
    do.add_argument("arguments", nargs="*", metavar="ARG", help="in the verb's order, or NAME=VALUE")
    do.add_argument("--dry-run", action="store_true", help="only say what would be done")
    do.add_argument("--json", action="store_true", help="plan and verdict as JSON")
    do.add_argument("--yes", action="store_true", help="confirmed; without it, it asks on the terminal")
    do.add_argument("--on", default="", metavar="BACKEND", help="which, where a service runs in several places")
    do.add_argument("--within", type=float, default=10.0, metavar="SECONDS", help="give up seeing it after (10)")


def _watching(add: _Add) -> None:
    """What watches and changes."""
    opened = add("open", "open the cockpit (this is what `cockpit [PROFILE]` does)")
    opened.add_argument("file", nargs="?", metavar="PROFILE", help="a file, or the name of a shipped profile")
    _screen_options(opened)
    demo = add("demo", "open the cockpit on a small shop that runs here, with faults to try")
    demo.add_argument("--drill", metavar="NAME", help="start with this fault; a wrong one lists them")
    demo.add_argument("--kubernetes", action="store_true", help="a shop on an emulated Kubernetes cluster instead")
    _screen_options(demo)
    check = add("check", "assess once and print it; exit 0 well, 1 something is down or degraded, 2 cannot tell")
    check.add_argument("file", nargs="?", metavar="PROFILE")
    check.add_argument("--json", action="store_true", help="as JSON")
    check.add_argument("--within", type=float, default=10.0, metavar="SECONDS", help="give up waiting after (10)")
    do = add("do", "change a service, watch whether it worked; exit 0 worked, 1 did not, 2 cannot tell, 3 refused")
    _do_options(do)
    replay = add("replay", "open a recording")
    replay.add_argument("file", metavar="FILE")
    replay.add_argument("--speed", type=float, default=1.0, help="times as fast as it was (1)")
    _screen_options(replay)


def _profiles(add: _Add) -> None:
    """What reads and writes profiles."""
    validate = add("validate", "check a profile and say everything that is wrong with it")
    validate.add_argument("file", metavar="FILE", help="a file, or the name of a shipped profile")
    add("schema", "print the JSON Schema of profiles")
    init = add("init", "write a profile of what runs here")
    init.add_argument(
        "-o", "--output", default="cockpit.yaml", metavar="FILE", help="where (cockpit.yaml); - prints it"
    )


def _records(add: _Add) -> None:
    """What reads and writes the record."""
    note = add("note", "add a line to the timeline")
    note.add_argument("text", nargs="+")
    timeline = add("timeline", "print the timeline")
    timeline.add_argument("filter", nargs="?", default="", help='as on the screen: "kind:decision redis"')
    form = timeline.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="as Markdown")
    timeline.add_argument("--all", action="store_true", help="hidden entries and edits too")
    journal = add("journal", "the journal's own affairs")
    journal.add_argument("action", choices=("verify",))
    approve = add("approve", "approve, as the second person, a plan that another login asked for in the timeline")
    approve.add_argument("hash", metavar="HASH", help="at least 8 digits of the plan's hash")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = _common()
    top = _Parser(
        prog="cockpit",
        parents=[common],
        description="What is broken, since when and why, and what may be done about it.",
    )
    top.add_argument("--version", action="version", version=f"incident-cockpit {__version__}")
    subs = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)

    def add(name: str, help_text: str) -> _Parser:
        return subs.add_parser(name, help=help_text, description=help_text, parents=[common])

    _watching(add)
    _profiles(add)
    _records(add)
    add("doctor", "what works here and what does not: terminal, engines, permissions, clock")
    return top


def _commands() -> dict[str, Callable[[argparse.Namespace], int]]:
    from cockpit import commands

    return commands.TABLE


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    gc.set_threshold(*COLLECT)
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser()
    known = set(options._subparsers._group_actions[0].choices) if options._subparsers else set()  # type: ignore[arg-type]
    arguments = _with_default(arguments, known)
    chosen = _parse(options, arguments)
    for name, value in (("profile", None), ("read_only", False), ("who", "")):
        if not hasattr(chosen, name):
            setattr(chosen, name, value)
    if getattr(chosen, "file", None) is None:
        chosen.file = chosen.profile
    try:
        return _commands()[chosen.command](chosen)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has gone: point stdout elsewhere so that the exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("COCKPIT_TRACEBACK"):
            raise
        text = " ".join(str(error).split())[:300]
        sys.stderr.write(
            f"cockpit: a fault of its own: {type(error).__name__}: {text} (COCKPIT_TRACEBACK=1 shows where)\n"
        )
        return EXIT_FAULT


def _parse(options: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """As `parse_args`; words of `do` may also stand behind an option, where argparse leaves them over."""
    chosen, more = options.parse_known_args(arguments)
    if more and (chosen.command != "do" or any(word.startswith("-") for word in more)):
        options.error(f"unrecognized arguments: {' '.join(more)}")
    if more:
        chosen.arguments += more
    return chosen


def _with_default(arguments: list[str], known: set[str]) -> list[str]:
    """Put `open` in front of a bare profile: the first word that is no option and no command."""
    takes_value = {"--profile", "--as"}
    skip = False
    for position, word in enumerate(arguments):
        if skip:
            skip = False
        elif word in takes_value:
            skip = True
        elif word in ("-h", "--help", "--version"):
            return arguments
        elif not word.startswith("-"):
            return arguments if word in known else [*arguments[:position], "open", *arguments[position:]]
    return ["open", *arguments]


if __name__ == "__main__":
    raise SystemExit(main())
