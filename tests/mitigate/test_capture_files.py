"""What is kept of an instance: bounded, hashed, private files, and the reason for whatever is missing."""

import hashlib
import stat
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.assemble import assemble
from cockpit.backends.base import SourceError
from cockpit.backends.capture import CannotKeep, Captured, Keeper, Part, capture, outcome
from cockpit.backends.captured import log_text, plain_text
from cockpit.backends.docker.operate import DockerOperator
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.logs.line import RawLine
from cockpit.profile.schema import Backend, Profile

AT = datetime(2026, 3, 1, 14, 27, 52, 118000, tzinfo=UTC)


def part(name: str, *pieces: bytes, limit: int = 1 << 20, ends: Exception | None = None) -> Part:
    async def read() -> AsyncGenerator[bytes, None]:
        for piece in pieces:
            yield piece
        if ends is not None:
            raise ends

    return Part(name=name, read=read, limit=limit)


def keeper(state: Path, *, most: int = 1 << 20) -> Keeper:
    state.mkdir(mode=0o700, exist_ok=True)
    return Keeper(state, SystemClock(), most=most, spare=0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(path: str) -> bytes:
    return Path(path).read_bytes()


async def test_a_file_is_private_and_its_hash_is_told(tmp_path: Path) -> None:
    kept = await keeper(tmp_path / "state").keep("web-1", part("log.txt", b"one\n", b"two\n"))
    path = Path(kept.path)
    assert content(kept.path) == b"one\ntwo\n"
    assert (kept.size, kept.sha256, kept.broken) == (8, hashlib.sha256(b"one\ntwo\n").hexdigest(), "")
    assert mode(path) == 0o600
    assert [mode(each) for each in (path.parent, path.parent.parent)] == [0o700, 0o700]
    assert path.parent.parent == tmp_path / "state/evidence"


async def test_in_a_shared_directory_the_group_may_read(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o2770)
    path = Path((await keeper(tmp_path / "state").keep("web-1", part("log.txt", b"one"))).path)
    assert (mode(path), mode(path.parent)) == (0o660, 0o2770)


async def test_a_file_is_cut_at_its_limit_and_says_so(tmp_path: Path) -> None:
    kept = await keeper(tmp_path / "state").keep("web-1", part("dump", b"x" * 3000, b"y" * 3000, limit=4096))
    assert (kept.size, kept.broken) == (4096, "cut at 4 kB")
    assert len(content(kept.path)) == 4096


async def test_a_full_folder_takes_no_more_and_loses_nothing(tmp_path: Path) -> None:
    one = keeper(tmp_path / "state", most=5000)
    first = await one.keep("a", part("dump", b"x" * 4000))
    second = await one.keep("b", part("dump", b"x" * 4000))
    assert (second.size, second.broken) == (1000, "cut at 1000 B: no more room")
    with pytest.raises(CannotKeep, match="the most it may: move what is not needed away"):
        await one.keep("c", part("dump", b"x"))
    assert len(content(first.path)) == 4000


async def test_a_file_that_goes_while_room_is_looked_for_stops_nothing(tmp_path: Path) -> None:
    one = keeper(tmp_path / "state")
    first = Path((await one.keep("a", part("dump", b"x"))).path)
    # As a file of another attempt that was listed and is gone when its size is asked for.
    (first.parent / "gone").symlink_to(tmp_path / "nowhere")
    assert content((await one.keep("b", part("dump", b"y"))).path) == b"y"


async def test_what_breaks_off_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    lost = SourceError("the daemon ended")
    parts = (part("log.txt", b"line\n", ends=lost), part("dump", ends=lost), part("inspect.txt", b"all"))
    found = await capture(keeper(tmp_path / "state"), "shop/web 1", parts)
    assert [(name, one.size, one.broken) for name, one in found.kept] == [
        ("log.txt", 5, "the daemon ended"),
        ("inspect.txt", 3, ""),
    ]
    assert found.missing == (("dump", "the daemon ended"),)
    folder = Path(found.kept[0][1].path).parent
    assert folder.name.endswith("-shop-web-1")
    assert sorted(each.name for each in folder.iterdir()) == ["inspect.txt", "log.txt"]
    answer = outcome((found,), "")
    assert answer.accepted
    assert answer.detail == (
        "kept log.txt 5 B, inspect.txt 3 B; missing: dump: the daemon ended; log.txt: the daemon ended"
    )
    assert [name for name, _ in answer.facts] == ["kept", "kept", "missing", "missing"]
    assert answer.facts[1][1].endswith(f"inspect.txt 3 bytes sha256 {hashlib.sha256(b'all').hexdigest()}")
    strict = outcome((found, Captured()), "the policy wants it")
    assert (strict.accepted, strict.detail.endswith("(the policy wants it)")) == (False, True)


@pytest.mark.parametrize("name", ["../out", ".hidden", "a/b"])
async def test_a_name_never_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(CannotKeep, match="is no name for a file"):
        await keeper(tmp_path / "state").keep("web-1", part(name, b"x"))
    assert "/" not in keeper(tmp_path / "state").folder("../../etc/passwd")


async def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    one = keeper(tmp_path / "state")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "state/evidence").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotKeep, match="is not a directory"):
        await one.keep("web-1", part("log.txt", b"x"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_cockpit_keeps_evidence_beside_its_journal(tmp_path: Path) -> None:
    backend = Backend(kind="docker", host="unix:///nowhere")
    profile = Profile(version=1, name="shop", backends={"main": backend})

    def made(state: Path | None) -> DockerOperator:
        (part,) = assemble(profile, "shop", state_dir=state).backends
        assert part.operator is not None
        operator = part.operator(SystemClock(), Secrets())
        assert isinstance(operator, DockerOperator)
        return operator

    evidence = made(tmp_path)._hands.evidence
    assert evidence is not None
    assert evidence.keeper._state == tmp_path
    assert made(None)._hands.evidence is None


async def test_a_log_is_masked_and_its_newest_lines_are_kept() -> None:
    async def batches() -> AsyncGenerator[Sequence[RawLine], None]:
        yield [RawLine(AT, "out", b"\x1b[31mred\x1b[0m hunter22"), RawLine(AT, "err", b"password=abc123")]
        yield [RawLine(None, "", b"x" * 50)] * 3

    whole = [line async for line in log_text(batches(), Secrets(["hunter22"]))]
    assert whole[:2] == [
        b"2026-03-01T14:27:52.118000+00:00 out red ***\n",
        b"2026-03-01T14:27:52.118000+00:00 err password=***\n",
    ]
    newest = [line async for line in log_text(batches(), Secrets(), limit=120)]
    assert newest == [b"--- only the last 120 B are kept: 3 earlier lines were read too ---\n", *whole[-2:]]
    assert [line async for line in plain_text("a: hunter22\nb: 2", Secrets(["hunter22"]))] == [b"a: ***\n", b"b: 2\n"]
