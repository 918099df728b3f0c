"""The processes of one selector over time: who is there, who went, who took whose place. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.procfs import Stat

CALM = timedelta(minutes=10)
"""A run of this length ends a series of restarts: the next one counts as the first."""
KEPT = timedelta(seconds=60)
"""How long one that went is still shown beside others that run."""


class Slot(Struct, frozen=True, kw_only=True):
    """One place in which a process runs. number: 1 for the first; a successor takes the place and counts a restart."""

    number: int
    process: Stat
    seen_at: datetime
    restarts: int = 0
    gone_at: datetime | None = None

    @property
    def key(self) -> tuple[int, int]:
        """(pid, start), which names a process for ever."""
        return self.process.pid, self.process.started

    @property
    def name(self) -> str:
        """The program's name, with the place's number from the second on."""
        return self.process.name if self.number == 1 else f"{self.process.name}-{self.number}"


def advance(slots: tuple[Slot, ...], processes: Iterable[Stat], now: datetime) -> tuple[Slot, ...]:
    """The slots after a look at what runs now, by number. Slots that did not change stay the same objects."""
    present = {(one.pid, one.started): one for one in processes}
    staying = [_seen(slot, present[slot.key]) for slot in slots if slot.key in present]
    leaving = sorted((slot for slot in slots if slot.key not in present), key=_since)
    known = {slot.key for slot in slots}
    for key, process in present.items():
        if key in known:
            continue
        if leaving:
            staying.append(_follow(leaving.pop(0), process, now))
        else:
            staying.append(Slot(number=_free([*staying, *leaving]), process=process, seen_at=now))
    gone = [slot if slot.gone_at else replace(slot, gone_at=now) for slot in leaving]
    if staying:
        gone = [slot for slot in gone if slot.gone_at is not None and now - slot.gone_at < KEPT]
    return tuple(sorted([*staying, *gone], key=lambda slot: slot.number))


def _seen(slot: Slot, process: Stat) -> Slot:
    """The same process, as before unless it renamed itself."""
    same = slot.gone_at is None and slot.process.name == process.name
    return slot if same else replace(slot, process=process, gone_at=None)


def _follow(slot: Slot, process: Stat, now: datetime) -> Slot:
    ran = (slot.gone_at or now) - slot.seen_at
    return Slot(number=slot.number, process=process, seen_at=now, restarts=1 if ran >= CALM else slot.restarts + 1)


def _since(slot: Slot) -> tuple[bool, datetime, int]:
    """Who went first comes first; who goes just now comes last."""
    return slot.gone_at is None, slot.gone_at or slot.seen_at, slot.number


def _free(slots: list[Slot]) -> int:
    taken = {slot.number for slot in slots}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)
