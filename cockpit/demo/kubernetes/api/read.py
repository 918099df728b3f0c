"""GET of one object, of a list, of a watch."""

from cockpit.demo.kubernetes.api.errors import bad_request, not_found
from cockpit.demo.kubernetes.api.pages import Asked, Pages
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.api.selectors import Test, everything, field_selector, label_selector
from cockpit.demo.kubernetes.api.views import view_of
from cockpit.demo.kubernetes.api.watch import LONGEST, Wanted, Watches
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json, Kind
from cockpit.demo.kubernetes.cluster.store import Entry
from cockpit.demo.kubernetes.server.wire import Call, Reply, Stream

PAGE_LIMIT = 10_000


class Reads:
    """Answers reads of one cluster."""

    def __init__(self, cluster: Cluster, watches: Watches, pages: Pages) -> None:
        self._cluster, self._watches, self._pages = cluster, watches, pages

    def one(self, target: Target, call: Call) -> Reply:
        """GET of one object. ApiError 404."""
        entry = self.entry(target)
        view = view_of(call, self._cluster.now, of_list=False)
        return Reply(200, view.single(target.kind, entry))

    def entry(self, target: Target) -> Entry:
        """The stored object. ApiError 404."""
        entry = self._cluster.store.shelves[target.kind.storage].items.get((target.namespace, target.name))
        if entry is None:
            raise not_found(target.kind, target.name)
        return entry

    def many(self, target: Target, call: Call) -> Reply | Stream:
        """GET of a list or, with `watch`, of what happens to it."""
        if call.flag("watch"):
            return self._watch(target, call)
        asked = Asked(
            target.namespace,
            meant(target.kind, call),
            _number(call, "limit", PAGE_LIMIT),
            call.query("continue"),
            _number(call, "resourceVersion"),
            call.query("resourceVersionMatch") == "Exact",
        )
        entries, meta = self._pages.page(target.kind, asked)
        view = view_of(call, self._cluster.now, of_list=True)
        return Reply(200, view.page(target.kind, entries, meta))

    def _watch(self, target: Target, call: Call) -> Stream:
        version = _number(call, "resourceVersion")
        initial = call.flag("sendInitialEvents")
        bookmarks = call.flag("allowWatchBookmarks")
        wanted = Wanted(
            target.kind,
            target.namespace,
            both(meant(target.kind, call), target.name),
            view_of(call, self._cluster.now, of_list=False),
            None if initial or not version else version,
            bookmarks,
            float(_number(call, "timeoutSeconds") or LONGEST),
            bookmarks and (initial or not call.query("resourceVersion")),
        )
        return Stream(self._watches.stream(wanted))


def meant(kind: Kind, call: Call) -> Test:
    """What the query selects. ApiError 400."""
    labels, fields = label_selector(call.query("labelSelector")), field_selector(kind, call.query("fieldSelector"))
    if labels is everything:
        return fields
    if fields is everything:
        return labels
    return lambda obj: labels(obj) and fields(obj)


def both(test: Test, name: str) -> Test:
    """`test`, and the object's name when one is given."""
    if not name:
        return test

    def named(obj: Json) -> bool:
        return bool(obj["metadata"]["name"] == name) and test(obj)

    return named


def _number(call: Call, name: str, most: int = 1 << 62) -> int:
    text = call.query(name)
    if not text:
        return 0
    if not text.isdigit():
        raise bad_request(
            f'strconv.ParseUint: parsing "{text}": invalid syntax' if name != "limit" else f"invalid {name}"
        )
    return min(int(text), most)
