"""What a client asks about itself: who am I, may I do this (SelfSubjectAccessReview), what may I do at all."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.api.bodies import decoded
from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.access import Deed, Grant
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

_ASKS, _IS = "/apis/authorization.k8s.io/v1/", "/apis/authentication.k8s.io/v1/"


def review(cluster: Cluster, call: Call) -> Reply | None:
    """The answer when the request is a review."""
    kind, answer = _REVIEWS.get(call.path, ("", None))
    if answer is None or call.method != "POST":
        return None
    body = decoded(call)
    # Who asks who it is says nothing more.
    if not isinstance(body, dict) or not isinstance(body.get("spec", {} if answer is _user else None), dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind})")
    meta = {"creationTimestamp": None}
    return reply({**body, "metadata": meta, "status": answer(cluster, call.user, body.get("spec", {}))}, 201)


def _access(cluster: Cluster, user: str, spec: Json) -> Json:
    wanted = spec.get("resourceAttributes")
    if not wanted:
        return {"allowed": user not in cluster.policy.grants}
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource = f"{resource}/{wanted['subresource']}"
    namespace, name = wanted.get("namespace", ""), wanted.get("name", "")
    deed = Deed(wanted.get("verb", ""), wanted.get("group", ""), resource, namespace, name)
    return {"allowed": cluster.policy.allows(user, deed)}


def _rules(cluster: Cluster, user: str, spec: Json) -> Json:
    namespace = spec.get("namespace", "")
    grants = cluster.policy.grants.get(user, (Grant(),))
    rules = [
        {"verbs": grant.verbs, "apiGroups": ["*"], "resources": grant.resources}
        for grant in grants
        if "*" in grant.namespaces or namespace in grant.namespaces
    ]
    return {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}


def _user(cluster: Cluster, user: str, spec: Json) -> Json:
    return {"userInfo": {"username": user, "groups": ["system:authenticated"]}}


_REVIEWS: Mapping[str, tuple[str, Callable[[Cluster, str, Json], Json]]] = {
    f"{_ASKS}selfsubjectaccessreviews": ("SelfSubjectAccessReview", _access),
    f"{_ASKS}selfsubjectrulesreviews": ("SelfSubjectRulesReview", _rules),
    f"{_IS}selfsubjectreviews": ("SelfSubjectReview", _user),
}
"""By path: what the body is, and who answers."""
