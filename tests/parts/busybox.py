"""The one image of the tests: a tree with Debian's static busybox in it, made without a registry."""

import functools
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from tests.patience import PATIENCE

_FOLDERS = ("bin", "etc", "tmp", "proc", "sys", "dev", "srv", "root")


def busybox() -> Path | None:
    """The static busybox of this machine or None. A dynamic one would not run in a container."""
    found = shutil.which("busybox")
    if found is None:
        return None
    # A dynamic executable names its loader (/lib64/ld-linux..., /lib/ld-musl...) as a string in its first page.
    with Path(found).open("rb") as file:
        return None if b"/ld-" in file.read(4096) else Path(found)


@functools.cache
def image_tar() -> bytes:
    """A tar of the tree (2 MB): /bin with every applet as a symbolic link, /srv to serve from, a passwd file."""
    path = busybox()
    if path is None:
        raise FileNotFoundError("no static busybox: install busybox-static")
    applets = subprocess.check_output([str(path), "--list"], text=True, timeout=PATIENCE).split()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in _FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        _add(tar, "bin/busybox", path.read_bytes(), 0o755)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
        for applet in applets:
            if applet == "busybox":
                continue
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return out.getvalue()


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
