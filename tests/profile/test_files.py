"""Files that are no profile: each is one line, none stops or hangs the program."""

import os
from pathlib import Path

import pytest

from cockpit.profile.load import load
from cockpit.profile.locate import NoSuchProfile, locate
from cockpit.profile.tree import SIZE_LIMIT
from tests.profile.reading import HEAD


def only_error(path: Path) -> str:
    found = load(path, {})
    assert found.profile is None
    (error,) = found.errors
    return str(error).replace(str(path), "FILE")


def test_a_file_is_loaded_with_its_name_in_every_error(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(HEAD + "tier: 3\n")
    assert only_error(path).startswith("FILE:3:1: profile: unknown key 'tier'; ")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace("\n", "\r\n").encode())
    assert load(path, {}).profile is not None


def test_no_such_file(tmp_path: Path) -> None:
    assert only_error(tmp_path / "a.yaml") == "FILE: cannot be read: No such file or directory"


def test_a_directory(tmp_path: Path) -> None:
    assert only_error(tmp_path) == "FILE: cannot be read: it is a directory"


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert only_error(tmp_path / "pipe") == "FILE: cannot be read: it is not a regular file"


def test_an_endless_device_is_not_read() -> None:
    assert only_error(Path("/dev/zero")) == "FILE: cannot be read: it is not a regular file"


def test_a_name_that_no_file_can_have() -> None:
    assert only_error(Path("a\0b")) == "FILE: cannot be read: not the name of a file"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(HEAD.encode() + b"#" * SIZE_LIMIT)
    assert only_error(path) == "FILE: larger than 1 MiB; a profile is smaller"


def test_bytes_that_are_no_utf8_are_located(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(HEAD.encode() + b"notes: caf\xe9\n")
    assert only_error(path) == "FILE:3:11: byte 0xe9 is not UTF-8; allowed: a text file in UTF-8"


SHIPPED = (Path("/p/demo.yaml"), Path("/p/somabrain.yaml"))


def test_a_word_is_a_shipped_profile_and_a_path_a_file() -> None:
    assert locate("somabrain", SHIPPED) == Path("/p/somabrain.yaml")
    assert locate("demo.yaml", SHIPPED) == Path("demo.yaml")
    assert locate("./demo", SHIPPED) == Path("demo")


def test_an_unknown_word_names_what_there_is() -> None:
    with pytest.raises(NoSuchProfile) as caught:
        locate("somabrian", SHIPPED)
    assert str(caught.value) == (
        "'somabrian' is no profile; did you mean 'somabrain'? allowed: demo, somabrain,"
        " or a path such as ./somabrian.yaml"
    )
