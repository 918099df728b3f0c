"""What containers use, as metrics.k8s.io tells it: from their behaviour, a little different for each and over time."""

import zlib

from cockpit.demo.kubernetes.cluster.behaviour import Behaviours
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.times import moment_of

_MIB = float(1 << 20)


def usage(behaviours: Behaviours, pod: Json, container: Json, now: float) -> tuple[float, float]:
    """(cores, bytes) of one container at POSIX second `now`; zeros while it does not run."""
    known = next((one for one in pod["status"].get("containerStatuses", ()) if one["name"] == container["name"]), None)
    if known is None or "running" not in known["state"]:
        return 0.0, 0.0
    how = behaviours.of(pod, container)
    cores = behaviours.loads.get((pod["metadata"]["namespace"], container["name"]), how.cpu)
    age = max(0.0, now - moment_of(known["state"]["running"]["startedAt"]).timestamp())
    # Up to 8 % up or down, steady for 15 s as a real metrics pipeline's window is.
    seed = zlib.crc32(f"{pod['metadata']['uid']}/{int(now) // 15}".encode()) % 1000 / 1000
    return cores * (0.92 + 0.16 * seed), (how.memory + how.grows * age) * (0.98 + 0.04 * seed) * _MIB
