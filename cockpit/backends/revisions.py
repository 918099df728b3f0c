"""What a workload may be gone back to, as a list to read; told by those sources whose platform keeps it."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from cockpit.backends.history import Ran
from cockpit.board.model import Workload
from cockpit.board.revision import Revision


@runtime_checkable
class Revises(Protocol):
    """A source that knows the revisions of its workloads."""

    async def revisions(self, workload: Workload, past: Sequence[Ran]) -> tuple[Revision, ...]:
        """The revisions that are kept, newest first. past: what was recorded of the workload's releases.

        SourceError: this kind keeps none, or they may not be seen.
        """
        ...
