"""Recordings: what was written is read again, also after a kill, and no file can do harm."""

import asyncio
import gzip
import os
import signal
import subprocess
import sys
import zlib
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.board.clock import ManualClock
from cockpit.board.model import SafeText
from cockpit.board.snapshot import Snapshot
from cockpit.board.update import Heard, Lost, Tick, Update
from cockpit.engine import reading
from cockpit.engine.reading import read, read_header, read_updates
from cockpit.engine.recorded import Ended, Header, RecordingError
from cockpit.engine.recording import SIZE_MOST, Recorder
from cockpit.engine.replay import ReplayClock, load_snapshot, replay
from cockpit.profile.schema import Profile
from tests.board.fleet import SOURCE, START, board_of, busy, fleet

HEADER = Header(started=START, profile_name="x", profile=Profile(version=1, name="x"))


def record(path: Path, updates: list[Update], profile: Profile, size_most: int = SIZE_MOST) -> Recorder:
    recorder = Recorder(path, profile, ManualClock(START), size_most=size_most)
    for update in updates:
        recorder.write(update)
    recorder.flush()
    recorder.close()
    return recorder


def write_lines(path: Path, *lines: bytes | msgspec.Struct) -> Path:
    encoded = [line if isinstance(line, bytes) else msgspec.json.encode(line) for line in lines]
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in encoded)))
    return path


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    profile, updates = fleet(20)
    updates += busy(20, seconds=20)
    path = tmp_path / "r.gz"
    record(path, updates, profile)
    assert read_header(path).profile == profile
    assert list(read_updates(path)) == updates
    assert isinstance(list(read(path))[-1], Ended)
    assert path.stat().st_mode & 0o777 == 0o600


def test_its_snapshot_is_the_one_that_was_seen(tmp_path: Path) -> None:
    profile, updates = fleet(20)
    updates += busy(20, seconds=20)
    path = tmp_path / "r.gz"
    record(path, updates, profile)
    assert load_snapshot(path).services == board_of(profile, updates).snapshot().services
    middle = START + timedelta(seconds=7)
    early = [update for update in updates if update.at <= middle]
    assert load_snapshot(path, middle).services == board_of(profile, early).snapshot().services


def test_it_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(RecordingError, match="kept: exists already"):
        Recorder(tmp_path / "kept", HEADER.profile, ManualClock())
    with pytest.raises(RecordingError, match="No such file"):
        Recorder(tmp_path / "none" / "x", HEADER.profile, ManualClock())
    assert (tmp_path / "kept").read_text() == "kept"


def test_at_its_size_it_ends_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    recorder = record(path, [Heard(source=SOURCE, at=START)], HEADER.profile, size_most=10)
    assert "recording stopped" in recorder.problem
    last = list(read(path))[-1]
    assert isinstance(last, Ended)
    assert "has its" in last.why


