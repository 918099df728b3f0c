"""What is served, as clients ask for it: versions, groups, resources, in the old form and the aggregated one."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.cluster.kinds import KINDS, VERBS, Json, Kind, groups
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

VERSION: Json = {
    "major": "1",
    "minor": "33",
    "emulationMajor": "1",
    "emulationMinor": "33",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "32",
    "gitVersion": "v1.33.4",
    "gitCommit": "cockpit-demo",
    "gitTreeState": "clean",
    "buildDate": "2025-08-13T00:00:00Z",
    "goVersion": "go1.24.5",
    "compiler": "gc",
    "platform": "linux/amd64",
}

_SUBRESOURCES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "status": ("", "", ("get", "patch", "update")),
    "scale": ("autoscaling/v1", "Scale", ("get", "patch", "update")),
    "eviction": ("policy/v1", "Eviction", ("create",)),
    "attach": ("", "PodAttachOptions", ("create", "get")),
    "exec": ("", "PodExecOptions", ("create", "get")),
    "log": ("", "Pod", ("get",)),
    "portforward": ("", "PodPortForwardOptions", ("create", "get")),
    "token": ("authentication.k8s.io/v1", "TokenRequest", ("create",)),
}
"""name -> (its group and version, its kind, verbs); an empty one is the parent's."""

_VIRTUAL: Mapping[tuple[str, str], tuple[tuple[str, str, bool, tuple[str, ...]], ...]] = {
    ("authentication.k8s.io", "v1"): (("selfsubjectreviews", "SelfSubjectReview", False, ("create",)),),
    ("authorization.k8s.io", "v1"): (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview", False, ("create",)),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview", False, ("create",)),
    ),
    ("metrics.k8s.io", "v1beta1"): (
        ("nodes", "NodeMetrics", False, ("get", "list")),
        ("pods", "PodMetrics", True, ("get", "list")),
    ),
}
"""Resources that are answered and not stored."""


def _groups(metrics: bool) -> dict[str, list[str]]:
    found = groups() | {group: [version] for group, version in _VIRTUAL}
    if not metrics:
        del found["metrics.k8s.io"]
    return dict(sorted(found.items()))


def discover(call: Call, metrics: bool) -> Reply | None:
    """The answer when the path is one of discovery. metrics: whether metrics.k8s.io is there."""
    parts = tuple(part for part in call.path.split("/") if part)
    found = _PATHS.get(parts)
    if found is not None:
        return found(call, metrics)
    if parts[:1] == ("api",) and len(parts) == 2:
        return _resources("", parts[1], metrics)
    if parts[:1] == ("apis",) and len(parts) == 2:
        versions = _groups(metrics).get(parts[1])
        return (
            None if versions is None else reply({"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], versions)})
        )
    if parts[:1] == ("apis",) and len(parts) == 3:
        return _resources(parts[1], parts[2], metrics)
    return None


def _api(call: Call, metrics: bool) -> Reply:
    if _wants_aggregated(call):
        return _aggregated({"": ["v1"]})
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": call.headers.get("host", "127.0.0.1")}]
    return reply({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses})


def _apis(call: Call, metrics: bool) -> Reply:
    if _wants_aggregated(call):
        return _aggregated(_groups(metrics))
    listed = [_group(name, versions) for name, versions in _groups(metrics).items()]
    return reply({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})


def _wants_aggregated(call: Call) -> bool:
    asked = call.accept.replace(" ", "")
    return "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" in asked


def _group(name: str, versions: list[str]) -> Json:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(group: str, version: str, metrics: bool) -> Reply | None:
    if version not in (_groups(metrics).get(group, []) if group else ["v1"]):
        return None
    listed: list[Json] = []
    for kind in _kinds(group, version):
        more: Json = {"shortNames": kind.short} if kind.short else {}
        more |= {"categories": kind.categories} if kind.categories else {}
        listed.append(_resource(kind.plural, kind.one, kind.namespaced, kind.kind, VERBS) | more)
        for name in sorted(kind.subresources):
            api_version, sub, verbs = _SUBRESOURCES[name]
            where = dict(zip(("group", "version"), api_version.split("/"), strict=True)) if api_version else {}
            listed.append(where | _resource(f"{kind.plural}/{name}", "", kind.namespaced, sub or kind.kind, verbs))
    for plural, name, namespaced, verbs in _VIRTUAL.get((group, version), ()):
        listed.append(_resource(plural, name.lower(), namespaced, name, verbs))
    title = f"{group}/{version}" if group else version
    return reply({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": title, "resources": listed})


def _kinds(group: str, version: str) -> list[Kind]:
    return [kind for kind in KINDS if (kind.group, kind.version) == (group, version)]


def _resource(plural: str, singular: str, namespaced: bool, kind: str, verbs: tuple[str, ...]) -> Json:
    return {"name": plural, "singularName": singular, "namespaced": namespaced, "kind": kind, "verbs": verbs}


def _aggregated(found: Mapping[str, list[str]]) -> Reply:
    items = []
    for group, versions in found.items():
        listed = [
            {"version": version, "resources": _discovered(group, version), "freshness": "Current"}
            for version in versions
        ]
        meta = ({"name": group} if group else {}) | {"creationTimestamp": None}
        items.append({"metadata": meta, "versions": listed})
    head = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}
    return reply(head | {"items": items}, content_type=AGGREGATED)


def _discovered(group: str, version: str) -> list[Json]:
    listed = [
        _described(kind.plural, kind.kind, kind.one, kind.namespaced, VERBS) | _more(kind)
        for kind in _kinds(group, version)
    ]
    for plural, name, namespaced, verbs in _VIRTUAL.get((group, version), ()):
        listed.append(_described(plural, name, name.lower(), namespaced, verbs))
    return listed


def _described(plural: str, kind: str, singular: str, namespaced: bool, verbs: tuple[str, ...]) -> Json:
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": "Namespaced" if namespaced else "Cluster",
        "singularResource": singular,
        "verbs": verbs,
    }


def _more(kind: Kind) -> Json:
    more: Json = {"shortNames": kind.short} if kind.short else {}
    more |= {"categories": kind.categories} if kind.categories else {}
    if not kind.subresources:
        return more
    listed = []
    for name in sorted(kind.subresources):
        api_version, sub, verbs = _SUBRESOURCES[name]
        group, _, version = api_version.partition("/")
        what = {"group": group, "version": version, "kind": sub or kind.kind}
        listed.append({"subresource": name, "responseKind": what, "verbs": verbs})
    return more | {"subresources": listed}


def _version(call: Call, metrics: bool) -> Reply:
    return reply(VERSION)


def _healthy(call: Call, metrics: bool) -> Reply:
    return Reply(200, b"ok", "text/plain; charset=utf-8")


_PATHS: Mapping[tuple[str, ...], Callable[[Call, bool], Reply]] = {
    ("api",): _api,
    ("apis",): _apis,
    ("version",): _version,
    ("healthz",): _healthy,
    ("livez",): _healthy,
    ("readyz",): _healthy,
}


def paths(metrics: bool) -> list[str]:
    """Every path that discovery leads to, for the answer to one that is not there."""
    found = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"]
    for group, versions in _groups(metrics).items():
        found += [f"/apis/{group}", *(f"/apis/{group}/{version}" for version in versions)]
    return sorted(found)
