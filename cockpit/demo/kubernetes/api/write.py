"""POST, PUT, PATCH and DELETE of objects, with dry runs, preconditions and conflicts."""

from typing import Any

from cockpit.demo.kubernetes.api.apply import applied
from cockpit.demo.kubernetes.api.bodies import content_type, decoded, obj_of
from cockpit.demo.kubernetes.api.errors import ApiError, bad_request, conflict, exists, modified
from cockpit.demo.kubernetes.api.managers import entered, manager_of
from cockpit.demo.kubernetes.api.patch import APPLY, patched
from cockpit.demo.kubernetes.api.read import Reads, meant
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.shapes import shaped
from cockpit.demo.kubernetes.api.validate import validate
from cockpit.demo.kubernetes.api.versions import shown, stored
from cockpit.demo.kubernetes.api.views import view_of
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.defaults import defaulted
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.objects import changed
from cockpit.demo.kubernetes.cluster.store import Entry
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.server.wire import Call, Reply, reply


class Writes:
    """Answers changes of one cluster's objects."""

    def __init__(self, cluster: Cluster, reads: Reads) -> None:
        self._cluster, self._reads = cluster, reads

    def create(self, target: Target, call: Call) -> Reply:
        """POST to a list. ApiError 400, 404 (its namespace), 409, 422."""
        obj = self._placed(target, stored(target.kind, obj_of(call, target.kind)))
        return self._created(target.kind, obj, call)

    def _created(self, kind: Kind, obj: Json, call: Call) -> Reply:
        name, namespace = obj["metadata"].get("name", ""), obj["metadata"].get("namespace", "")
        if namespace and self._cluster.store.get("namespaces", "", namespace) is None:
            raise ApiError(
                404, f'namespaces "{namespace}" not found', details={"name": namespace, "kind": "namespaces"}
            )
        if name and self._cluster.store.get(kind.storage, namespace, name) is not None:
            raise exists(kind, name)
        shaped(kind, obj)
        validate(kind, defaulted(kind, obj))
        if content_type(call) != APPLY:
            obj = entered(kind, None, obj, manager_of(call), stamp(self._cluster.now()))
        made = self._cluster.objects.create(kind, obj, dry=dry_run(call))
        return self._shown(kind, made, call, 201)

    def _placed(self, target: Target, obj: Json) -> Json:
        said = obj["metadata"].get("namespace", "")
        if not target.kind.namespaced:
            return changed(obj) if not said else _without_namespace(obj)
        if said and said != target.namespace:
            raise bad_request(
                f"the namespace of the provided object does not match the namespace sent on the request ({said})"
            )
        return changed(obj, namespace=target.namespace)

    def update(self, target: Target, call: Call) -> Reply:
        """PUT of an object or of its status."""
        old = self._reads.entry(target).obj
        obj = self._placed(target, stored(target.kind, obj_of(call, target.kind)))
        if obj["metadata"].get("name") != target.name:
            raise bad_request(
                f"the name of the object ({obj['metadata'].get('name', '')}) does not match the name on the URL "
                f"({target.name})"
            )
        return self._stored(target, old, obj, call)

    def patch(self, target: Target, call: Call) -> Reply:
        """PATCH of an object or of its status. ApiError 409 when the patch names another version."""
        body = decoded(call)
        if content_type(call) == APPLY:
            return self._apply(target, call, body)
        old = self._reads.entry(target).obj
        made = patched(content_type(call), self._whole(target.kind, old), body)
        made = stored(target.kind, {key: made[key] for key in made if key not in {"kind", "apiVersion"}})
        return self._stored(target, old, made, call)

    def _whole(self, kind: Kind, obj: Json) -> Json:
        """An object as the client knows it: JSON patches may test its kind."""
        return {"kind": kind.kind, "apiVersion": kind.api_version, **shown(kind, obj)}

    def _apply(self, target: Target, call: Call, body: Any) -> Reply:
        if not isinstance(body, dict):
            raise bad_request("error decoding YAML: an object is needed")
        if not call.query("fieldManager"):
            words = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
            raise ApiError(422, words, details={})
        kind = target.kind
        found = self._cluster.store.shelves[kind.storage].items.get((target.namespace, target.name))
        wanted = {key: value for key, value in body.items() if key not in {"kind", "apiVersion"}}
        wanted = stored(kind, {**wanted, "metadata": {"name": target.name, **wanted.get("metadata", {})}})
        manager, now = call.query("fieldManager"), stamp(self._cluster.now())
        if found is None:
            wanted = self._placed(target, wanted)
            return self._created(kind, applied(kind, {"metadata": {}}, wanted, manager, force=True, now=now), call)
        made = applied(kind, found.obj, wanted, manager, force=call.flag("force"), now=now)
        return self._stored(target, found.obj, made, call)

    def _stored(self, target: Target, old: Json, new: Json, call: Call) -> Reply:
        kind = target.kind
        said = new["metadata"].get("resourceVersion", "")
        if said and said != old["metadata"]["resourceVersion"]:
            raise modified(kind, target.name)
        if (uid := new["metadata"].get("uid", "")) and uid != old["metadata"]["uid"]:
            raise conflict(kind, target.name, _precondition("UID", uid, old["metadata"]["uid"]))
        if target.subresource != "status":
            shaped(kind, new)
            validate(kind, defaulted(kind, new), old)
            if content_type(call) != APPLY:
                new = entered(kind, old, new, manager_of(call), stamp(self._cluster.now()))
        made = self._cluster.objects.change(kind, old, new, part=target.subresource, dry=dry_run(call))
        return self._shown(kind, made, call)

    def delete(self, target: Target, call: Call) -> Reply:
        """DELETE of one object. ApiError 409 when a precondition does not hold."""
        obj = self._reads.entry(target).obj
        gone, grace = self._delete(target.kind, obj, options_of(call), call)
        if grace:
            return self._shown(target.kind, gone, call)
        meta = obj["metadata"]
        found = {"name": meta["name"], "group": target.kind.group, "kind": target.kind.plural, "uid": meta["uid"]}
        return success({key: value for key, value in found.items() if value})

    def delete_all(self, target: Target, call: Call) -> Reply:
        """DELETE of every object that is selected."""
        test, options, entries = meant(target.kind, call), options_of(call), []
        for obj in list(self._cluster.store.each(target.kind.storage, target.namespace)):
            if test(obj):
                gone, _ = self._delete(target.kind, obj, options, call)
                entries.append(Entry(gone, int(gone["metadata"]["resourceVersion"])))
        meta = {"resourceVersion": str(self._cluster.store.version)}
        return Reply(200, view_of(call, self._cluster.now, of_list=True).page(target.kind, entries, meta))

    def _delete(self, kind: Kind, obj: Json, options: Json, call: Call) -> tuple[Json, bool]:
        """The object as it is then, and whether it is still there."""
        _check(kind, obj, options.get("preconditions") or {})
        orphan = options.get("propagationPolicy") == "Orphan" or options.get("orphanDependents") is True
        grace = options.get("gracePeriodSeconds")
        dry = dry_run(call) or options.get("dryRun") == ["All"]
        made = self._cluster.objects.delete(kind, obj, grace=grace, orphan=orphan, dry=dry)
        return made, "deletionTimestamp" in made["metadata"]

    def _shown(self, kind: Kind, obj: Json, call: Call, status: int = 200) -> Reply:
        entry = Entry(obj, int(obj["metadata"].get("resourceVersion") or 0))
        view = view_of(call, self._cluster.now, of_list=False)
        return Reply(status, view.single(kind, entry))


