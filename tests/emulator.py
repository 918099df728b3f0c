"""The terminal emulator of the tests: pyte, plus what it lacks and a modern terminal program asks for.

Intercepts private sequences (pyte misreads some as text), answers queries at the place in the stream where they stand,
and remembers what a program changed in the terminal beside the picture: private modes, title, clipboard.
"""

import base64
import binascii
import re

import pyte
from wcwidth import wcwidth

# Sequences that are handled here and not given to pyte: private CSI, status and attribute queries, OSC, DCS, APC, PM.
_SPECIAL = re.compile(
    rb"\x1b\[(?P<prefix>[<=>?])(?P<params>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    rb"|\x1b\[(?P<query>[0-9;]*[nc])"
    rb"|\x1b\](?P<osc>.*?)(?:\x07|\x1b\\)"
    rb"|\x1b[PX^_].*?\x1b\\",
    re.DOTALL,
)
# A sequence that the read cut off: kept until the rest arrives.
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?)?\Z")
_LONGEST_SEQUENCE = 1 << 20

SYNCHRONIZED = 2026


class Emulator:
    """A picture of `cols` x `rows` cells that follows a stream of bytes."""

    def __init__(self, cols: int, rows: int) -> None:
        self.screen = pyte.Screen(cols, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._held = b""
        self.modes: set[int] = set()  # private modes (CSI ? n h) that are on now
        self.title: str | None = None  # last title set by OSC 0, 1 or 2
        self.clipboard: str | None = None  # last text copied with OSC 52
        self.frames = 0  # synchronized updates begun
        self.unknown: list[bytes] = []  # OSC strings of other kinds, the last hundred

    def feed(self, data: bytes) -> bytes:
        """Draw `data`; what a terminal would answer to the queries in it."""
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        cut = unfinished.start() if unfinished and len(data) - unfinished.start() < _LONGEST_SEQUENCE else len(data)
        data, self._held = data[:cut], data[cut:]
        answers, done = b"", 0
        for match in _SPECIAL.finditer(data):
            self._stream.feed(data[done : match.start()])
            done = match.end()
            answers += self._special(match)
        self._stream.feed(data[done:])
        return answers

    def resize(self, cols: int, rows: int) -> None:
        self.screen.resize(rows, cols)

    def line(self, row: int) -> str:
        """One row of the picture. pyte's own `display` draws all of them, one character at a time, at each call."""
        cells, chars, stub = self.screen.buffer[row % self.screen.lines], [], False
        for x in range(self.screen.columns):
            if stub:  # the right half of a wide character
                stub = False
                continue
            char = str(cells[x].data)
            stub = not char.isascii() and wcwidth(char[0]) == 2
            chars.append(char)
        return "".join(chars).rstrip()

    def text(self) -> str:
        """The picture, a line a row, without the blanks at the ends."""
        return "\n".join(map(self.line, range(self.screen.lines)))

    def _special(self, match: re.Match[bytes]) -> bytes:
        if match["prefix"]:
            return self._private(match["prefix"], match["params"], match["between"], match["final"])
        if match["query"]:
            return self._query(match["query"])
        if match["osc"] is not None:
            self._osc(match["osc"])
        return b""

    def _private(self, prefix: bytes, params: bytes, between: bytes, final: bytes) -> bytes:
        numbers = [int(number) for number in params.split(b";") if number.isdigit()]
        if prefix == b"?" and final in b"hl" and not between:
            (self.modes.update if final == b"h" else self.modes.difference_update)(numbers)
            self.frames += final == b"h" and SYNCHRONIZED in numbers
            self._stream.feed(b"\x1b[?" + params + final)
        if prefix == b"?" and final == b"p" and between == b"$":
            # DECRQM: 1 set, 2 reset, 0 not known; only synchronized output is claimed.
            return b"".join(b"\x1b[?%d;%d$y" % (number, self._mode_state(number)) for number in numbers)
        return b""

    def _mode_state(self, number: int) -> int:
        if number != SYNCHRONIZED:
            return 0
        return 1 if number in self.modes else 2

    def _query(self, query: bytes) -> bytes:
        cursor = self.screen.cursor
        answers = {
            b"6n": b"\x1b[%d;%dR" % (cursor.y + 1, cursor.x + 1),
            b"5n": b"\x1b[0n",
            b"c": b"\x1b[?62;22c",
            b"0c": b"\x1b[?62;22c",
        }
        return answers.get(query, b"")

    def _osc(self, body: bytes) -> None:
        kind, _, rest = body.partition(b";")
        if kind in {b"0", b"1", b"2"}:
            self.title = rest.decode(errors="replace")
        elif kind == b"52":
            try:
                self.clipboard = base64.b64decode(rest.partition(b";")[2]).decode(errors="replace")
            except binascii.Error:
                self.unknown.append(body)
        else:
            self.unknown = [*self.unknown[-99:], body]
