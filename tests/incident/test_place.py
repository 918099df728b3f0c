"""Where the journal may lie."""

import os
from pathlib import Path

import pytest

from cockpit.incident.errors import JournalError
from cockpit.incident.place import file_system, prepare, runtime_directory, state_directory

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /home rw - nfs4 server:/home rw
31 30 254:1 / /home/local\\040disk rw shared:1 - xfs /dev/vdb rw
32 22 0:31 / /mnt rw - tmpfs tmpfs rw
33 22 0:32 / /mnt rw - fuse.sshfs ops@host: rw
short line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/home/oncall/.local/state", "nfs4"),
        ("/home/local disk/cockpit", "xfs"),
        ("/homes", "ext4"),
        ("/mnt/x", "fuse.sshfs"),
        ("/", "ext4"),
    ],
)
def test_the_deepest_and_latest_mount_decides(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"network file system \(nfs4\).*COCKPIT_STATE"):
        prepare(tmp_path / "state", "1 0 0:1 / / rw - nfs4 server:/ rw")


def test_a_private_place_is_closed_to_others(tmp_path: Path) -> None:
    directory = tmp_path / "a/b/cockpit"
    place = prepare(directory)
    assert (place.shared, place.directory) == (False, directory.resolve())
    assert directory.stat().st_mode & 0o7777 == 0o700
    assert place.file.stat().st_mode & 0o777 == 0o600
    directory.chmod(0o755)
    place.file.chmod(0o644)
    prepare(directory)
    assert directory.stat().st_mode & 0o7777 == 0o700
    assert place.file.stat().st_mode & 0o777 == 0o600


def test_a_group_owned_directory_is_shared_whatever_the_umask(tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    directory.chmod(0o2770)
    before = os.umask(0o077)
    try:
        place = prepare(directory)
    finally:
        os.umask(before)
    assert place.shared
    assert place.file.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize(("mode", "what"), [(0o2775, "open to everybody"), (0o770, "would not pass the group on")])
def test_a_half_shared_directory_is_refused(tmp_path: Path, mode: int, what: str) -> None:
    directory = tmp_path / "shared"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(JournalError, match=f"{what}.*chmod 2770"):
        prepare(directory)


def test_a_place_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match=r"file.*needs a directory it may write"):
        prepare(tmp_path / "file" / "state")
    (tmp_path / "state").mkdir()
    (tmp_path / "state/journal.db").symlink_to(tmp_path / "file")
    with pytest.raises(JournalError, match="not a plain file"):
        prepare(tmp_path / "state")


def test_state_follows_xdg_and_its_override() -> None:
    assert state_directory({"XDG_STATE_HOME": "/x"}) == Path("/x/cockpit")
    assert state_directory({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/cockpit"
    assert state_directory({"COCKPIT_STATE": "/srv/cockpit", "XDG_STATE_HOME": "/x"}, "/named") == Path("/srv/cockpit")
    assert state_directory({}, "/named") == Path("/named")


def test_the_runtime_directory_is_ours_alone(tmp_path: Path) -> None:
    made = runtime_directory({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert made.stat().st_mode & 0o777 == 0o700
    made.rmdir()
    made.symlink_to(tmp_path)
    with pytest.raises(PermissionError, match="not a directory of your own"):
        runtime_directory({"XDG_RUNTIME_DIR": str(tmp_path)})
