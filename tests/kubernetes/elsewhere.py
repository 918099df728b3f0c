"""A cluster that COCKPIT_TEST_KUBECONFIG names, in the place of the emulator: the same tests, over the API alone.

The tests get a namespace of their own in it, `shop`, with the sample shop, and take it away again; one that is there
and not theirs is left alone. Objects are asked for each time, so what a test reads is what the cluster has. What only
an emulator can do (faults, another clock, a pod put into a state) leaves the test out with its reason.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

import httpx
import pytest

from cockpit.backends.kubernetes.access import find_access, tls_context
from cockpit.backends.kubernetes.credentials import Credentials
from cockpit.board.clock import SystemClock
from cockpit.board.secrets import Secrets
from cockpit.demo.kubernetes.cluster import build, sample
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json, Kind
from cockpit.demo.kubernetes.cluster.objects import Objects
from cockpit.demo.kubernetes.cluster.store import Listener, Store, owner_uid
from cockpit.demo.kubernetes.emulator import Emulator
from cockpit.demo.kubernetes.kubeconfig import write
from cockpit.profile.schema import Backend
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing

VARIABLE = "COCKPIT_TEST_KUBECONFIG"
NAMESPACE, CONTEXT = "shop", "demo"
OWN = "incident-cockpit/tests"
"""Label of a namespace that the tests made."""
WITHIN = 600.0
"""Seconds: a bound on hanging, for a cluster that pulls images and ends pods with their grace."""
_EMULATED: Mapping[str, str] = {
    "behaviours": "say what an image does",
    "events": "tell an event that did not happen",
    "faults": "have an API that fails on request",
    "logbook": "put lines into a log",
    "policy": "change who may do what",
    "shell": "say what a program in a pod answers",
}
_ELSEWHERE: Mapping[str, str] = {
    "api": "hold or forget what happened",
    "kubelet": "let containers die on request",
    "manager": "hold all controllers still",
    "nodes": "lose machines",
    "server": "hang up on everybody",
    "url": "be asked without credentials",
}


def named() -> Path | None:
    """The kubeconfig that the tests were pointed at."""
    found = os.environ.get(VARIABLE, "")
    return Path(found).expanduser().resolve() if found else None


def left_out(why: str) -> NoReturn:
    """Skip the test: the cluster is not the emulator."""
    pytest.skip(f"only the emulator can: {why}")


def _leave_machines(storage: str) -> None:
    """Others work on them."""
    if storage == "nodes":
        left_out("do as it likes with machines")


class Absent:
    """Stands where the emulator has a room of its own, for which there is `why`."""

    def __init__(self, why: str) -> None:
        object.__setattr__(self, "_why", why)

    def __getattr__(self, name: str) -> NoReturn:
        left_out(object.__getattribute__(self, "_why"))

    def __setattr__(self, name: str, value: object) -> None:
        left_out(object.__getattribute__(self, "_why"))


class Remote:
    """Requests to the cluster, one after the other. They block: nothing of it runs on the test's loop."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def ask(self, method: str, path: str, body: Json | None = None, **query: str) -> Json | None:
        """The answer; None when there is no such object. AssertionError with the API's words when it refuses."""
        answer = self._http.request(method, path, json=body, params=query)
        if answer.status_code == 404 and method in {"GET", "DELETE"}:
            return None
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        found: Json = answer.json()
        return found


def path_of(kind: Kind, namespace: str = "", name: str = "", part: str = "") -> str:
    """Where the API has a list, an object, a part of it."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    space = f"/namespaces/{namespace}" if namespace else ""
    return "/".join(one for one in (f"{root}{space}/{kind.plural}", name, part) if one)


def _bare(obj: Json) -> Json:
    return {key: value for key, value in obj.items() if key not in {"kind", "apiVersion"}}


class RemoteStore(Store):
    """What the tests read of a store, asked of the cluster."""

    def __init__(self, remote: Remote) -> None:
        super().__init__()
        self._remote = remote
        self._watching: set[asyncio.Task[None]] = set()

    def get(self, storage: str, namespace: str, name: str) -> Json | None:
        _leave_machines(storage)
        found = self._remote.ask("GET", path_of(BY_SHELF[storage], namespace, name))
        return None if found is None else _bare(found)

    def each(self, storage: str, namespace: str = "") -> Iterator[Json]:
        _leave_machines(storage)
        found = self._remote.ask("GET", path_of(BY_SHELF[storage], namespace)) or {}
        yield from found.get("items") or ()

    def owned(self, storage: str, uid: str) -> list[Json]:
        found = [obj for obj in self.each(storage, NAMESPACE) if owner_uid(obj) == uid]
        return sorted(found, key=lambda obj: str(obj["metadata"]["name"]))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Wakes it now and then: who listens here looks for itself at what is."""
        call = cast("Callable[..., None]", listener)

        async def wake() -> None:
            while True:
                await asyncio.sleep(0.2)
                call("", None)

        task = asyncio.get_running_loop().create_task(wake())
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

        def stop() -> None:
            task.cancel()

        return stop

    def put(self, storage: str, obj: Json) -> Json:
        left_out(f"put {storage} into a state as if they had come to it")

    def remove(self, storage: str, namespace: str, name: str) -> Json | None:
        left_out(f"let {storage} be gone from one moment to the next")


