"""Whether a profile means the demo's emulated cluster. Every start asks, so this loads nothing else of the demo."""

from cockpit.demo.kubernetes.kubeconfig import CONTEXT
from cockpit.profile.schema import Profile


def is_emulated(profile: Profile) -> bool:
    """Whether a profile means the cluster of a demo: by the context that only its kubeconfig has."""
    return any(one.kind == "kubernetes" and one.context == CONTEXT for one in profile.backends.values())
