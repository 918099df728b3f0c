"""What a client asks about itself: may I do this (SelfSubjectAccessReview), what may I do at all."""

from collections.abc import Callable, Mapping

from cockpit.demo.kubernetes.api.bodies import decoded
from cockpit.demo.kubernetes.api.errors import bad_request
from cockpit.demo.kubernetes.cluster.access import Deed, Grant
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

_PREFIX = "/apis/authorization.k8s.io/v1/"


def review(cluster: Cluster, call: Call) -> Reply | None:
    """The answer when the request is a review."""
    answer = _REVIEWS.get(call.path.removeprefix(_PREFIX)) if call.path.startswith(_PREFIX) else None
    if answer is None or call.method != "POST":
        return None
    body = decoded(call)
    if not isinstance(body, dict) or not isinstance(body.get("spec"), dict):
        raise bad_request("the object provided is unrecognized (must be of type SelfSubjectAccessReview)")
    meta = {"creationTimestamp": None}
    return reply({**body, "metadata": meta, "status": answer(cluster, call.user, body["spec"])}, 201)


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


_REVIEWS: Mapping[str, Callable[[Cluster, str, Json], Json]] = {
    "selfsubjectaccessreviews": _access,
    "selfsubjectrulesreviews": _rules,
}
