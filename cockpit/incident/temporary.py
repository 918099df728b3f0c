"""What was changed for the time being and not taken back: a fold over intents, results and verdicts.

An operation that has an inverse opens a temporary change of its target; the inverse, done later by whomever, ends it.
What was scaled, stopped, paused, isolated or limited counts, and a profile's call or action that names its inverse.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cockpit.backends.change import DECLARED, Operation, Plan
from cockpit.board.model import Identity, SafeText
from cockpit.board.text import safe
from cockpit.incident.entry import Entry
from cockpit.incident.intents import fact, run_of

Arguments = tuple[tuple[str, str], ...]

WORDS: Mapping[str, str] = {
    "scale": "scaled",
    "autoscale": "autoscaled",
    "stop": "stopped",
    "kill": "killed",
    "pause": "paused",
    "isolate": "isolated",
    "cordon": "cordoned",
    "set": "settings changed",
    "set-env": "environment changed",
    "unset-env": "environment changed",
}
"""Verbs that are not meant to last, and what the change is called. Start, resume and roll back mend what was."""

LASTS = frozenset({"start", "restart", "rollback", "rollback-config"})
"""Verbs that a profile may declare and that mend, though each can be taken back."""

ENDS: Mapping[str, frozenset[str]] = {
    "restart": frozenset({"start"}),
    "recreate": frozenset({"start", "resume"}),
}
"""Verbs that take back, besides what they do, whatever these would: what is restarted is stopped no more."""

_decode = msgspec.json.Decoder(Plan).decode


class Temporary(Struct, frozen=True, kw_only=True):
    """One change that still stands. inverse: (verb, arguments) to plan on `workload` to take it back.

    verdict: of the run that made it: a change that did not work, but was done, stands too.
    """

    word: SafeText
    title: SafeText
    service: str
    target: Identity
    workload: Identity
    since: datetime
    who: str
    verdict: str
    inverse: tuple[str, Arguments]
    place: str = ""
    """The name that what takes the target's place keeps; empty where nothing does."""


class _Deed(Struct, frozen=True, kw_only=True):
    """What was done to one target, as far as it matters here."""

    verb: str
    title: SafeText
    service: str
    target: Identity
    said: Arguments
    inverse: tuple[str, Arguments] | None
    declared: bool

    @property
    def place(self) -> str:
        """The name under which it is found again, when it was replaced meanwhile."""
        return dict(self.said).get("place", "")


class Changes:
    """The fold: hand it entries in the order of their ids, then take `open`."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._intents: dict[str, Entry] = {}
        self._accepted: dict[str, set[int]] = {}
        self._open: dict[tuple[Identity, str, str], Temporary] = {}
        self.open: tuple[Temporary, ...] = ()
        self.hear(entries)

    def hear(self, entries: Iterable[Entry]) -> None:
        """Take in what is new; unsaved entries change nothing until they are saved."""
        before = dict(self._open)
        for entry in entries:
            if not entry.id:
                continue
            run = run_of(entry)
            if entry.kind == "intent":
                self._intents[run] = entry
            elif entry.kind == "result" and fact(entry, "answer") != "refused" and fact(entry, "step").isdecimal():
                self._accepted.setdefault(run, set()).add(int(fact(entry, "step")))
            elif entry.kind == "verdict":
                self._ended(run, entry)
        if self._open != before:
            self.open = tuple(sorted(self._open.values(), key=lambda one: one.since))

    def _ended(self, run: str, verdict: Entry) -> None:
        intent, accepted = self._intents.pop(run, None), self._accepted.pop(run, set())
        if intent is None:
            return
        try:
            plan = _decode(fact(intent, "plan"))
        except msgspec.MsgspecError:
            return  # of another version
        result = fact(verdict, "result")
        if result != "worked" and plan.on_failure == "step back":
            return
        done = tuple(
            one for number, one in enumerate(plan.operations, 1) if result == "worked" or number in accepted
        )  # fmt: skip
        for deed in _deeds(plan, done):
            self._apply(deed, verdict, intent.who, result)

    def _apply(self, deed: _Deed, verdict: Entry, who: str, result: str) -> None:
        taken_back = [standing for standing, one in self._open.items() if _takes_back(deed, one)]
        for standing in taken_back:
            del self._open[standing]
        if taken_back or deed.inverse is None or not (deed.declared or deed.verb in WORDS):
            return
        key = (deed.target.workload if deed.place else deed.target, deed.inverse[0], _of_what(deed))
        word = safe(WORDS.get(deed.verb, deed.verb))
        earlier = self._open.get(key)
        if earlier is not None:  # scaled again: what it was at first is still what it goes back to
            self._open[key] = replace(earlier, word=word, title=deed.title, who=who, verdict=result)
            return
        self._open[key] = Temporary(
            word=word, title=deed.title, service=deed.service, target=deed.target, workload=deed.target.workload,
            since=verdict.happened, who=who, verdict=result, inverse=deed.inverse, place=deed.place,
        )  # fmt: skip


def _deeds(plan: Plan, done: tuple[Operation, ...]) -> Iterator[_Deed]:
    """Every operation by itself; what the profile declares as the one thing that it is."""
    for one in done:
        if one.source != DECLARED:
            yield _Deed(
                verb=one.verb, title=one.title, service=one.service or plan.service, target=one.target,
                said=(*one.arguments, *((name, str(value)) for name, value in one.after)), inverse=one.inverse,
                declared=False,
            )  # fmt: skip
    if any(one.source == DECLARED for one in done):
        yield _Deed(
            verb=plan.verb, title=safe(f"{plan.verb} {plan.service}"), service=plan.service, target=plan.workload,
            said=(), inverse=done[-1].inverse if done[-1].source == DECLARED else None,
            declared=plan.verb not in LASTS,
        )  # fmt: skip


def _of_what(deed: _Deed) -> str:
    """Two changes of the same are one: a second limit is not the first one, nor another variable, nor another place."""
    assert deed.inverse is not None
    given = dict(deed.inverse[1])
    names = sorted(name for name in given if name not in _WHICH)
    return " ".join((deed.place, given.get("variable", ""), *names))


_WHICH = frozenset({"instance", "networks"})
"""Arguments that say to which instances something is done, or how, not what."""


def _takes_back(deed: _Deed, one: Temporary) -> bool:
    same = deed.target.workload == one.workload and deed.place == one.place and one.place != ""
    if not same and deed.target not in (one.target, one.workload):
        return False
    verb, arguments = one.inverse
    if deed.verb == "remove" or verb in ENDS.get(deed.verb, frozenset()):
        return True
    # An image is meant by its id; said is its name, and the id beside it.
    said = {*deed.said, *(("image", value) for name, value in deed.said if name == "id")}
    return deed.verb == verb and all(pair in said for pair in arguments if pair[0] != "instance")
