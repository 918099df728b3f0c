"""Commands of this machine: bounded in time and output, ended with all that they started."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from cockpit.backends.command import OUTPUT_LIMIT, CannotRun, CommandTimeout, run_command
from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import ManualClock, SystemClock
from tests.patience import PATIENCE

ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "SECRET": "not for the child"}
CLOCK = SystemClock()


def alive(pid: int) -> bool:
    """Whether a process runs (one that only waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def ends(pid: int) -> None:
    """Wait until a process is gone."""
    async with asyncio.timeout(PATIENCE):
        while alive(pid):  # noqa: ASYNC110 - nothing tells of the end of a process that is not ours
            await asyncio.sleep(0.01)


async def test_output_and_exit_code() -> None:
    ran = await run_command(["sh", "-c", "echo out; echo err >&2; exit 4"], CLOCK, PATIENCE, environ=ENVIRON)
    assert (ran.exit_code, ran.output, ran.errors, ran.dropped) == (4, b"out\nerr\n", b"", 0)
    apart = await run_command(["sh", "-c", "echo out; echo err >&2"], CLOCK, PATIENCE, environ=ENVIRON, merge=False)
    assert (apart.exit_code, apart.output, apart.errors) == (0, b"out\n", b"err\n")


async def test_environment_stdin_and_group() -> None:
    script = "cat; env | sort; cut -d ' ' -f5 /proc/self/stat; echo $$"
    ran = await run_command(["sh", "-c", script], CLOCK, PATIENCE, environ=ENVIRON, declared={"WORD": "yes"})
    *environment, group, pid = ran.output.decode().split("\n")[:-1]
    assert {"HOME=/nowhere", "WORD=yes"} <= set(environment)
    assert not any(line.startswith("SECRET") for line in environment)
    assert group.strip() == pid


async def test_nothing_is_spliced_into_a_shell() -> None:
    ran = await run_command(["echo", "$(id); `id`", "; id"], CLOCK, PATIENCE, environ=ENVIRON)
    assert ran.output == b"$(id); `id` ; id\n"


async def test_output_is_capped_and_the_rest_counted() -> None:
    ran = await run_command(["sh", "-c", "head -c 100000 /dev/zero"], CLOCK, PATIENCE, environ=ENVIRON)
    assert (ran.exit_code, len(ran.output), ran.dropped) == (0, OUTPUT_LIMIT, 100000 - OUTPUT_LIMIT)


async def test_a_flood_is_ended() -> None:
    ran = await run_command(["cat", "/dev/zero"], CLOCK, PATIENCE, environ=ENVIRON)
    assert (ran.exit_code, len(ran.output)) == (-signal.SIGKILL, OUTPUT_LIMIT)


def written(pids: Path) -> list[int]:
    return [int(pid) for pid in pids.read_text().split()] if pids.exists() else []


async def told(pids: Path) -> list[int]:
    """Wait until a command has put its pids in place, whole."""
    async with asyncio.timeout(PATIENCE):
        while not written(pids):  # noqa: ASYNC110 - the file is all that the command tells
            await asyncio.sleep(0.01)
    return written(pids)


async def ended_late(script: str, pids: Path) -> None:
    """The deadline of a script passes once it has told its pids; none of them stays."""
    clock = ManualClock()
    running = asyncio.create_task(run_command(["sh", "-c", script], clock, 3, environ=ENVIRON))
    started = await told(pids)
    while not running.done():
        await clock.advance(0.5)
        await asyncio.sleep(0.01)
    with pytest.raises(CommandTimeout, match="sh did not end in 3 s and was ended"):
        await running
    for pid in started:
        await ends(pid)


async def test_the_deadline_ends_the_group(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    await ended_late(f"sleep 300 & echo $! $$ > {pids}.new; mv {pids}.new {pids}; wait", pids)


async def test_term_is_not_enough(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    await ended_late(f"trap '' TERM; echo $$ > {pids}.new; mv {pids}.new {pids}; while :; do sleep 0.05; done", pids)


async def test_cancelling_ends_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"echo $$ > {pids}.new; mv {pids}.new {pids}; sleep 300"
    task = asyncio.create_task(run_command(["sh", "-c", script], CLOCK, PATIENCE, environ=ENVIRON))
    (pid,) = await told(pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ends(pid)


async def test_cancelled_once_more_it_is_killed_at_once(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; echo $$ > {pids}.new; mv {pids}.new {pids}; while :; do sleep 0.05; done"
    # On this clock the time that TERM has never passes.
    task = asyncio.create_task(run_command(["sh", "-c", script], ManualClock(), PATIENCE, environ=ENVIRON))
    (pid,) = await told(pids)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await task
    await ends(pid)


async def test_a_child_left_behind_does_not_hold_us(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    ran = await run_command(["sh", "-c", f"sleep 300 & echo $! > {pids}; echo done"], CLOCK, PATIENCE, environ=ENVIRON)
    assert (ran.exit_code, ran.output) == (0, b"done\n")
    assert ran.seconds < PATIENCE
    await ends(int(pids.read_text()))


async def test_what_a_restart_leaves_behind_goes_on(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 300 & echo $! > {pids}; echo done"
    ran = await run_command(["sh", "-c", script], CLOCK, PATIENCE, environ=ENVIRON, survivors=True)
    assert (ran.exit_code, ran.output) == (0, b"done\n")
    left = int(pids.read_text())
    assert alive(left)
    os.kill(left, signal.SIGKILL)
    await ends(left)


async def test_what_cannot_be_started_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no-such-command: there is no such command here"):
        await run_command(["no-such-command"], CLOCK, PATIENCE, environ=ENVIRON)
    with pytest.raises(CannotRun, match="cannot be started: Permission denied"):
        await run_command([str(tmp_path)], CLOCK, PATIENCE, environ=ENVIRON)


async def test_a_pool_is_bounded_and_gives_errors_back() -> None:
    pool = Pool("test", 1, waiting=1)
    release = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    started = asyncio.Event()

    def block() -> str:
        loop.call_soon_threadsafe(started.set)
        return asyncio.run_coroutine_threadsafe(_of(release), loop).result(PATIENCE)

    first = asyncio.create_task(pool.run(block))
    await started.wait()
    second = asyncio.create_task(pool.run(os.stat, "/nowhere/at/all"))
    await asyncio.sleep(0)
    with pytest.raises(PoolFull, match="all 1 threads for test are busy and 1 more wait"):
        await pool.run(os.getpid)
    release.set_result("done")
    assert await first == "done"
    with pytest.raises(FileNotFoundError):
        await second
    pool.close()


async def _of(future: "asyncio.Future[str]") -> str:
    return await future