def test_a_full_disk_ends_it(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    recorder = Recorder(tmp_path / "r.gz", HEADER.profile, ManualClock())
    os.dup2(os.open(full, os.O_WRONLY), recorder._file)
    recorder.flush()
    recorder.close()
    assert "No space left" in recorder.problem


def test_a_killed_writer_leaves_what_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    script = f"""
import sys
from pathlib import Path
from cockpit.board.clock import ManualClock
from cockpit.engine.recording import Recorder
from tests.board.fleet import busy, fleet
profile, updates = fleet(20)
recorder = Recorder(Path({str(path)!r}), profile, ManualClock())
for update in updates:
    recorder.write(update)
recorder.flush()
import os
while not os.path.getsize({str(path)!r}) > 1000:
    pass
print("flushed", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"flushed\n"
        child.send_signal(signal.SIGKILL)
    assert list(read_updates(path)) == fleet(20)[1]


@pytest.mark.parametrize("keep", [0.999, 0.7, 0.3])
def test_a_cut_file_is_read_up_to_the_cut(tmp_path: Path, keep: float) -> None:
    profile, updates = fleet(5)
    updates += busy(5, seconds=30)
    path = tmp_path / "r.gz"
    record(path, updates, profile)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    got = list(read_updates(path))
    assert got == updates[: len(got)]
    assert got or keep < 0.5


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), r":1: .*no header"),
        ((b"{}",), r":1: no header|:1: Object missing"),
        ((Heard(source="x", at=START),), ":1: no header"),
        ((msgspec.structs.replace(HEADER, version=99),), ":1: its format is version 99, this cockpit reads 1"),
        ((HEADER, b'{"type":"heard","source":3}'), ":2: "),
        ((HEADER, b"not json"), ":2: "),
        ((HEADER, b"\xff\xfe"), ":2: "),
        ((HEADER, b"[" * 100_000), ":2: "),
        ((HEADER, HEADER), ":2: a second header"),
    ],
)
def test_what_is_no_recording_is_refused_by_line(
    tmp_path: Path, lines: tuple[bytes | msgspec.Struct, ...], message: str
) -> None:
    path = write_lines(tmp_path / "r.gz", *lines)
    with pytest.raises(RecordingError, match=message):
        list(read(path))


def test_what_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.gz"
    path.write_text("services: {}")
    with pytest.raises(RecordingError, match=r"r\.gz: not a recording"):
        list(read(path))


def test_damage_in_the_middle_is_named(tmp_path: Path) -> None:
    profile, updates = fleet(40)
    path = tmp_path / "r.gz"
    record(path, updates, profile)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 200] = bytes(200)
    path.write_bytes(bytes(data))
    with pytest.raises(RecordingError, match=r"r\.gz"):
        list(read(path))


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LINE_MOST", 4 << 20)
    pack = zlib.compressobj(9, wbits=31)
    packed = pack.compress(msgspec.json.encode(HEADER) + b"\n") + pack.compress(b" " * (16 << 20)) + pack.flush()
    path = tmp_path / "bomb.gz"
    path.write_bytes(packed)
    with pytest.raises(RecordingError, match=r"bomb\.gz:2: longer than 4 MiB"):
        list(read(path))


def test_unknown_kinds_and_logs_are_passed_over(tmp_path: Path) -> None:
    log = b'{"type":"log","at":"2026-03-01T14:00:00Z","instance":["docker","s","p","compose","web","1"]}'
    log = log.replace(b'["docker","s","p","compose","web","1"]',
                      b'{"backend":"docker","scope":"s","space":"p","kind":"compose","name":"web"}')  # fmt: skip
    path = write_lines(tmp_path / "r.gz", HEADER, b'{"type":"weather","sun":true}', log, Tick(at=START))
    assert list(read_updates(path)) == [Tick(at=START)]


def test_hostile_text_in_a_file_is_made_safe(tmp_path: Path) -> None:
    lost = Lost(source="x", at=START, why=SafeText("\x1b]0;owned\x07a\u202eb\u200b[/]"))
    path = write_lines(tmp_path / "r.gz", HEADER, lost)
    assert [update.why for update in read_updates(path) if isinstance(update, Lost)] == ["ab[/]"]


async def test_it_is_played_at_its_pace(tmp_path: Path) -> None:
    clock = ManualClock(START)
    updates: list[Update] = [Tick(at=START + timedelta(seconds=second)) for second in (0, 4, 4, 10)]
    path = write_lines(tmp_path / "r.gz", HEADER, *updates)
    seen: list[float] = []

    async def play() -> None:
        async for _ in replay(path, clock, speed=2.0):
            seen.append(clock.monotonic())

    task = asyncio.create_task(play())
    await clock.advance(10)
    await task
    assert seen == [0, 2, 2, 5]


async def test_at_once_it_waits_for_nothing(tmp_path: Path) -> None:
    updates: list[Update] = [Tick(at=START + timedelta(hours=hour)) for hour in range(200)]
    path = write_lines(tmp_path / "r.gz", HEADER, *updates)
    assert [update async for update in replay(path, ManualClock(), speed=0)] == updates


async def test_the_clock_of_a_replay_tells_the_time_of_the_recording() -> None:
    real = ManualClock()
    clock = ReplayClock(real, START - timedelta(days=7), speed=10)
    await real.advance(6)
    assert clock.now() == START - timedelta(days=7) + timedelta(seconds=60)
    assert clock.monotonic() == 6


@pytest.mark.parametrize("speed", [0, 100])
async def test_where_a_recording_ends_time_stands_still(tmp_path: Path, speed: float) -> None:
    real = ManualClock()
    clock = ReplayClock(real, START, speed)
    path = write_lines(tmp_path / "r.gz", HEADER, Tick(at=START + timedelta(seconds=50)))

    async def play() -> list[Update]:
        return [update async for update in replay(path, clock, speed)]

    playing = asyncio.create_task(play())
    await real.advance(1000)
    assert [update.at for update in await playing] == [clock.now()]


def test_a_snapshot_is_what_a_reader_gets(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "r.gz", HEADER)
    snapshot = load_snapshot(path)
    assert isinstance(snapshot, Snapshot)
    assert snapshot.profile == "x"
