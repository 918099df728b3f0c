"""The host's private folder, what is written down in it, and the sweep of folders whose host is dead."""

import contextlib
import json
import os
import signal
import stat
import time
from collections.abc import Iterable

from cockpit.demo.host.process import is_alive, start_time
from cockpit.demo.host.spawn import Child

PREFIX = "cockpit-demo-"
OWNER_FILE, SOCKET_NAME = "owner.json", "host.sock"
SOCKET_PATH_LIMIT = 100
"""A unix socket's path holds 107 bytes on Linux, 103 on macOS."""
UNFINISHED_AFTER = 60.0
"""Seconds after which a folder without an owner file is a leftover: a host writes it within milliseconds."""


PASSES, PASS = 100, 0.01
"""Looks at a folder that is not empty after all, and the seconds between two: a killed process is gone within
milliseconds, on a machine whose cores are all busy within some hundred."""


def places() -> list[str]:
    """Where a demo's folder may lie, best first."""
    wanted = [os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("TMPDIR", ""), "/tmp"]
    return [place for place in dict.fromkeys(wanted) if place and os.path.isdir(place)]


class Folder:
    """A new folder, mode 0700. Raises OSError when no place can take one."""

    def __init__(self) -> None:
        self.path = _make()
        self._host = {"pid": os.getpid(), "start_time": start_time(os.getpid()), **_world()}
        self.record(())

    @property
    def socket(self) -> str:
        return os.path.join(self.path, SOCKET_NAME)

    def for_instance(self, name: str) -> str:
        """The data folder of an instance (its log lies beside it, as NAME.log)."""
        return os.path.join(self.path, name)

    def forget_instance(self, name: str) -> None:
        remove_tree(self.for_instance(name))
        for path in (f"{self.for_instance(name)}.log", f"{self.for_instance(name)}.log.1"):
            with contextlib.suppress(OSError):
                os.unlink(path)

    def record(self, children: Iterable[Child]) -> None:
        """Write down whose folder this is and which groups belong to it, whole or not at all."""
        groups = [[child.pid, child.start_time] for child in children]
        path = os.path.join(self.path, OWNER_FILE)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({**self._host, "groups": groups}, file)
        os.replace(path + ".new", path)

    def remove(self) -> None:
        remove_whole(self.path)


def _world() -> dict[str, str]:
    """What pids mean here: they are counted anew at each boot and in each container (whose /tmp may be shared)."""
    boot = space = ""
    with contextlib.suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        space = os.readlink("/proc/self/ns/pid")
    return {"boot": boot, "space": space}


def _make() -> str:
    problem = OSError("no runtime directory: set XDG_RUNTIME_DIR or TMPDIR to a folder that can be written")
    for place in places():
        path = os.path.join(place, PREFIX + os.urandom(4).hex())
        if len(os.path.join(path, SOCKET_NAME)) > SOCKET_PATH_LIMIT:
            continue
        try:
            os.mkdir(path, 0o700)
        except OSError as error:
            problem = error
        else:
            return path
    raise problem


def remove_tree(path: str) -> None:
    """Remove a folder and all in it. Links are removed, never followed; what is already gone is fine."""
    for folder, folders, files in os.walk(path, topdown=False):
        for name in (*files, *folders):
            inner = os.path.join(folder, name)
            with contextlib.suppress(OSError):
                os.rmdir(inner) if name in folders and not os.path.islink(inner) else os.unlink(inner)
    with contextlib.suppress(OSError):
        os.rmdir(path)


def remove_whole(path: str) -> None:
    """Remove a demo's folder; a process that was killed just now may yet end a write into it that it had begun."""
    for _ in range(PASSES):
        remove_tree(path)
        if not os.path.lexists(path):
            return
        time.sleep(PASS)


def sweep() -> list[str]:
    """End what killed hosts of this user left behind and remove their folders; the folders removed."""
    swept = []
    for place in places():
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.name.startswith(PREFIX) and _is_ours(entry.path) and sweep_folder(entry.path):
                    swept.append(entry.path)
    return swept


def living(door: str = SOCKET_NAME) -> list[tuple[int, str]]:
    """(pid, socket) of every host of this user that lives and can be asked, in the first place that has any.

    door: the file of its folder through which it is asked, if not the socket.
    """
    return next(filter(None, (_living_in(place, door) for place in places())), [])


def _living_in(place: str, door: str) -> list[tuple[int, str]]:
    found, world = [], _world()
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            path = os.path.join(entry.path, door)
            if not (entry.name.startswith(PREFIX) and _is_ours(entry.path) and os.path.exists(path)):
                continue
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                pid, began, boot, space, _ = _owner(entry.path)
                if (boot, space) == (world["boot"], world["space"]) and is_alive(pid, began):
                    found.append((pid, path))
    return sorted(found)


def _owner(path: str) -> tuple[int, str, str, str, list[tuple[int, str]]]:
    """(pid, start time, boot, pid namespace, groups) as its host wrote them. Raises OSError and what JSON may."""
    with open(os.path.join(path, OWNER_FILE), encoding="utf-8") as file:
        owner = json.load(file)
    groups = [(int(group), str(start)) for group, start in owner["groups"]]
    return int(owner["pid"]), str(owner["start_time"]), owner["boot"], owner["space"], groups


def _is_ours(path: str) -> bool:
    """A real folder of this user that nobody else can write to: in /tmp others may put anything under our name."""
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid() and not facts.st_mode & 0o077


def sweep_folder(path: str) -> bool:
    """End the groups of a folder whose host is dead and remove it; False when the host lives or may be starting."""
    world = _world()
    try:
        pid, began, boot, space, groups = _owner(path)
    except (OSError, ValueError, KeyError, TypeError):
        return _remove_unfinished(path)
    if boot == world["boot"]:
        if space != world["space"] or is_alive(pid, began):
            return False
        _end_groups(groups)
    remove_whole(path)
    return True


def _end_groups(groups: Iterable[tuple[int, str]]) -> None:
    for group, start in groups:
        if group > 1 and start_time(group) == start:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL)


def _remove_unfinished(path: str) -> bool:
    with contextlib.suppress(OSError):
        if time.time() - os.stat(path).st_mtime > UNFINISHED_AFTER:
            remove_tree(path)
            return True
    return False
