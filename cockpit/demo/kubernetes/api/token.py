"""Tokens of service accounts, as `kubectl create token` asks for them."""

import secrets
from datetime import timedelta

from cockpit.demo.kubernetes.api.bodies import decoded
from cockpit.demo.kubernetes.api.errors import bad_request, method_not_allowed
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply

LASTS = 3600
"""Seconds, where no other time is asked for."""
LONGEST = 2**32


def token(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Reply:
    """POST. Where the cluster knows its users by tokens, it knows this one from now on. ApiError 400, 404, 405."""
    if call.method != "POST":
        raise method_not_allowed()
    meta = reads.entry(target).obj["metadata"]
    body = decoded(call)
    spec = (body.get("spec") or {}) if isinstance(body, dict) else {}
    seconds = spec.get("expirationSeconds") or LASTS
    if not isinstance(seconds, int) or not 600 <= seconds <= LONGEST:
        raise bad_request("spec.expirationSeconds: may not specify a duration less than 10 minutes or above 2^32 s")
    made = secrets.token_urlsafe(32)
    if cluster.policy.tokens:
        cluster.policy.tokens[made] = f"system:serviceaccount:{target.namespace}:{target.name}"
    status = {"token": made, "expirationTimestamp": stamp(cluster.now() + timedelta(seconds=seconds))}
    head = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1"}
    shown = {name: meta[name] for name in ("name", "namespace", "creationTimestamp")}
    return reply(head | {"metadata": shown, "spec": {**spec, "expirationSeconds": seconds}, "status": status}, 201)
