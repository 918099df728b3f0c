"""How tests start the program: its command line, and an environment that says nothing of the machine they run on."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from tests.parts.need import missing

CHECKOUT = Path(__file__).resolve().parents[1]
_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")


def cockpit_argv(*args: str) -> list[str]:
    """The command line of the cockpit under test with these arguments."""
    return [sys.executable, "-m", "cockpit", *args]


def clean_env(home: Path, term: str = "xterm-256color") -> dict[str, str]:
    """All the program is told: files go under `home`, the terminal is `term`, UTF-8, nothing of the user's own."""
    folders = {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return {
        **folders,
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "TERM": term,
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), *_SYSTEM_PATH]),
        "SHELL": "/bin/sh",
        # Sockets of multiplexers lie under the same home, so two tests never meet in one server.
        "TMUX_TMPDIR": str(runtime),
        "SCREENDIR": str(runtime),
    }


def in_tmux(argv: list[str]) -> list[str]:
    """The command line that runs `argv` in a tmux of its own (its own server, no configuration). Skips without tmux."""
    if shutil.which("tmux") is None:
        missing("no tmux here (Debian: tmux)")
    return ["tmux", "-f", "/dev/null", "new-session", f"exec {shlex.join(argv)}"]


def in_screen(argv: list[str]) -> list[str]:
    """The command line that runs `argv` in a GNU screen of its own, no configuration. Skips without screen."""
    if shutil.which("screen") is None:
        missing("no GNU screen here (Debian: screen)")
    return ["screen", "-c", "/dev/null", "-U", *argv]