def dry_run(call: Call) -> bool:
    """Whether only to pretend. ApiError 400 for any other word than All."""
    asked = call.arguments.get("dryRun", ())
    if asked and set(asked) != {"All"}:
        raise ApiError(422, f'invalid dryRun: Unsupported value: "{asked[0]}": supported values: "All"', details={})
    return bool(asked)


def options_of(call: Call) -> Json:
    """DeleteOptions from body and query. ApiError 400."""
    body = decoded(call)
    if body is not None and not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type DeleteOptions)")
    options: Json = dict(body or {})
    if call.query("gracePeriodSeconds").lstrip("-").isdigit():
        options["gracePeriodSeconds"] = int(call.query("gracePeriodSeconds"))
    if call.query("propagationPolicy"):
        options["propagationPolicy"] = call.query("propagationPolicy")
    grace = options.get("gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or isinstance(grace, bool)):
        raise bad_request("gracePeriodSeconds is a number of seconds")
    return options


def success(details: Json | None = None) -> Reply:
    """Status Success."""
    body: Json = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return reply(body | ({"details": details} if details else {}))


def _check(kind: Kind, obj: Json, wanted: Json) -> None:
    meta = obj["metadata"]
    for field, title in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        if wanted.get(field) and wanted[field] != meta[field]:
            why = _precondition(title, wanted[field], meta[field])
            words = f'Operation cannot be fulfilled on {kind.kind} "{meta["name"]}": {why}'
            raise ApiError(409, words, details={"name": meta["name"], "kind": kind.kind})


def _precondition(title: str, wanted: str, found: str) -> str:
    return (
        f"the {title} in the precondition ({wanted}) does not match the {title} in record ({found}). "
        "The object might have been deleted and then recreated"
    )


def _without_namespace(obj: Json) -> Json:
    meta = {key: value for key, value in obj["metadata"].items() if key != "namespace"}
    return {**obj, "metadata": meta}
