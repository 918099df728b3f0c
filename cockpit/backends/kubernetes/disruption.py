"""Why the platform takes a pod away, where it says so."""

from collections.abc import Mapping

from cockpit.backends.kubernetes.wire import Condition
from cockpit.board.model import SafeText
from cockpit.board.text import safe

CONDITION = "DisruptionTarget"
_WORDS: Mapping[str, str] = {
    "EvictionByEvictionAPI": "evicted, as a drain does",
    "DeletionByTaintManager": "evicted, its node has a taint that it does not tolerate",
    "PreemptionByScheduler": "makes room for a pod that matters more",
    "DeletionByPodGC": "its node is gone",
    "TerminationByKubelet": "its node runs short of something",
}


def disrupted(found: Condition | None) -> SafeText:
    """ "evicted, as a drain does"; empty when it goes for another reason."""
    if found is None or found.status != "True":
        return SafeText("")
    return safe(_WORDS.get(found.reason) or found.message or found.reason, 300)
