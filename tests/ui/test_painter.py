"""The painter: the terminal shows what the compositor made, whatever was there before; nothing is sent twice."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from cockpit.ui.painter import Painter, cells_of
from tests.emulator import Emulator

WIDTH, HEIGHT = 24, 4
STYLES = [
    Style(),
    Style(color="color(203)", bold=True),
    Style(color="color(114)", bgcolor="color(233)"),
    Style(bgcolor="color(237)", reverse=True),
    Style(color="color(245)", underline=True),
]
words = st.text(alphabet=st.sampled_from("ab c·─█漢é"), min_size=0, max_size=12)
segments = st.lists(st.tuples(words, st.sampled_from(STYLES)), max_size=6)
frames = st.lists(st.lists(segments, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5)


def update(rows: list[list[tuple[str, Style]]]) -> LayoutUpdate:
    """A full frame of some rows."""
    strips = [Strip([Segment(text, style) for text, style in row]).adjust_cell_length(WIDTH) for row in rows]
    return LayoutUpdate([[strip] for strip in strips], Region(0, 0, WIDTH, HEIGHT))


def looks(emulator: Emulator) -> list[list[tuple[object, ...]]]:
    """Every cell with all that is visible of it."""
    screen = emulator.screen
    return [
        [
            (cell.data, cell.bg, cell.reverse, cell.underscore, *((cell.fg, cell.bold) if cell.data.strip() else ()))
            for cell in (screen.buffer[y][x] for x in range(WIDTH))
        ]
        for y in range(HEIGHT)
    ]


@given(frames)
@settings(max_examples=150)
def test_differences_lead_to_the_same_picture_as_a_fresh_paint(frames: list[list[list[tuple[str, Style]]]]) -> None:
    painter, step_by_step = Painter(ColorSystem.EIGHT_BIT), Emulator(WIDTH, HEIGHT)
    for rows in frames:
        step_by_step.feed(painter.paint(update(rows), WIDTH, HEIGHT).encode())
    at_once = Emulator(WIDTH, HEIGHT)
    at_once.feed(Painter(ColorSystem.EIGHT_BIT).paint(update(frames[-1]), WIDTH, HEIGHT).encode())
    assert looks(step_by_step) == looks(at_once)


def test_the_same_frame_again_costs_nothing() -> None:
    painter = Painter(ColorSystem.EIGHT_BIT)
    rows = [[("state", STYLES[1]), (" down", STYLES[0])]] * HEIGHT
    assert painter.paint(update(rows), WIDTH, HEIGHT)
    assert painter.paint(update(rows), WIDTH, HEIGHT) == ""
    painter.forget()
    assert painter.paint(update(rows), WIDTH, HEIGHT)


def test_one_changed_number_costs_a_jump_and_the_number() -> None:
    painter = Painter(ColorSystem.EIGHT_BIT)
    painter.paint(update([[("cpu 41%", STYLES[0])]] * HEIGHT), WIDTH, HEIGHT)
    rows = [[("cpu 41%", STYLES[0])]] * 3 + [[("cpu 43%", STYLES[0])]]
    assert painter.paint(update(rows), WIDTH, HEIGHT) == "\x1b[4;6H3"


def test_words_of_one_colour_need_no_other_between_them() -> None:
    painter = Painter(ColorSystem.EIGHT_BIT)
    rows: list[list[tuple[str, Style]]] = [[("a b c", STYLES[1]), (" d", STYLES[0])], *([[]] * (HEIGHT - 1))]
    assert painter.paint(update([[]] * HEIGHT), WIDTH, HEIGHT)
    assert painter.paint(update(rows), WIDTH, HEIGHT) == "\x1b[1;1H\x1b[1;38;5;203ma b c \x1b[md"


def test_colours_follow_the_terminal() -> None:
    row = [[("x", Style(color="#ff0000"))]] * HEIGHT
    assert "38;2;255;0;0" in Painter(ColorSystem.TRUECOLOR).paint(update(row), WIDTH, HEIGHT)
    assert "38;5;" in Painter(ColorSystem.EIGHT_BIT).paint(update(row), WIDTH, HEIGHT)
    assert "\x1b[31m" in Painter(ColorSystem.STANDARD).paint(update(row), WIDTH, HEIGHT)
    assert "m" not in Painter(None).paint(update(row), WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("ab", ("a", "b")),
        ("漢x", ("漢", "", "x")),
        ("e\u0301x", ("e\u0301", "x")),
        ("─●", ("─", "●")),
    ],
)
def test_cells_of_text(text: str, cells: tuple[str, ...]) -> None:
    assert cells_of(text) == cells


def test_a_random_walk_over_one_screen_stays_right() -> None:
    chance = random.Random(3)
    painter, emulator = Painter(ColorSystem.EIGHT_BIT), Emulator(WIDTH, HEIGHT)
    rows: list[list[tuple[str, Style]]] = [[] for _ in range(HEIGHT)]
    for _ in range(200):
        y = chance.randrange(HEIGHT)
        count = chance.randrange(5)
        rows[y] = [(chance.choice(["ok", " 漢 ", "down ", "──", ""]), chance.choice(STYLES)) for _ in range(count)]
        emulator.feed(painter.paint(update(rows), WIDTH, HEIGHT).encode())
        fresh = Emulator(WIDTH, HEIGHT)
        fresh.feed(Painter(ColorSystem.EIGHT_BIT).paint(update(rows), WIDTH, HEIGHT).encode())
        assert looks(emulator)[y] == looks(fresh)[y]
