"""Which part of the overview the bytes go to: `python -m tests.stage.regions [COLSxROWS] [still|moving]`."""

import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.stage import recordings
from tests.stage.stage import Stage

SECONDS = 10
_JUMP = re.compile(rb"\x1b\[(\d+);(\d+)H|\x1b\[(\d+)C")
_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]")


def places(raw: bytes) -> Counter[tuple[int, int]]:
    """(row, column) where a run of cells begins -> the bytes it took, with its jump and its colours."""
    found: Counter[tuple[int, int]] = Counter()
    row = column = 0
    jumps = [*_JUMP.finditer(raw)]
    for jump, following in zip(jumps, [*(one.start() for one in jumps[1:]), len(raw)], strict=True):
        if jump[1]:
            row, column = int(jump[1]) - 1, int(jump[2]) - 1
        else:
            column += int(jump[3])
        found[row, column] += following - jump.start()
        column += len(_SEQUENCE.sub(b"", raw[jump.end() : following]).decode(errors="replace"))
    return found


def by_region(raw: bytes, size: tuple[int, int], services: int) -> Counter[str]:
    """Bytes of each pane of the overview."""
    from cockpit.ui.rooms import overview

    rooms = overview(*size, services)
    found: Counter[str] = Counter()
    for (row, column), count in places(raw).items():
        found[next((name for name, room in rooms.items() if room.contains(column, row)), "nowhere")] += count
    return found


def main() -> int:
    """Play ten seconds and print what each pane cost."""
    words = sys.argv[1:]
    cols, rows = (int(number) for number in next((word for word in words if "x" in word), "120x40").split("x"))
    kind = "still" if "still" in words else "moving"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        recording = {"still": recordings.still, "moving": recordings.moving}[kind](folder / "recording.gz")
        with Stage(recording, folder, cols, rows, *(("--rate", "10") if kind == "moving" else ())) as stage:
            stage.play(1)
            with stage.terminal.measure() as cost:
                stage.play(SECONDS)
    for name, count in by_region(bytes(cost.raw), (cols, rows), 60).most_common():
        print(f"{name:<10} {count / SECONDS:>8.0f} B/s")
    print(f"{'all':<10} {cost.bytes / SECONDS:>8.0f} B/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
