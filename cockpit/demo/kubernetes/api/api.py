"""Every request comes in here: who asks, whether a fault is held, whether it is allowed, and who answers it."""

from dataclasses import replace

from cockpit.demo.kubernetes.api.discovery import discover, paths
from cockpit.demo.kubernetes.api.errors import ApiError, method_not_allowed
from cockpit.demo.kubernetes.api.pages import Pages
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target, target_of
from cockpit.demo.kubernetes.api.watch import Watches
from cockpit.demo.kubernetes.cluster.access import Deed
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.server.wire import Answer, Call, reply

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Api:
    """The API of one cluster: `handle` is what the HTTP server calls."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.watches = Watches(cluster.store, cluster.clock)
        self.pages = Pages(cluster.store)
        self.reads = Reads(cluster, self.watches, self.pages)

    def compact(self) -> None:
        """Forget the past: running continue tokens and older resource versions are told 410."""
        self.cluster.store.compact()
        self.pages.forget()

    async def handle(self, call: Call) -> Answer:
        """Answer one request; whatever goes wrong becomes a Status object."""
        try:
            return await self._answer(call)
        except ApiError as error:
            answer = reply(error.body, error.status)
            return replace(answer, headers=error.headers)

    async def _answer(self, call: Call) -> Answer:
        fault = self.cluster.faults.met(f"{call.method} {call.path}")
        if fault is not None:
            await self._suffer(fault)
        user = self.cluster.policy.user(call.headers)
        if user is None:
            raise ApiError(401, "Unauthorized")
        call = replace(call, user=user)
        found = discover(call, self.cluster.has_metrics)
        if found is not None:
            return found
        target = target_of(call.path)
        if target is None:
            return reply({"paths": paths(self.cluster.has_metrics)}, 404)
        self._permit(user, target, call)
        return self._read(target, call)

    def _read(self, target: Target, call: Call) -> Answer:
        if call.method != "GET":
            raise method_not_allowed()
        if target.name and not call.flag("watch"):
            return self.reads.one(target, call)
        return self.reads.many(target, call)

    async def _suffer(self, fault: Fault) -> None:
        await self.cluster.clock.sleep(fault.seconds)
        if fault.status == 429:
            wait = (("Retry-After", str(fault.retry_after)),)
            raise ApiError(429, "too many requests, please try again later", headers=wait)
        if fault.status:
            raise ApiError(fault.status, _WORDS.get(fault.status, "the server has asked for a failure"))

    def _permit(self, user: str, target: Target, call: Call) -> None:
        kind = target.kind
        deed = Deed(_verb(target, call), kind.group, _resource(target), target.namespace, target.name)
        if not self.cluster.policy.allows(user, deed):
            raise forbidden(user, deed)


_WORDS = {
    401: "Unauthorized",
    500: "Internal error occurred: etcdserver: request timed out",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within the allotted timeout",
}


def _verb(target: Target, call: Call) -> str:
    if call.method == "GET" and call.flag("watch"):
        return "watch"
    if not target.name and call.method in {"GET", "DELETE"}:
        return "list" if call.method == "GET" else "deletecollection"
    return _VERBS.get(call.method, call.method.lower())


def _resource(target: Target) -> str:
    return f"{target.kind.plural}/{target.subresource}" if target.subresource else target.kind.plural


def forbidden(user: str, deed: Deed) -> ApiError:
    """403 as RBAC words it."""
    plural = deed.resource.partition("/")[0]
    qualified = f"{plural}.{deed.group}" if deed.group else plural
    named = f'{qualified} "{deed.name}"' if deed.name else qualified
    where = f'in the namespace "{deed.namespace}"' if deed.namespace else "at the cluster scope"
    what = f'resource "{deed.resource}" in API group "{deed.group}" {where}'
    words = f'{named} is forbidden: User "{user}" cannot {deed.verb} {what}'
    found = {"name": deed.name, "group": deed.group, "kind": plural}
    return ApiError(403, words, details={key: value for key, value in found.items() if value})
