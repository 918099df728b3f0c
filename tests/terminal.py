"""Run a program in a real pseudo-terminal: type, wait for what the screen shows, count bytes, stall, hang up.

    with Terminal(cockpit_argv("demo"), cols=80, rows=24) as terminal:
        terminal.until("worst first")
        with terminal.measure() as cost:
            terminal.send("j")
            terminal.until(lambda: terminal.line(4).startswith(">"))
        assert cost.bytes <= 400

Waiting is driven by `select`: a test goes on the moment the screen shows what it waits for.
"""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from tests.emulator import Emulator
from tests.patience import PATIENCE
from tests.program import clean_env

What = str | re.Pattern[str] | Callable[[], object]

_KEPT_RAW = 1 << 20
_LOOK = 0.02
_MARK = "COCKPIT_TEST_TERMINAL"


@dataclass
class Cost:
    """What a block of `measure` wrote to the terminal; final once the block has ended."""

    bytes: int = 0
    frames: int = 0
    seconds: float = 0.0
    raw: bytearray = field(default_factory=bytearray)


class Terminal:
    """A program in a terminal of `cols` x `rows`. `close()` ends it and all that came from it."""

    def __init__(
        self,
        argv: Sequence[str],
        cols: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        *,
        term: str = "xterm-256color",
        home: Path | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="term-", ignore_cleanup_errors=True)
        self.home = home or Path(self._temporary.name)
        self.emulator = Emulator(cols, rows)
        self.bytes = 0
        self.raw = bytearray()
        self.first_byte: float | None = None  # seconds from start to the first byte
        self._costs: list[Cost] = []
        self._stalled = False
        self._mark = uuid.uuid4().hex
        self._fd, slave = os.openpty()
        os.set_blocking(self._fd, False)
        self._size(cols, rows)
        self._began = time.monotonic()
        self.process = subprocess.Popen(
            list(argv),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**clean_env(self.home, term), **(env or {}), _MARK: self._mark},
            cwd=cwd or self.home,
            start_new_session=True,
            # Between fork and exec run three system calls, which take no lock that another thread could hold.
            preexec_fn=_take_terminal,  # noqa: PLW1509
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what it shows

    def text(self) -> str:
        """The screen, a line a row, right blanks cut."""
        return self.emulator.text()

    def line(self, row: int) -> str:
        """One row, counted from 0 (from the bottom when negative)."""
        return self.emulator.line(row)

    @property
    def pid(self) -> int:
        return self.process.pid

    # --- what is done to it

    def send(self, keys: str | bytes, within: float = PATIENCE) -> None:
        """Type. `\\x1b` is Esc, `\\r` Enter, `\\x01` ctrl-a; raises TimeoutError when the program does not read."""
        if self._fd < 0:
            raise AssertionError(f"nobody to type {keys!r} to: the terminal is gone")
        data = keys.encode() if isinstance(keys, str) else keys
        end = time.monotonic() + within
        while data:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the program did not take {data[:20]!r} within {within:g} s")
            readable, writable, _ = select.select(self._readable(), [self._fd], [], left)
            if readable:
                self._read()
            if writable:
                data = data[os.write(self._fd, data) :]

    def resize(self, cols: int, rows: int) -> None:
        """As a user drags the window; the program gets SIGWINCH."""
        self.emulator.resize(cols, rows)
        self._size(cols, rows)

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stall(self) -> None:
        """Stop reading, as a hung SSH link does: the program's writes block once the kernel's buffer is full."""
        self._stalled = True

    def resume_reading(self) -> None:
        self._stalled = False

    def hang_up(self) -> None:
        """The terminal is gone: the program gets SIGHUP and every further write fails."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # --- waiting

    def until(self, what: What, within: float = PATIENCE) -> None:
        """Read until the screen matches the pattern (or `what()` is true). AssertionError with the screen if not."""
        held = self._question(what)
        if not self._pump(held, within):
            gone = "" if self.process.poll() is None else f" (the program ended with {self.process.returncode})"
            raise AssertionError(f"not within {within:g} s{gone}: {_name(what)}\n{_framed(self.text())}")

    def gone(self, pattern: str, within: float = PATIENCE) -> None:
        """Read until the screen does not match the pattern any more."""
        self.until(lambda: not re.search(pattern, self.text(), re.MULTILINE), within)

    def quiet(self, span: float = 0.15, within: float = PATIENCE) -> None:
        """Read until for `span` seconds nothing was written, nor did the program have anything to do.

        On a busy machine a program that is silent may only be waiting for its turn. AssertionError when it never is.
        """
        end = time.monotonic() + within
        calm = time.monotonic() + span
        while (left := calm - time.monotonic()) > 0:
            if self._wait(min(left, _LOOK)) or self._at_work():
                calm = time.monotonic() + span
            if time.monotonic() > end:
                raise AssertionError(f"still writing after {within:g} s\n{_framed(self.text())}")

    @contextlib.contextmanager
    def measure(self, until: What | None = None, *, span: float = 0.15, within: float = PATIENCE) -> Iterator[Cost]:
        """Count what is written from here until the block has ended, `until` holds and it was quiet for `span` s.

        `span` 0 does not wait for quiet: for programs that write all the time.
        """
        cost = Cost()
        self._drain()
        before, began = (self.bytes, self.emulator.frames), time.monotonic()
        self._costs.append(cost)
        try:
            yield cost
            if until is not None:
                self.until(until, within)
            if span:
                self.quiet(span, within)
        finally:
            self._costs.remove(cost)
            cost.bytes, cost.frames = self.bytes - before[0], self.emulator.frames - before[1]
            cost.seconds = time.monotonic() - began

    def wait_exit(self, within: float = PATIENCE) -> int:
        """Read until the program has ended; its exit status, negative for a signal. AssertionError when it stays."""
        if not self._pump(lambda: self.process.poll() is not None, within):
            raise AssertionError(f"still running after {within:g} s\n{_framed(self.text())}")
        self._drain()
        return int(self.process.returncode)

    # --- processes

    def family(self) -> list[psutil.Process]:
        """Every living process that came from the program, also those in sessions of their own, not zombies."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(_MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def close(self) -> None:
        """End the program and its family, hard, and remove the temporary home."""
        self.hang_up()
        left = self.family()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        psutil.wait_procs(left, timeout=PATIENCE)
        self._temporary.cleanup()

    # --- inside

    def _size(self, cols: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def _readable(self) -> list[int]:
        return [] if self._stalled or self._fd < 0 else [self._fd]

    def _question(self, what: What) -> Callable[[], object]:
        if isinstance(what, str):
            what = re.compile(what, re.MULTILINE)
        if isinstance(what, re.Pattern):
            pattern = what
            return lambda: pattern.search(self.text())
        return what

    def _pump(self, held: Callable[[], object], within: float) -> bool:
        """Read until `held()`, asked after every read and each 50 ms (it may look at files or processes)."""
        end = time.monotonic() + within
        while not held():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._wait(min(0.05, left))
        return True

    def _wait(self, seconds: float) -> bool:
        """Read what comes within `seconds`; whether anything came."""
        readable, _, _ = select.select(self._readable(), [], [], seconds)
        return bool(readable) and self._read()

    def _drain(self) -> None:
        while self._wait(0):
            pass

    def _at_work(self) -> bool:
        """Whether a thread of the program runs or waits for a core (Linux tells; elsewhere it never seems so)."""
        for stat in Path(f"/proc/{self.process.pid}/task").glob("*/stat"):
            with contextlib.suppress(OSError):
                if stat.read_text(errors="replace").rpartition(")")[2].split()[0] in "RD":
                    return True
        return False

    def _read(self) -> bool:
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return False
        except OSError:  # EIO: nobody holds the other end any more
            data = b""
        if not data:
            self.hang_up()
            return False
        if self.first_byte is None:
            self.first_byte = time.monotonic() - self._began
        self.bytes += len(data)
        self.raw = (self.raw + data)[-_KEPT_RAW:]
        for cost in self._costs:
            cost.raw += data
        if answer := self.emulator.feed(data):
            with contextlib.suppress(OSError):
                os.write(self._fd, answer)
        return True


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _name(what: What) -> str:
    if isinstance(what, re.Pattern):
        return what.pattern
    return what if isinstance(what, str) else getattr(what, "__qualname__", repr(what))


def _framed(text: str) -> str:
    return "\n".join(f"│{line}" for line in text.splitlines())
