"""The columns that a server prints for each kind, as data."""

from collections.abc import Mapping, Sequence

from cockpit.demo.kubernetes.api.columns import cluster, pods, policy, workloads
from cockpit.demo.kubernetes.api.columns.column import AGE, NAME, Column
from cockpit.demo.kubernetes.cluster.kinds import Kind

__all__ = ["Column", "columns_of"]

_COLUMNS: Mapping[str, Sequence[Column]] = {
    **pods.COLUMNS,
    **workloads.COLUMNS,
    **policy.COLUMNS,
    **cluster.COLUMNS,
}
_OTHERS = (NAME, AGE)


def columns_of(kind: Kind) -> Sequence[Column]:
    """The columns of a kind; name and age where it has no own."""
    return _COLUMNS.get(kind.storage, _OTHERS)
