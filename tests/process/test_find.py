"""Processes found by pid file, listening port and command line."""

import os
import socket
from pathlib import Path

import pytest

from cockpit.backends import procfs
from cockpit.backends.process.find import Finder, first_of_families
from cockpit.backends.process.listen import Holders, Listener, listeners, reached_at
from cockpit.backends.procfs import Stat

if not procfs.available():
    pytest.skip("plain processes are observed through Linux's /proc", allow_module_level=True)

OWN = os.getpid()
TABLE = """\
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 593251 1 0 100 0 0 10 0
   1: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 77 1 0
   broken
   2: XX:YY 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5 1
   3: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 9 1 0 100 0 0 10 0
   4: 0100007F:1F92 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 6 1 0 100 0 0 10 0
"""


def look(field: str, value: str, now: float = 0.0) -> tuple[list[int], str]:
    """(pids, problem) of one selector."""
    found = Finder({"RUN": "/run"}).find([(field, value)], now)[field, value]
    return [one.pid for one in found.processes], found.problem


def test_the_kernels_table_up_to_the_first_connection() -> None:
    assert listeners(TABLE.splitlines()) == [Listener("593251", "127.0.0.1", 8080), Listener("77", "::", 80)]


def test_where_a_listener_is_reached() -> None:
    assert [reached_at(host) for host in ("0.0.0.0", "::", "10.1.2.3", "::1")] == [
        "127.0.0.1",
        "127.0.0.1",
        "10.1.2.3",
        "::1",
    ]


def test_by_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert look("port", str(port)) == ([OWN], "")
    assert look("port", str(port)) == ([], f"nothing listens on port {port}")


def test_a_socket_is_looked_for_once_while_its_holder_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    walks = list[int]()

    def walk() -> list[int]:
        walks.append(1)
        return [OWN]

    monkeypatch.setattr(procfs, "pids", walk)
    with socket.create_server(("127.0.0.1", 0)) as server:
        inode = str(os.fstat(server.fileno()).st_ino)
        holders = Holders()
        assert [holders.of([inode], now) for now in (0.0, 1.0, 100.0)] == [[OWN]] * 3
        assert len(walks) == 1
        assert [holders.of(["1"], now) for now in (0.0, 10.0, 40.0)] == [[]] * 3
        assert len(walks) == 3


def test_by_pid_file(tmp_path: Path) -> None:
    path = tmp_path / "app.pid"
    assert look("pidfile", str(path)) == ([], f"pid file {path}: no such file or directory")
    path.write_text(f"{OWN}\nmore\n")
    assert look("pidfile", str(path)) == ([OWN], "")
    path.write_text("none")
    assert look("pidfile", str(path)) == ([], f"pid file {path} holds no number")
    path.write_text("4194305")
    assert look("pidfile", str(path)) == ([], f"pid file {path} names 4194305, which does not run")
    assert look("pidfile", "${NOPE}/x.pid") == ([], "pid file ${NOPE}/x.pid: NOPE is not set")
    assert look("pidfile", "${RUN}/cockpit-none.pid")[1].endswith("no such file or directory")


def test_by_command_line() -> None:
    assert look("command", "^no such command line$") == (
        [],
        "no process whose command line matches '^no such command line$'",
    )
    assert look("command", "(")[1] == "command '(' is not a pattern that RE2 knows"
    assert OWN not in look("command", "python")[0], "the cockpit itself is nobody's service"


def test_workers_belong_to_their_server() -> None:
    stats = [Stat(pid, "x", "S", parent, 0, pid, 0) for pid, parent in ((30, 1), (10, 1), (11, 10), (12, 11), (31, 99))]
    assert [one.pid for one in first_of_families(stats)] == [10, 30, 31]


def test_a_name_with_parentheses_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = procfs.stat(OWN)
    assert own is not None
    assert own.parent == os.getppid()
    assert own.memory > 1_000_000
    with open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("a) Z (b")
    try:
        renamed = procfs.stat(OWN)
    finally:
        with open("/proc/self/comm", "w", encoding="ascii") as file:
            file.write(own.name)
    assert renamed is not None
    assert (renamed.name, renamed.parent) == ("a) Z (b", own.parent)
