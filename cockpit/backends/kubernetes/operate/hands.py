"""What every change of a cluster does with its API: read, ask whether it is permitted, rehearse, send."""

from typing import Any

from msgspec import Struct

from cockpit.backends.base import NoAnswer, SourceError
from cockpit.backends.change import Facts, PlanRefused
from cockpit.backends.evidence import Evidence
from cockpit.backends.kubernetes.client import KubeClient
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import BY_NAME, Kind
from cockpit.board.clock import Clock
from cockpit.board.model import Identity, SafeText, Workload
from cockpit.board.text import safe

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LISTED = 500
"""Objects of a kind that are looked at around a workload: a namespace has a handful."""
Json = dict[str, Any]


class Request(Struct, frozen=True, kw_only=True):
    """One request that changes something. verb, resource: as a role names them; subresource: "scale", say."""

    method: str
    path: str
    body: Json
    verb: str
    kind: Kind
    space: str
    name: str
    subresource: str = ""
    content_type: str = ""

    @property
    def permission(self) -> str:
        """ "patch deployments.apps/scale in shop"."""
        part = f"/{self.subresource}" if self.subresource else ""
        return f"{self.verb} {self.kind.resource}{part}" + (f" in {self.space}" if self.space else "")


class Hands:
    """Reads and changes one cluster; one for each operator."""

    def __init__(self, client: KubeClient, evidence: Evidence | None = None) -> None:
        """evidence: where what is known of a pod is kept before it goes; None: nowhere."""
        self.client, self.evidence = client, evidence

    @property
    def clock(self) -> Clock:
        """The injected clock."""
        return self.client.clock

    async def whole(self, identity: Identity) -> Json:
        """A workload with all of its fields. ApiAnswer with status 404 when it is gone."""
        return await self.named(BY_NAME[identity.kind], identity.space, identity.name)

    async def named(self, kind: Kind, space: str, name: str) -> Json:
        """One object with all of its fields. ApiAnswer with status 404 when it is gone."""
        return await self.client.get(f"{kind.path(space)}/{name}", Json)

    async def listed(self, kind: Kind, space: str, selector: str = "") -> list[Json]:
        """Objects of a kind in a namespace, LISTED at most."""
        query: dict[str, str | int] = {"limit": LISTED} | ({"labelSelector": selector} if selector else {})
        page = await self.client.get(kind.path(space), Json, query)
        return list(page.get("items") or ())[:LISTED]

    async def same_cluster(self, workload: Workload) -> None:
        """SourceError when the address leads to another cluster now than the one that the workload runs on."""
        access = await self.client.connect()
        try:
            found = await self.client.get("/api/v1/namespaces/kube-system", Json)
            scope = f"{(found.get('metadata') or {}).get('uid', '')}@{access.server}"
        except ApiAnswer as error:
            if error.status not in (403, 404):
                raise
            scope = access.server
        if workload.id.scope not in (scope, access.server):
            raise SourceError(
                f"{self.client.where} is another cluster now than the one that {workload.id.name} runs on"
            )

    async def rehearse(self, request: Request, verb: str) -> tuple[Facts, list[str]]:
        """(facts, risks) of asking the API whether this is permitted and would be accepted. PlanRefused says why not.

        A dry run goes through admission and validation and stores nothing. It is asked of the object as it is by then:
        in the middle of a rollout its status moves several times a second, and only the change itself must hold on to
        the version that was read.
        """
        name, risks = request.name, []
        permitted = await self.permitted(request)
        if permitted is False:
            raise PlanRefused(f"{verb} {name}: you are not permitted to {request.permission}")
        if permitted is None:
            risks.append("whether you are permitted to do it cannot be asked here")
        try:
            await self.client.send(
                request.method, request.path, _of_any_version(request.body), {"dryRun": "All"},
                content_type=request.content_type,
            )  # fmt: skip
        except ApiAnswer as error:
            if error.status == 400 and "dry run" in error.message:
                return (), [*risks, f"not rehearsed: {error.message}"]
            if error.status in (400, 403, 409, 422):
                raise PlanRefused(f"{verb} {name}: the API would refuse it: {error.message}") from None
            raise
        words = f"permitted ({request.permission}), dry run accepted" if permitted else "dry run accepted"
        return (("checked", safe(words, 300)),), risks

    async def permitted(self, request: Request) -> bool | None:
        """Whether one may send it; None: access reviews are not answered here."""
        wanted = {
            "verb": request.verb, "group": request.kind.group, "resource": request.kind.plural,
            "subresource": request.subresource, "namespace": request.space, "name": request.name,
        }  # fmt: skip
        body = {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {name: value for name, value in wanted.items() if value}},
        }  # fmt: skip
        try:
            answer = await self.client.post(REVIEWS, body, Json)
        except ApiAnswer as error:
            if error.status in (403, 404):
                return None
            raise
        return bool((answer.get("status") or {}).get("allowed"))

    async def send(self, request: Request) -> Json:
        """Do it. NoAnswer: whether it was done is not known, also when the API failed on its way."""
        try:
            return await self.client.send(request.method, request.path, request.body, content_type=request.content_type)
        except ApiAnswer as error:
            if error.status >= 500:
                raise NoAnswer(f"{error} (HTTP {error.status}): it may have been done all the same") from None
            raise


def _of_any_version(body: Json) -> Json:
    """A request's body with the object's uid as its only precondition."""
    return {
        name: {key: one for key, one in part.items() if key != "resourceVersion"}
        if name in ("metadata", "preconditions")
        else part
        for name, part in body.items()
    }


def meta_of(whole: Json) -> Json:
    """An object's metadata."""
    found: Json = whole.get("metadata") or {}
    return found


def spec_of(whole: Json) -> Json:
    """An object's spec."""
    found: Json = whole.get("spec") or {}
    return found


def text(value: object, most: int = 300) -> SafeText:
    """What the API says, to be shown."""
    return safe(str(value), most)
