"""Whether another cockpit still runs, and who records."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cockpit.board.clock import ManualClock
from cockpit.incident import sessions
from cockpit.incident.lease import ProcFs, Session, alive, this_session
from cockpit.incident.people import Person, login_name, whoami
from cockpit.incident.place import prepare
from cockpit.incident.store import Store

NOW = ManualClock().now()


class Machine:
    """What /proc says, by hand."""

    def __init__(self, processes: dict[int, int], boot: str = "b1", space: str = "pid:[1]") -> None:
        self.processes = processes
        self._boot, self._space = boot, space

    def boot(self) -> str:
        return self._boot

    def space(self) -> str:
        return self._space

    def started(self, pid: int) -> int | None:
        return self.processes.get(pid)


def session(token: str = "t", pid: int = 10, started: int = 500, silent: float = 0.0, **more: str) -> Session:
    return Session(
        token=token, pid=pid, started=started, beat=NOW - timedelta(seconds=silent), host="h", who="oncall",
        boot=more.get("boot", "b1"), space=more.get("space", "pid:[1]"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "processes", "lives"),
    [
        (session(), {10: 500}, True),
        (session(silent=9999), {10: 500}, True),  # it hangs, but it is there
        (session(), {}, False),
        (session(), {10: 777}, False),  # the number is used again
        (session(boot="b0"), {10: 500}, False),
        (session(silent=10), {10: 0}, True),  # hidden from us: its heartbeat decides
        (session(silent=100), {10: 0}, False),
        (session(space="pid:[2]", silent=10), {}, True),  # another container
        (session(space="pid:[2]", silent=100), {10: 500}, False),
        (session(boot="", silent=10), {}, True),
        (session(boot="", silent=100), {10: 500}, False),
    ],
)
def test_a_cockpit_lives_or_not(one: Session, processes: dict[int, int], lives: bool) -> None:
    assert alive(one, Machine(processes), NOW) is lives


def test_this_machine_knows_its_processes() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    machine = ProcFs()
    mine = this_session(machine, who="oncall", host="h", now=NOW)
    assert alive(mine, machine, NOW)
    started = machine.started(child.pid)
    assert started
    child.communicate()
    assert machine.started(child.pid) is None
    assert machine.started(os.getpid()) == mine.started


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(prepare(tmp_path / "state").file)


def test_the_role_passes_on_when_its_holder_ends_or_stalls(store: Store) -> None:
    one, two = session("one", pid=1, started=1), session("two", pid=2, started=2)
    machine = Machine({1: 1, 2: 2})
    assert sessions.beat(store, one, "shop", machine, NOW)
    assert not sessions.beat(store, two, "shop", machine, NOW)
    assert sessions.beat(store, two, "bank", machine, NOW)
    assert not sessions.beat(store, two, "shop", machine, NOW + timedelta(seconds=14))
    assert sessions.beat(store, two, "shop", machine, NOW + timedelta(seconds=16))  # one stalls
    assert not sessions.beat(store, one, "shop", machine, NOW + timedelta(seconds=17))
    del machine.processes[2]
    assert sessions.beat(store, one, "shop", machine, NOW + timedelta(seconds=18))  # two ended
    assert [known.token for known in sessions.known(store.connection)] == ["one"]
    sessions.leave(store, "one")
    assert sessions.known(store.connection) == []
    assert sessions.recorder(store.connection, "shop") is None
    store.close()


def test_the_login_is_kept_beside_a_name_that_is_only_said(tmp_path: Path) -> None:
    (tmp_path / "loginuid").write_text("0")
    assert login_name(tmp_path / "loginuid") == "root"
    (tmp_path / "loginuid").write_text("3999999999")
    assert login_name(tmp_path / "loginuid") == "uid 3999999999"
    (tmp_path / "loginuid").write_text("4294967295")
    assert login_name(tmp_path / "loginuid") == login_name(tmp_path / "absent")
    ssh = {"SSH_CONNECTION": "10.0.0.5 50222 10.0.0.1 22"}
    assert whoami(ssh, login="ops") == Person(name="ops", login="ops", address="10.0.0.5")
    given = whoami(ssh, "  Some\x1b[1m  One ", login="ops")
    assert (given.name, given.facts) == ("Some One", (("login", "ops"), ("from", "10.0.0.5")))
    assert whoami({}, login="ops").facts == ()
