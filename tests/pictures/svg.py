"""What a terminal shows as an SVG picture, drawn so that it looks the same whatever font is there.

Every run of text is stretched to its cells; rules and bars are drawn as shapes.
"""

import html
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from tests.emulator import Emulator

WIDTH, HEIGHT = 8.4, 18
BASELINE, MARGIN = 13.5, 12
FONT = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'
FRONT, BACK = "#d0d0d0", "#121212"
NAMED = {
    "black": "#000000",
    "red": "#cd3131",
    "green": "#2ea043",
    "brown": "#c8a020",
    "blue": "#3b78cc",
    "magenta": "#b05ab0",
    "cyan": "#2aa1b3",
    "white": "#d0d0d0",
}
BARS = "▁▂▃▄▅▆▇█"


class Look(NamedTuple):
    """What a run of cells has in common. shape: "rule", "bar" or "text"."""

    front: str
    back: str
    bold: bool
    underlined: bool
    shape: str


def svg(emulator: Emulator, title: str) -> str:
    """The whole picture. title: for those who hear it."""
    columns, rows = emulator.screen.columns, emulator.screen.lines
    width, height = columns * WIDTH + 2 * MARGIN, rows * HEIGHT + 2 * MARGIN
    lines = [line for row in range(rows) for line in _row(emulator.screen.buffer[row], row, columns)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(width)} {_number(height)}"'
            f' width="{_number(width)}" height="{_number(height)}" role="img">',
            f"<title>{html.escape(title)}</title>",
            f"<style>text{{font:14px {FONT};white-space:pre}}.b{{font-weight:bold}}"
            ".u{text-decoration:underline}</style>",
            f'<rect width="100%" height="100%" rx="6" fill="{BACK}"/>',
            f'<g fill="{FRONT}">',
            *lines,
            "</g>",
            "</svg>\n",
        ]
    )


def _row(cells: Any, row: int, columns: int) -> Iterator[str]:
    """Backgrounds of a row, then what stands on them."""
    looks = [(column, _look(cells[column])) for column in range(columns)]
    y = MARGIN + row * HEIGHT
    for back, run in groupby(looks, lambda cell: cell[1].back):
        place = [column for column, _ in run]
        if back != BACK:
            yield _box(place[0], y, len(place), HEIGHT, back)
    for look, run in groupby(looks, lambda cell: cell[1]):
        place = [column for column, _ in run]
        yield from _run(look, place[0], y, [cells[column].data for column in place])


def _run(look: Look, column: int, y: float, chars: list[str]) -> Iterator[str]:
    if look.shape == "rule":
        x, middle = MARGIN + column * WIDTH, y + HEIGHT / 2
        yield (
            f'<path d="M{_number(x)} {_number(middle)}h{_number(len(chars) * WIDTH)}"'
            f' stroke="{look.front}" stroke-width="1.2"/>'
        )
    elif look.shape == "bar":
        for place, char in enumerate(chars):
            tall = HEIGHT * (BARS.index(char) + 1) / len(BARS)
            yield _box(column + place, y + HEIGHT - tall, 0.9, tall, look.front)
    elif look.shape == "text":
        for start, text in _words("".join(char or "" for char in chars)):
            yield _text(look, column + start, y, text)


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Pieces of a run between gaps of two blanks or more, each with its place."""
    start = 0
    for piece in text.split("  "):
        stripped = piece.strip()
        if stripped:
            yield start + len(piece) - len(piece.lstrip()), stripped
        start += len(piece) + 2


def _text(look: Look, column: int, y: float, text: str) -> str:
    classes = " ".join(name for name, on in (("b", look.bold), ("u", look.underlined)) if on)
    attributes = f' class="{classes}"' if classes else ""
    attributes += f' fill="{look.front}"' if look.front != FRONT else ""
    x, length = MARGIN + column * WIDTH, len(text) * WIDTH
    return (
        f'<text x="{_number(x)}" y="{_number(y + BASELINE)}" textLength="{_number(length)}"'
        f' lengthAdjust="spacingAndGlyphs"{attributes}>{html.escape(text, quote=False)}</text>'
    )


def _box(column: int, y: float, cells: float, height: float, colour: str) -> str:
    x, width = MARGIN + column * WIDTH, cells * WIDTH
    return (
        f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" fill="{colour}"/>'
    )


def _look(cell: Any) -> Look:
    front, back = _colour(cell.fg, FRONT), _colour(cell.bg, BACK)
    if cell.reverse:
        front, back = back, front
    char = cell.data
    shape = "rule" if char == "─" else "bar" if char and char in BARS else "text"
    return Look(front, back, cell.bold, cell.underscore, shape)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    return NAMED.get(name.removeprefix("bright")) or f"#{name}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