class RemoteObjects(Objects):
    """Writes of the tests, as anybody's who is beside the cockpit."""

    def __init__(self, remote: Remote, store: Store) -> None:
        super().__init__(store, SystemClock())
        self._remote = remote

    def create(self, kind: Kind, obj: Json, *, dry: bool = False, created: str = "") -> Json:
        _leave_machines(kind.storage)
        made = {**obj, "kind": kind.kind, "apiVersion": kind.api_version}
        return self._sent("POST", path_of(kind, obj["metadata"].get("namespace", "")), made, dry)

    def change(self, kind: Kind, old: Json, new: Json, *, part: str = "", dry: bool = False) -> Json:
        meta = {key: value for key, value in new["metadata"].items() if key != "resourceVersion"}
        made = {**new, "metadata": meta, "kind": kind.kind, "apiVersion": kind.api_version}
        where = path_of(kind, old["metadata"].get("namespace", ""), old["metadata"]["name"], part)
        return self._sent("PUT", where, made, dry)

    def delete(
        self, kind: Kind, obj: Json, *, grace: int | None = None, orphan: bool = False, dry: bool = False
    ) -> Json:
        body: Json = {"kind": "DeleteOptions", "apiVersion": "v1"}
        body |= {"gracePeriodSeconds": grace} if grace is not None else {}
        body |= {"propagationPolicy": "Orphan"} if orphan else {}
        where = path_of(kind, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        return self._sent("DELETE", where, body, dry)

    def _sent(self, method: str, path: str, body: Json, dry: bool) -> Json:
        query = {"dryRun": "All"} if dry else {}
        return _bare(self._remote.ask(method, path, body, **query) or {})


class RemoteCluster(Cluster):
    """What the tests read and write of a cluster."""

    def __init__(self, remote: Remote) -> None:
        super().__init__(SystemClock())
        self.store = RemoteStore(remote)
        self.objects = RemoteObjects(remote, self.store)
        for name, why in _EMULATED.items():
            setattr(self, name, Absent(why))

    def __setattr__(self, name: str, value: object) -> None:
        if name == "has_metrics" and name in self.__dict__:
            left_out("stop telling metrics")
        super().__setattr__(name, value)


class Elsewhere:
    """In the place of an `Emulator`: its cluster can be read and written, nothing else of it is there."""

    def __init__(self, remote: Remote) -> None:
        self.cluster = RemoteCluster(remote)

    def __getattr__(self, name: str) -> NoReturn:
        left_out(_ELSEWHERE[name])


@contextlib.asynccontextmanager
async def borrowed(named: Path, folder: Path) -> AsyncIterator[tuple[Emulator, Path]]:
    """The cluster with the sample shop standing in a namespace of its own, and a kubeconfig for it."""
    if reason := why_not():
        missing(reason)
    assert "PYTEST_XDIST_WORKER" not in os.environ, (
        f"with {VARIABLE} the tests share one namespace: run them without -n"
    )
    file = await _kubeconfig(named, folder)
    access = find_access(Backend(kind="kubernetes"), {"KUBECONFIG": str(file)})
    proof = await Credentials(access, SystemClock(), Secrets(), os.environ).proof()
    context = tls_context(access, proof.certificate, proof.key)
    verify = context if context is not None else False
    with httpx.Client(base_url=access.server, verify=verify, headers=proof.pairs, timeout=60) as http:
        remote = Remote(http)
        await _ended(remote, refuse=True)
        try:
            await _shop(remote)
            yield cast(Emulator, Elsewhere(remote)), file
        finally:
            await _ended(remote, refuse=False)


async def _kubeconfig(named: Path, folder: Path) -> Path:
    """The current context alone, under the names that the tests know."""
    kubectl = Kubectl(named, folder)
    whole = json.loads(await kubectl.ask("config", "view", "--minify", "--flatten", "--raw", "-o", "json"))
    (context,) = whole["contexts"]
    made = {"name": CONTEXT, "context": {**context["context"], "namespace": NAMESPACE}}
    file = folder / "kubeconfig"
    write(file, json.dumps({**whole, "contexts": [made], "current-context": CONTEXT}))
    return file


async def _ended(remote: Remote, *, refuse: bool) -> None:
    """The namespace is gone. refuse: fail on one that the tests did not make."""
    where = path_of(BY_SHELF["namespaces"], name=NAMESPACE)
    found = remote.ask("GET", where)
    if found is None:
        return
    own = OWN in (found["metadata"].get("labels") or {})
    assert own or not refuse, (
        f"there is a namespace {NAMESPACE} already, which the tests did not make: they need its name"
    )
    if own:
        remote.ask("DELETE", where)
        await _until(lambda: remote.ask("GET", where) is None)


async def _shop(remote: Remote) -> None:
    """The sample shop, made by requests, once all of it is ready."""
    objects = RemoteObjects(remote, Store())
    space = build.namespace(NAMESPACE)
    objects.create(BY_SHELF["namespaces"], {**space, "metadata": {**space["metadata"], "labels": {OWN: "true"}}})
    for storage, obj in sample.definitions(NAMESPACE):
        obj.get("spec", {}).pop("clusterIP", None)  # which range it is from, the cluster knows
        objects.create(BY_SHELF[storage], obj)
    deployments = path_of(BY_SHELF["deployments.apps"], NAMESPACE)

    def ready() -> bool:
        found = (remote.ask("GET", deployments) or {})["items"]
        return all(_is_available(one) for one in found)

    await _until(ready)


def _is_available(deployment: Mapping[str, Any]) -> bool:
    return bool(deployment.get("status", {}).get("availableReplicas", 0) == deployment["spec"]["replicas"])


async def _until(held: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        # Nothing on this side says when another's cluster has changed.
        while not held():  # noqa: ASYNC110
            await asyncio.sleep(0.2)
