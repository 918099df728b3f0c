"""Calls, commands and actions of a profile as operations: everything that decides them is in the data."""

import shlex
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from cockpit.backends.change import DECLARED, Facts, Operation
from cockpit.board.model import Identity
from cockpit.board.text import safe
from cockpit.profile.deeds import STAGE, Call, Doing, Step
from cockpit.profile.schema import Service

_encode = msgspec.json.Encoder(order="sorted").encode


class Site:
    """Where operations are made for: a service, what runs it, the stage in per cent (0: none)."""

    def __init__(self, key: str, service: Service, target: Identity, stage: int = 0) -> None:
        self.key, self.service, self.target, self.stage = key, service, target, stage

    def call(self, name: str, title: str = "") -> Operation:
        """A call; its inverse, when that is a call too, takes it back at once."""
        made = self._call(name, title)
        inverse = self.service.calls[name].inverse
        back = self._call(inverse, "") if inverse in self.service.calls else None
        return replace(made, back=back)

    def _call(self, name: str, title: str) -> Operation:
        call = self.service.calls[name]
        shown = _request(call)
        facts: Facts = (
            ("request", safe(shown, 300)),
            *(((("body", safe(self._staged(call.body), 300)),)) if call.body else ()),
            ("expects", safe(", ".join(call.status))),
        )
        made = self._operation(
            "call", title or call.title or f"call {name}", call, after=facts, probe=call.after,
            deadline=max(float(call.deadline), float(call.timeout)), command=_curl(call, self._staged(call.body)),
        )  # fmt: skip
        return replace(made, requires=call.before, inverse=(call.inverse, ()) if call.inverse else None)

    def doing(self, doing: Doing) -> Operation:
        """A call or command; a step's own before, after and undo with it."""
        made = self.call(doing.call, doing.title) if doing.call else self._command(doing)
        if not isinstance(doing, Step):
            return made
        probe = doing.after or dict(made.arguments).get("probe", "")
        arguments = tuple(pair for pair in made.arguments if pair[0] != "probe")
        return replace(
            made, requires=doing.before or made.requires, done_when="probe" if probe else "probes",
            arguments=(*arguments, *((("probe", probe),) if probe else ())),
            deadline=max(float(doing.deadline), float(doing.timeout)),
            back=self.doing(doing.undo) if doing.undo is not None else made.back,
        )  # fmt: skip

    def _command(self, doing: Doing) -> Operation:
        # Only what is done: the title, the probes and what takes it back stand in the operation itself.
        bare = Doing(
            exec=doing.exec, command=doing.command, environment=doing.environment, matches=doing.matches,
            timeout=doing.timeout,
        )  # fmt: skip
        argv = doing.exec or doing.command
        words = " ".join(shlex.join(argv).split())
        verb, where = ("exec", "in an instance") if doing.exec else ("command", "on this machine")
        return self._operation(
            verb, doing.title or f"run {words}", bare, after=((where, safe(words, 300)), ("expects", safe("exit 0"))),
            deadline=float(doing.timeout), command=words,
        )  # fmt: skip

    def _operation(
        self, verb: str, title: str, spec: Call | Doing, *, after: Facts, deadline: float, command: str,
        probe: str = "",
    ) -> Operation:  # fmt: skip
        stage = f"{self.stage} %: " if self.stage else ""
        return Operation(
            verb=verb, title=safe(f"{stage}{' '.join(title.split())}", 200), target=self.target, after=after,
            arguments=(
                ("spec", _encode(spec).decode()), ("stage", str(self.stage or "")),
                *((("probe", probe),) if probe else ()),
            ),
            done_when="probe" if probe else "probes", deadline=deadline, command=safe(command, 500),
            source=DECLARED, service=self.key,
        )  # fmt: skip

    def _staged(self, text: str) -> str:
        return with_stage(text, str(self.stage or ""))


def with_stage(text: str, stage: str) -> str:
    """The text with the stage in its place; without a stage it is all: 100."""
    return text.replace(f"${{{STAGE}}}", stage or "100")


def _request(call: Call) -> str:
    return f"{call.method} {call.url or f'{call.scheme}://(port {call.port}){call.path}'}"


def _curl(call: Call, body: str) -> str:
    """The same by hand; variables stay names, so that no secret is shown."""
    where = call.url or f"{call.scheme}://HOST:{call.port}{call.path}"
    headers: Mapping[str, str] = call.headers
    parts = ["curl", "-X", call.method]
    for name, value in headers.items():
        parts += ["-H", f"{name}: {value}"]
    parts += ["--data", body] if body else []
    return shlex.join([*parts, where])
