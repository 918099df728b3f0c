"""Where the journal lies, who may read it, and why some places are refused.

Private: `$XDG_STATE_HOME/cockpit`, 0700, files 0600. Shared: a directory that `COCKPIT_STATE` or the profile names and
that its group may write (made with `install -d -m 2770 -g GROUP DIR`), files 0660.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from cockpit.incident.errors import JournalError

FILE = "journal.db"

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "coda", "lustre", "gpfs", "beegfs", "ocfs2"),
        *("gfs2", "glusterfs", "orangefs", "pvfs2", "davfs", "ncpfs", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs"),
        *("fuse.rclone", "fuse.gcsfuse", "fuse.ceph", "fuse.cephfs", "fuse.davfs2", "fuse.goofys", "fuse.juicefs"),
        *("fuse.mfs", "fuse.moosefs", "fuse.hdfs", "fuse.curlftpfs"),
    }
)


class Place(Struct, frozen=True):
    """A directory that is fit for the journal. shared: other logins write it too."""

    directory: Path
    shared: bool

    @property
    def file(self) -> Path:
        """The journal's file."""
        return self.directory / FILE


def state_directory(environ: Mapping[str, str], named: str = "") -> Path:
    """Where state is kept: `COCKPIT_STATE`, else what the profile names, else XDG's."""
    chosen = environ.get("COCKPIT_STATE") or named
    if chosen:
        return Path(chosen).expanduser()
    base = environ.get("XDG_STATE_HOME", "")
    # XDG: a path that is not absolute is to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".local/state") / "cockpit"


def prepare(directory: Path, mounts: str | None = None) -> Place:
    """Make the directory and the journal's file with the right modes; JournalError says why a place is refused.

    mounts: the text of /proc/self/mountinfo, read when not given; a machine without it is taken as local.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory = directory.resolve(strict=True)
        kind = file_system(directory, _mounts() if mounts is None else mounts)
        if kind in NETWORK:
            raise JournalError(
                f"{directory} is on a network file system ({kind}), where SQLite's locks and shared memory do not hold"
                " between machines: name a local directory with COCKPIT_STATE"
            )
        shared = _checked(directory)
        _make_file(directory / FILE, shared)
    except OSError as error:
        raise JournalError(
            f"{error.filename or directory}: {error.strerror}: the journal needs a directory it may write;"
            " name one with COCKPIT_STATE"
        ) from error
    return Place(directory, shared)


def _checked(directory: Path) -> bool:
    """Whether the directory is shared; a private one that is open to others is closed, or refused when not ours."""
    status = directory.stat()
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o020:
        if mode & 0o007:
            raise JournalError(f"{directory} (mode {mode:04o}) is open to everybody: chmod 2770 {directory}")
        if not mode & stat.S_ISGID:
            raise JournalError(
                f"{directory} (mode {mode:04o}) is writable for its group but would not pass the group on:"
                f" chmod 2770 {directory}"
            )
        return True
    if mode & 0o077:
        if status.st_uid != os.geteuid():
            raise JournalError(
                f"{directory} (mode {mode:04o}) belongs to another user and is open to others: name a directory of"
                " your own, or a shared one of mode 2770, with COCKPIT_STATE"
            )
        directory.chmod(0o700)
    return False


def _make_file(file: Path, shared: bool) -> None:
    wanted = 0o660 if shared else 0o600
    # SQLite gives its -wal and -shm files the mode of this one, so it has to be right before they exist.
    try:
        descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, wanted)
    except FileExistsError:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise JournalError(f"{file} is not a plain file: move it away") from None
        if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) != wanted:
            file.chmod(wanted)
        return
    try:
        os.fchmod(descriptor, wanted)
    finally:
        os.close(descriptor)


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text("utf-8", "replace")
    except OSError:
        return ""


def file_system(path: Path, mounts: str) -> str:
    """The kind of file system that `path` (resolved) is on: of the deepest mount point, the one mounted last."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields, kinds = left.split(" "), right.split(" ")
        if len(fields) < 5 or not kinds[0]:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        if (path == point or point in path.parents) and len(point.parts) >= best:
            best, kind = len(point.parts), kinds[0]
    return kind


def runtime_directory(environ: Mapping[str, str]) -> Path:
    """Where spill files go: `$XDG_RUNTIME_DIR/cockpit`, else /tmp/cockpit-UID; made 0700 and checked to be ours.

    Raises OSError when there is no such safe place.
    """
    base = environ.get("XDG_RUNTIME_DIR", "")
    directory = Path(base) / "cockpit" if base.startswith("/") else Path(f"/tmp/cockpit-{os.getuid()}")
    directory.mkdir(mode=0o700, exist_ok=True)
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(1, "is not a directory of your own", str(directory))
    if stat.S_IMODE(status.st_mode) & 0o077:
        directory.chmod(0o700)
    return directory
