"""Every request comes in here: who asks, whether a fault is held, whether it is allowed, and who answers it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from cockpit.demo.kubernetes.api.attach import attach
from cockpit.demo.kubernetes.api.discovery import discover, paths
from cockpit.demo.kubernetes.api.errors import ApiError, bad_request, method_not_allowed
from cockpit.demo.kubernetes.api.eviction import evict
from cockpit.demo.kubernetes.api.exec import execute
from cockpit.demo.kubernetes.api.exposition import exposition
from cockpit.demo.kubernetes.api.kubelets import reached
from cockpit.demo.kubernetes.api.logs import logs
from cockpit.demo.kubernetes.api.metrics import metrics, metrics_target
from cockpit.demo.kubernetes.api.openapi import openapi
from cockpit.demo.kubernetes.api.pages import Pages
from cockpit.demo.kubernetes.api.portforward import forward
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.reviews import review
from cockpit.demo.kubernetes.api.routes import Target, target_of
from cockpit.demo.kubernetes.api.scale import scale
from cockpit.demo.kubernetes.api.token import token
from cockpit.demo.kubernetes.api.watch import Watches
from cockpit.demo.kubernetes.api.write import Writes
from cockpit.demo.kubernetes.cluster.access import Deed
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.faults import Fault
from cockpit.demo.kubernetes.server.wire import Answer, Call, reply

Handler = Callable[[Target, Call], Answer]

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Api:
    """The API of one cluster: `handle` is what the HTTP server calls."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.watches = Watches(cluster.store, cluster.clock)
        self.pages = Pages(cluster.store)
        self.reads = reads = Reads(cluster, self.watches, self.pages)
        writes = Writes(cluster, reads)
        self._handlers: Mapping[tuple[str, str], Handler] = {
            ("GET", "one"): reads.one,
            ("GET", "many"): reads.many,
            ("POST", "many"): writes.create,
            ("PUT", "one"): writes.update,
            ("PATCH", "one"): writes.patch,
            ("DELETE", "one"): writes.delete,
            ("DELETE", "many"): writes.delete_all,
        }
        self._parts: Mapping[str, Handler] = {
            "scale": partial(scale, cluster, reads),
            "eviction": partial(evict, cluster, reads),
            "log": partial(logs, cluster, reads),
            "attach": partial(attach, cluster, reads),
            "exec": partial(execute, cluster, reads),
            "portforward": partial(forward, cluster, reads),
            "token": partial(token, cluster, reads),
        }

    def compact(self) -> None:
        """Forget the past: running continue tokens and older resource versions are told 410."""
        self.cluster.store.compact()
        self.pages.forget()

    async def handle(self, call: Call) -> Answer:
        """Answer one request; whatever goes wrong becomes a Status object."""
        try:
            return await self._answer(call)
        except ApiError as error:
            return replace(reply(error.body, error.status), headers=error.headers)
        except (TypeError, AttributeError, KeyError, ValueError, IndexError, RecursionError) as error:
            # A body may have any shape: where a field is of another type than its kind's, decoding ends here.
            wrong = bad_request(f"the object provided is not of the shape of its kind: {type(error).__name__}: {error}")
            return reply(wrong.body, 400)

    async def _answer(self, call: Call) -> Answer:
        query = "&".join(f"{name}={value}" for name in sorted(call.arguments) for value in call.arguments[name])
        fault = self.cluster.faults.met(f"{call.method} {call.path}", query)
        if fault is not None:
            await self._suffer(fault)
        user = self.cluster.policy.user(call.headers)
        if user is None:
            raise ApiError(401, "Unauthorized")
        call = replace(call, user=user)
        found = discover(call, self.cluster.has_metrics) or openapi(call) or exposition(self.cluster, call)
        found = found or review(self.cluster, call)
        if found is not None:
            return found
        if used := metrics_target(call.path):
            self._permit(user, Deed("get" if used[2] else "list", "metrics.k8s.io", *used))
            return metrics(self.cluster, call, used)
        target = target_of(call.path)
        if target is None:
            return reply({"paths": paths(self.cluster.has_metrics)}, 404)
        self._permit(user, _deed(target, call))
        await reached(self.cluster, target)
        return self._route(target, call)

    def _route(self, target: Target, call: Call) -> Answer:
        if target.subresource and target.subresource not in target.kind.subresources:
            raise ApiError(404, "the server could not find the requested resource", details={})
        part = self._parts.get(target.subresource)
        if part is not None:
            return part(target, call)
        scope = "one" if target.name else "many"
        if call.method == "GET" and call.flag("watch"):
            scope = "many"
        handler = self._handlers.get((call.method, scope))
        if handler is None:
            raise method_not_allowed()
        return handler(target, call)

    async def _suffer(self, fault: Fault) -> None:
        await self.cluster.clock.sleep(fault.seconds)
        if fault.status == 429:
            wait = (("Retry-After", str(fault.retry_after)),)
            raise ApiError(429, "too many requests, please try again later", headers=wait)
        if fault.status:
            raise ApiError(fault.status, _WORDS.get(fault.status, "the server has asked for a failure"))

    def _permit(self, user: str, deed: Deed) -> None:
        if not self.cluster.policy.allows(user, deed):
            raise forbidden(user, deed)


_WORDS = {
    401: "Unauthorized",
    500: "Internal error occurred: etcdserver: request timed out",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within the allotted timeout",
}


def _deed(target: Target, call: Call) -> Deed:
    return Deed(_verb(target, call), target.kind.group, _resource(target), target.namespace, target.name)


def _verb(target: Target, call: Call) -> str:
    if call.method == "GET" and call.flag("watch"):
        return "watch"
    if target.subresource in {"attach", "exec", "portforward"}:
        return "create"
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
