"""Rules over what is kept of an instance before it goes."""

from collections.abc import Iterator
from typing import Final

from cockpit.profile.facts import Facts, Finding
from cockpit.profile.issue import Path
from cockpit.profile.plain import ADVICE, plain_argument, plain_value

OWN: Final = frozenset({"log", "log.txt", "inspect", "inspect.txt"})
"""Names of what is always kept."""


def captures(facts: Facts) -> Iterator[Finding]:
    """Every capture has an instance to run in, a name of its own, and no secret in its command line."""
    for name, service in facts.profile.services.items():
        for capture_name, capture in service.captures.items():
            path: Path = ("services", name, "captures", capture_name)
            if capture_name.lower() in OWN:
                yield Finding(path, f"{capture_name} is always kept; allowed: another name", True)
            if not service.workloads and facts.whole((*path[:2], "workloads")):
                yield Finding(path, "the service has no instance to run it in; allowed: with workloads:", True)
            if not capture.argv[0]:
                yield Finding((*path, "argv", 0), "no command; allowed: a program's name or path")
            place = plain_argument(capture.argv)
            if place is not None:
                text = "a secret in a command line, which `ps` shows; allowed: under environment:, as ${NAME}"
                yield Finding((*path, "argv", place), text)
            for variable, value in capture.environment.items():
                if plain_value(variable, value):
                    yield Finding((*path, "environment", variable), ADVICE)
