"""What is known of this machine: file systems, busiest processes, resources. Immutable, as all of the board.

Units: bytes, rates in bytes a second.
"""

from msgspec import Struct

from cockpit.board.model import ReadingState, SafeText


class Disk(Struct, frozen=True):
    """One mounted file system; bytes and inodes, inodes None where it has none.

    total is what users can fill (used + available, as `df` reckons its per cent), so without root's reserve.
    """

    mount: SafeText
    device: SafeText
    total: int
    used: int
    inodes: int | None = None
    inodes_used: int | None = None
    error: SafeText = SafeText("")
    """Why its numbers are not known ("no answer in 1 s"): they are 0 then, and mean nothing."""


class HostProcess(Struct, frozen=True):
    """A row of the host's busiest processes."""

    pid: int
    name: SafeText
    user: SafeText
    cpu: float
    memory: int


class HostFacts(Struct, frozen=True, kw_only=True):
    """This machine's resources; rates in bytes a second, None until two measurements exist.

    cpu is per cent of all cores together (0..100); a process's cpu is per cent of one core.
    """

    name: SafeText
    cores: int
    cpu: float | None
    load: tuple[float, float, float]
    memory_total: int
    memory_used: int
    swap_total: int
    swap_used: int
    disks: tuple[Disk, ...] = ()
    net_rx: float | None = None
    net_tx: float | None = None
    processes: tuple[HostProcess, ...] = ()
    findings: tuple[tuple[ReadingState, SafeText], ...] = ()
    """Thresholds of the profile that are crossed, worst first."""
