"""What can go wrong with the record. str(error) is one line: what, where, why, what to do."""

from datetime import datetime


class JournalError(Exception):
    """The journal cannot be opened, read or written."""


class NotRecorded(JournalError):
    """Neither the journal nor the spill file took an entry: going on needs a confirmation of its own."""


class TargetBusy(JournalError):
    """Another change of the same target is open. Nothing was written."""

    def __init__(self, who: str, since: datetime, what: str) -> None:
        self.who = who
        self.since = since
        self.what = what
        super().__init__(
            f"{who} is changing this since {since:%H:%M:%SZ} ({what}): wait for the verdict, or talk first"
        )
