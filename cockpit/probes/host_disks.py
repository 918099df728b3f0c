"""Space and inodes of the real file systems. A network mount that hangs is shown so and delays nothing."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from cockpit.backends.pool import Pool, PoolFull
from cockpit.board.clock import Clock
from cockpit.board.machine import Disk
from cockpit.board.model import SafeText
from cockpit.board.text import safe

DEADLINE = 1.0
MOST = 32
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "lustre", "9p", "afs", "beegfs"})
LOCAL = frozenset({"zfs", "btrfs", "bcachefs"})
"""Local file systems whose device need not be a path under /dev."""
IMAGES = frozenset({"squashfs", "iso9660", "erofs", "udf", "cramfs"})
"""Always full, by nature."""
HIDDEN = (
    "/snap/",
    "/var/lib/docker/",
    "/var/lib/containers/",
    "/var/lib/kubelet/",
    "/run/",
    "/proc/",
    "/sys/",
    "/dev/",
)


class Mount(Struct, frozen=True):
    """One line of the mount table."""

    device: str
    point: str
    kind: str

    @property
    def remote(self) -> bool:
        """Whether a machine elsewhere has to answer."""
        return self.kind in REMOTE or self.kind.startswith("fuse")


def chosen(mounts: Iterable[Mount]) -> list[Mount]:
    """The mounts worth showing: real file systems, each device once (its shortest path), at most 32."""
    best: dict[str, Mount] = {}
    for mount in mounts:
        if mount.point != "/" and not _real(mount):
            continue
        # An overlay is shown only as "/": in a container that is what fills up.
        key = mount.device if mount.point != "/" or mount.device.startswith("/") else "/"
        known = best.get(key)
        if known is None or len(mount.point) < len(known.point):
            best[key] = mount
    return sorted(best.values(), key=lambda mount: mount.point)[:MOST]


def _real(mount: Mount) -> bool:
    if mount.kind in IMAGES or mount.point.startswith(HIDDEN) or "/.snapshots" in mount.point:
        return False
    if mount.kind in ("fuse.snapfuse", "fuse.gvfsd-fuse", "fuse.portal", "fusectl", "fuse.lxcfs"):
        return False
    return mount.device.startswith("/dev/") or mount.kind in LOCAL or mount.remote


class DiskWatch:
    """Measures mounts, local ones and remote ones in threads apart, each mount by at most one thread at a time."""

    def __init__(
        self,
        clock: Clock,
        table: Callable[[], Sequence[Mount]] | None = None,
        usage: Callable[[str], os.statvfs_result] = os.statvfs,
    ) -> None:
        self._clock, self._usage = clock, usage
        self._table = table or mounted
        self._local, self._remote = Pool("host-disk", 2), Pool("host-nfs", 8)
        self._pending: dict[str, asyncio.Task[os.statvfs_result]] = {}

    @property
    def waiting(self) -> frozenset[str]:
        """Paths of the mounts that were asked and have not answered yet."""
        return frozenset(self._pending)

    async def read(self) -> tuple[Disk, ...]:
        """All chosen mounts, by path; within about a second whatever hangs."""
        try:
            mounts = await self._local.run(self._table)
        except (OSError, PoolFull):
            return ()
        return tuple(await asyncio.gather(*(self._measure(mount) for mount in chosen(mounts))))

    async def close(self) -> None:
        """Stop waiting for mounts that hang."""
        pending = list(self._pending.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        self._local.close()
        self._remote.close()

    async def _measure(self, mount: Mount) -> Disk:
        point, device = safe(mount.point, 200), safe(mount.device, 200)
        task = self._pending.get(mount.point)
        if task is None:
            pool = self._remote if mount.remote else self._local
            task = asyncio.get_running_loop().create_task(pool.run(self._usage, mount.point))
            self._pending[mount.point] = task
            task.add_done_callback(lambda done: self._ended(mount.point, done))
        try:
            async with self._clock.timeout(DEADLINE):
                found = await asyncio.shield(task)
        except TimeoutError:
            return Disk(point, device, 0, 0, error=SafeText(f"no answer in {DEADLINE:g} s"))
        except (OSError, PoolFull) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return Disk(point, device, 0, 0, error=safe(reason.lower(), 100))
        return _disk(point, device, found)

    def _ended(self, point: str, task: "asyncio.Task[os.statvfs_result]") -> None:
        self._pending.pop(point, None)
        if not task.cancelled():
            task.exception()  # seen here, in case the one who waited has given up


def _disk(point: SafeText, device: SafeText, found: os.statvfs_result) -> Disk:
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    total = used + found.f_bavail * found.f_frsize
    if not found.f_files:
        return Disk(point, device, total, used)
    return Disk(point, device, total, used, found.f_files, found.f_files - found.f_ffree)


def mounted() -> list[Mount]:
    """The mount table, as it is."""
    import psutil

    return [Mount(part.device, part.mountpoint, part.fstype) for part in psutil.disk_partitions(all=True)]
