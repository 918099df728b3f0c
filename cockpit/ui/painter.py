"""Writes only the cells that changed.

Textual sends every dirty region whole, each span with a cursor move and a full set of attributes: a dialog over a
table costs five frames of 10 kB. This keeps what the terminal shows and sends the difference, so a repaint that
changes nothing costs nothing. It stands on three private things of Textual 8.2 (`App._display`, the two update classes,
the writer's queue); tests/ui/test_painter.py proves the terminal against the compositor. Rows that our own panes redraw
come without the compositor (`ui.rowpaint`).
"""

from collections.abc import Iterator
from functools import lru_cache

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from cockpit.ui.rowpaint import RowsUpdate

Cells = tuple[str, ...]
GAP = 4
"""Unchanged cells that are cheaper to send again than to jump over."""
KNOWN = 512
"""Strips whose cells are kept: about 2 kB each."""


class Ink:
    """What a style means to the terminal: attributes, foreground, background, as SGR parameters."""

    __slots__ = ("attributes", "back", "front", "on_blank")

    def __init__(self, attributes: frozenset[str], front: str, back: str) -> None:
        self.attributes = attributes
        self.front = front
        self.back = back
        self.on_blank: Ink = self


class Inks:
    """Every style met so far, as Ink: equal looks are the same object."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._system = system
        self._known: dict[tuple[frozenset[str], str, str], Ink] = {}
        self._styles: dict[Style, Ink] = {}
        self._steps: dict[tuple[Ink, Ink], str] = {}
        self.plain = self._ink(frozenset(), "39", "49")

    def of(self, style: Style | None) -> Ink:
        """The ink of a Rich style."""
        if style is None:
            return self.plain
        found = self._styles.get(style)
        if found is None:
            if len(self._styles) > 4096:
                self._styles.clear()
            found = self._styles[style] = self._make(style)
        return found

    def step(self, old: Ink, new: Ink) -> str:
        """The escape sequence that turns one ink into the other."""
        key = (old, new)
        found = self._steps.get(key)
        if found is None:
            found = self._steps[key] = _step(old, new)
        return found

    def _make(self, style: Style) -> Ink:
        attributes = {
            code
            for code, on in (
                ("1", style.bold),
                ("2", style.dim),
                ("3", style.italic),
                ("4", style.underline),
                ("7", style.reverse),
                ("9", style.strike),
            )
            if on
        }
        return self._ink(frozenset(attributes), self._colour(style, True), self._colour(style, False))

    def _colour(self, style: Style, front: bool) -> str:
        colour = style.color if front else style.bgcolor
        if colour is None or self._system is None:
            return "39" if front else "49"
        return ";".join(colour.downgrade(self._system).get_ansi_codes(foreground=front))

    def _ink(self, attributes: frozenset[str], front: str, back: str) -> Ink:
        key = (attributes, front, back)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Ink(attributes, front, back)
            # A blank shows its background alone, unless a line goes through it or it is reversed.
            if not attributes & {"4", "7", "9"} and (front != "39" or attributes):
                found.on_blank = self._ink(frozenset(), "39", back)
        return found


def _step(old: Ink, new: Ink) -> str:
    codes: list[str] = []
    if old.attributes - new.attributes:
        codes = ["0", *sorted(new.attributes)]
        old_front, old_back = "39", "49"
    else:
        codes = sorted(new.attributes - old.attributes)
        old_front, old_back = old.front, old.back
    if new.front != old_front:
        codes.append(new.front)
    if new.back != old_back:
        codes.append(new.back)
    if not codes:
        return ""
    return "\x1b[m" if codes == ["0"] else f"\x1b[{';'.join(codes)}m"


@lru_cache(4096)
def cells_of(text: str) -> Cells:
    """`text` as cells: a wide character is followed by an empty one, a combining mark stays with its base."""
    if text.isascii():
        return tuple(text)
    graphemes, total = split_graphemes(text)
    if total == len(text) == len(graphemes):
        return tuple(text)
    cells: list[str] = []
    for start, end, size in graphemes:
        if size == 0 and cells:
            cells[-1] += text[start:end]
        elif size:
            cells.append(text[start:end])
            cells.extend([""] * (size - 1))
    return tuple(cells)


class Painter:
    """What the terminal shows, and the least that makes it show something else."""

    def __init__(self, system: ColorSystem | None) -> None:
        self._inks = Inks(system)
        self._width = 0
        self._rows: list[tuple[list[str | None], list[Ink]]] = []
        self._known: dict[int, tuple[Strip, list[str], list[Ink]]] = {}

    def forget(self) -> None:
        """The terminal may show anything now: the next paint sends everything it covers."""
        self._rows = []

    def paint(self, update: CompositorUpdate, columns: int, lines: int) -> str:
        """The sequence that brings `update` to the terminal; empty when the terminal shows it already."""
        if len(self._rows) != lines or self._width != columns:
            self._width = columns
            self._rows = [([None] * columns, [self._inks.plain] * columns) for _ in range(lines)]
        out: list[str] = []
        ink = self._inks.plain
        for x, y, strip in _pieces(update):
            if 0 <= y < lines and x < columns:
                ink = self._put(out, x, y, strip, ink)
        if ink is not self._inks.plain:
            out.append("\x1b[m")
        return "".join(out)

    def _laid(self, strip: Strip) -> tuple[list[str], list[Ink]]:
        """Its cells and their inks. Rows come back as the same strips, when the cursor moves on or a filter goes."""
        known = self._known.get(id(strip))
        if known is not None:
            return known[1], known[2]
        chars: list[str] = []
        inks: list[Ink] = []
        of = self._inks.of
        for text, style, control in strip:
            if control or not text:
                continue
            cells = cells_of(text)
            drawn = of(style)
            chars.extend(cells)
            if drawn.on_blank is drawn or " " not in text:
                inks.extend([drawn] * len(cells))
            else:
                blank = drawn.on_blank
                inks.extend([blank if char == " " else drawn for char in cells])
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[id(strip)] = strip, chars, inks  # the strip too: while it is held its id is nobody else's
        return chars, inks

    def _put(self, out: list[str], x: int, y: int, strip: Strip, ink: Ink) -> Ink:
        chars, inks = self._laid(strip)
        room = self._width - x
        if len(chars) > room:
            chars, inks = chars[:room], inks[:room]
        old_chars, old_inks = self._rows[y]
        end = x + len(chars)
        before, before_inks = old_chars[x:end], old_inks[x:end]
        if before == chars and before_inks == inks:
            return ink
        old_chars[x:end] = chars
        old_inks[x:end] = inks
        changed = [
            index
            for index, (was, now, had, has) in enumerate(zip(before, chars, before_inks, inks, strict=True))
            if was != now or had is not has
        ]
        # From the left edge of a wide character to its right one: half of one cannot be written.
        return self._emit(out, x, y, _runs(changed, chars), chars, inks, ink)

    def _emit(
        self, out: list[str], x: int, y: int, runs: list[tuple[int, int]], chars: list[str], inks: list[Ink], ink: Ink
    ) -> Ink:
        at = -1  # the column where the terminal's cursor stands, -1 when it is elsewhere
        step = self._inks.step
        for start, stop in runs:
            jump = start - at
            if at >= 0 and jump > 0:
                out.append(f"\x1b[{jump}C")
            elif at != start:
                out.append(f"\x1b[{y + 1};{x + start + 1}H")
            for index in range(start, stop):
                char, wanted = chars[index], inks[index]
                # Between two words of one colour the ink stays: a blank in it looks the same, and 12 bytes are saved.
                if wanted is not ink and not (char == " " and wanted is ink.on_blank):
                    out.append(step(ink, wanted))
                    ink = wanted
                out.append(char)
            at = stop
            # Terminals disagree about the width of some characters: never trust the cursor after one.
            if any(len(char) != 1 for char in chars[start:stop]):
                at = -1
        return ink


def _runs(changed: list[int], chars: list[str]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in changed:
        start, stop = index, index + 1
        while start > 0 and chars[start] == "":
            start -= 1
        while stop < len(chars) and chars[stop] == "":
            stop += 1
        if runs and start - runs[-1][1] < GAP:
            runs[-1] = (runs[-1][0], max(stop, runs[-1][1]))
        else:
            runs.append((start, stop))
    return runs


def _pieces(update: CompositorUpdate) -> Iterator[tuple[int, int, Strip]]:
    """(column, row, strip) of all that an update covers."""
    if isinstance(update, RowsUpdate):
        yield from update.pieces
    elif isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield x, y, strip
                x += strip.cell_length
    elif isinstance(update, ChopsUpdate):
        for y, start, stop in update.spans:
            for end, (x, piece) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if piece is None or x >= stop or end <= start:
                    continue
                yield x, y, piece if end <= stop else piece.crop(0, stop - x)
