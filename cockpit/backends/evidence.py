"""What is to be kept of a workload's instances: what the profile declares for the services that it runs, and whether a
change may go on when something of it is missing. Of any backend."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from cockpit.backends.capture import CannotKeep, Keeper
from cockpit.backends.change import Operation
from cockpit.board.clock import Clock
from cockpit.board.model import Workload
from cockpit.board.secrets import Secrets
from cockpit.board.select import Selection
from cockpit.profile.captures import Capture
from cockpit.profile.expand import UnsetVariable, expand
from cockpit.profile.policy import PolicyRule
from cockpit.profile.schema import Profile, Service

NEED = "capture"
VERB = "capture"

_encode = msgspec.json.Encoder(order="sorted").encode
_decode = msgspec.json.Decoder(dict[str, Capture]).decode


class Evidence:
    """What operators share: the writer, the secrets that are masked in what it writes, and the profile's words."""

    def __init__(
        self, state: Path, profile: Profile, clock: Clock, secrets: Secrets, environ: Mapping[str, str]
    ) -> None:
        self.keeper = Keeper(state, clock)
        self.secrets = secrets
        self._profile, self._environ = profile, environ
        self._selection = Selection(profile)

    def arguments(
        self, workload: Workload, verb: str, moved: Iterable[Workload] = ()
    ) -> tuple[tuple[str, str], ...]:  # fmt: skip
        """For an operation that captures: ("declared", the profile's captures) and ("required", why), where there are.

        verb: what is done afterwards; `capture` itself is asked for, so nothing may be missing. moved: whose instances
        it takes from a node; what the policy wants of their services counts.
        """
        declared = dict(pair for service in self._services(workload) for pair in service.captures.items())
        why = next(filter(None, (self._required(one, verb) for one in (workload, *moved))), "")
        return (
            *((("declared", _encode(declared).decode()),) if declared else ()),
            *((("required", why),) if why else ()),
        )

    def environment(self, capture: Capture) -> dict[str, str]:
        """What its command gets, `${NAME}` filled in (and masked everywhere). CannotKeep: a variable is not set."""
        try:
            return {name: expand(value, self._environ, self._mask) for name, value in capture.environment.items()}
        except UnsetVariable as error:
            raise CannotKeep(f"{error} in the cockpit's environment") from None

    def _mask(self, value: str) -> None:
        self.secrets.register(value)

    def _services(self, workload: Workload) -> Iterator[Service]:
        """Those that the workload runs, as the profile declares them; what was discovered is an ordinary one."""
        for chosen in self._selection.services(workload):
            yield self._profile.services.get(chosen.key, Service())

    def _required(self, workload: Workload, verb: str) -> str:
        if verb == VERB:
            return "it was asked for"
        tiers = {service.tier for service in self._services(workload)}
        rule = next((rule for rule in self._profile.policy if self._asks(rule, verb, tiers)), None)
        return f"the policy wants it kept{f': {rule.why}' if rule.why else ''}" if rule else ""

    def _asks(self, rule: PolicyRule, verb: str, tiers: set[int]) -> bool:
        return (
            rule.need == NEED
            and (not rule.verbs or verb in rule.verbs)
            and (not rule.tiers or bool(tiers & set(rule.tiers)))
            and (not rule.environments or self._profile.environment in rule.environments)
        )


def declared(operation: Operation) -> dict[str, Capture]:
    """What of the profile an operation captures, by name."""
    return _decode(dict(operation.arguments).get("declared", "{}"))
