"""Who may do what: a small policy. Out of the box everybody may do everything; tests and drills narrow it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

ADMIN = "system:admin"
ANYTHING = ("*",)


class Deed(NamedTuple):
    """What somebody wants: `resource` carries its subresource (`pods/log`), an empty namespace is all of them."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Grant(NamedTuple):
    """What is allowed; `*` stands for all."""

    verbs: tuple[str, ...] = ANYTHING
    resources: tuple[str, ...] = ANYTHING
    namespaces: tuple[str, ...] = ANYTHING

    def covers(self, deed: Deed) -> bool:
        return (
            _in(deed.verb, self.verbs)
            and _in(deed.resource, self.resources)
            and ("*" in self.namespaces or deed.namespace in self.namespaces)
        )


def _in(word: str, allowed: tuple[str, ...]) -> bool:
    return "*" in allowed or word in allowed


READ_ONLY = Grant(("get", "list", "watch"))


@dataclass
class Policy:
    """tokens: who a bearer token is; with any, a request without one is 401. grants: a user who is named here may do
    only what they cover, everybody else may do all. `revoked` tokens are 401."""

    tokens: dict[str, str] = field(default_factory=dict)
    grants: dict[str, tuple[Grant, ...]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def user(self, headers: Mapping[str, str]) -> str | None:
        """Who asks, None when that is not known. A known user may speak for another (Impersonate-User)."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if kind.lower() == "bearer" else ""
        if bearer in self.revoked or (self.tokens and bearer not in self.tokens):
            return None
        return headers.get("impersonate-user", "") or self.tokens.get(bearer, ADMIN)

    def allows(self, user: str, deed: Deed) -> bool:
        grants = self.grants.get(user)
        return grants is None or any(grant.covers(deed) for grant in grants)
