"""What one run writes down, and says to its reader where that cannot be kept."""

from cockpit.backends.change import Facts, Operation, Outcome, Plan, Verdict
from cockpit.board.model import SafeText
from cockpit.incident.entry import Draft, Entry
from cockpit.incident.errors import JournalError, NotRecorded, TargetBusy
from cockpit.mitigate import record
from cockpit.mitigate.errors import Refused
from cockpit.mitigate.record import Recorder
from cockpit.mitigate.sight import Baseline
from cockpit.mitigate.steps import Steps


class Minutes:
    """Writes a run's intent, results and verdict. run: its id, the same in each entry."""

    def __init__(self, journal: Recorder, run: str, plan: Plan, steps: Steps) -> None:
        self._journal, self._run, self._plan, self._steps = journal, run, plan, steps
        self._backed = 0

    async def open(self, before: Baseline, seen: Facts, *, who: str, profile: str, unrecorded: bool) -> None:
        """Write the intent, with how it was before. unrecorded: it is done though nothing can record it.

        Raises Refused when another change of a target is open, NotRecorded.
        """
        intent = record.intent(self._run, self._plan, before, who=who, profile=profile, witnessed=seen)
        try:
            entry = await self._journal.open_intent(intent)
        except TargetBusy as busy:
            raise Refused(f"{busy}; nothing was done") from busy
        except NotRecorded:
            if not unrecorded:
                raise
            self._steps.remark(record.NOT_RECORDED)
        else:
            self._kept(entry)

    async def answered(self, number: int, operation: Operation, outcome: Outcome | None, why: str) -> None:
        """What came of asking for operation `number` (from 0); outcome None: no answer, and why."""
        await self._write(record.result(self._run, self._plan, number, operation, outcome, why))

    async def stepped_back(self, operation: Operation, words: SafeText) -> None:
        """What came of taking something back."""
        self._backed += 1
        await self._write(record.stepped_back(self._run, self._plan, self._backed, operation, words))

    async def close(self, verdict: Verdict, left: tuple[Operation, ...]) -> None:
        """The end of the run. left: operations that were not done."""
        await self._write(record.verdict(self._run, self._plan, verdict, left=left))

    async def _write(self, draft: Draft) -> None:
        """A change under way is not given up because its record fails."""
        try:
            entry = await self._journal.append(draft)
        except JournalError:
            self._steps.remark(record.NOT_RECORDED)
        else:
            self._kept(entry)

    def _kept(self, entry: Entry) -> None:
        if entry.id == 0:
            self._steps.remark(record.SET_ASIDE)
