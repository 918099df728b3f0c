"""The log of a container: the past as far as it is asked for, then, on request, what comes until the container ends."""

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import NamedTuple

from cockpit.demo.kubernetes.api.errors import ApiError, bad_request
from cockpit.demo.kubernetes.api.read import Reads
from cockpit.demo.kubernetes.api.routes import Target
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import Json
from cockpit.demo.kubernetes.cluster.times import moment_of
from cockpit.demo.kubernetes.kubelet.logbook import Instance, Line
from cockpit.demo.kubernetes.kubelet.pod import initial
from cockpit.demo.kubernetes.server.wire import Answer, Call, Reply, Stream

_PLAIN = "text/plain"
_REFUSED = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


class Asked(NamedTuple):
    """What a log was asked for; tail, most: None is no bound. after: POSIX seconds."""

    follow: bool
    previous: bool
    timestamps: bool
    tail: int | None
    most: int | None
    after: float


def logs(cluster: Cluster, reads: Reads, target: Target, call: Call) -> Answer:
    """GET of pods/NAME/log. ApiError 400 for a container that is none, or that has not started."""
    if call.method != "GET":
        raise ApiError(405, "the server does not allow this method on the requested resource", details={})
    pod, asked = reads.entry(target).obj, _asked(cluster, call)
    container = _container(pod, call.query("container"))
    instance = instance_of(cluster, pod, container, asked.previous)
    if instance is None:
        return Reply(200, b"", _PLAIN)
    followed = Followed(cluster, pod, container["name"], instance, asked)
    if not asked.follow:
        return Reply(200, followed.past(), _PLAIN)
    return Stream(followed.chunks(), _PLAIN)


def _asked(cluster: Cluster, call: Call) -> Asked:
    after = 0.0
    if seconds := _number(call, "sinceSeconds"):
        after = cluster.now().timestamp() - seconds
    if moment := call.query("sinceTime"):
        try:
            # A moment is meant to be included: its own line has the same nanoseconds.
            after = datetime.fromisoformat(moment).timestamp() - 1e-6
        except ValueError:
            raise bad_request(f"parsing time {moment!r} as RFC3339") from None
    flags = (call.flag("follow"), call.flag("previous"), call.flag("timestamps"))
    return Asked(*flags, _number(call, "tailLines"), _number(call, "limitBytes"), after)


def _number(call: Call, name: str) -> int | None:
    text = call.query(name)
    if not text:
        return None
    if not text.isdigit():
        words = f"Invalid value: {text!r:.40}: must be greater than or equal to 0"
        raise ApiError(422, f'PodLogOptions "" is invalid: {name}: {words}', details={})
    return int(text)


def _container(pod: Json, name: str) -> Json:
    title, found = pod["metadata"]["name"], pod["spec"]["containers"]
    if not name and len(found) > 1:
        names = " ".join(one["name"] for one in found)
        raise bad_request(f"a container name must be specified for pod {title}, choose one of: [{names}]")
    for one in (*found, *(pod["spec"].get("initContainers") or ())):
        if not name or one["name"] == name:
            return dict(one)
    raise bad_request(f"container {name} is not valid for pod {title}")


def instance_of(cluster: Cluster, pod: Json, container: Json, previous: bool) -> Instance | None:
    """The run of a container that is meant: the one that runs or ended last, or the one before. ApiError 400."""
    name, title = container["name"], pod["metadata"]["name"]
    status = pod.get("status", {})
    statuses = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    known = next((one for one in statuses if one["name"] == name), None)
    if not pod["spec"].get("nodeName"):
        raise bad_request(f"pod {title} does not have a host assigned")
    state: Json = known["state"] if known else {}
    last: Json = (known.get("lastState") or {}) if known else {}
    if previous or ("waiting" in state and last):
        state = last
    if previous and "terminated" not in last:
        raise bad_request(f'previous terminated container "{name}" in pod "{title}" not found')
    if "waiting" in state or not state:
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        raise bad_request(f'container "{name}" in pod "{title}" is waiting to start: {_REFUSED.get(reason, reason)}')
    how = cluster.behaviours.of(pod, container)
    if container in (pod["spec"].get("initContainers") or ()):
        how = initial(how)
    count = known["restartCount"] if known else 0
    identity = f"{pod['metadata']['uid']}/{name}/{count - int(previous)}"
    if "running" in state:
        return Instance(name, identity, _seconds(state["running"]["startedAt"]), None, how, False)
    ended = state["terminated"]
    by_itself = ended["exitCode"] == how.code and how.exits is not None
    # Both moments are whole seconds: a second more keeps short lives from being empty.
    return Instance(name, identity, _seconds(ended["startedAt"]), _seconds(ended["finishedAt"]) + 1.0, how, by_itself)


def _seconds(moment: str) -> float:
    return moment_of(moment).timestamp()


class Followed:
    """One log that is being read. While its node is silent nothing of it comes, and afterwards all that was missed."""

    def __init__(self, cluster: Cluster, pod: Json, container: str, instance: Instance, asked: Asked) -> None:
        self._cluster, self._pod, self._uid = cluster, pod, pod["metadata"]["uid"]
        self._container, self._instance, self._asked = container, instance, asked
        self._at = asked.after
        self._left = asked.most

    def past(self) -> bytes:
        """What has been written so far, as far as it is asked for."""
        lines = self._new()
        if self._asked.tail is not None:
            lines = lines[max(0, len(lines) - self._asked.tail) :]
        return self._bytes(lines)

    def _new(self) -> list[Line]:
        if not self._cluster.is_heard(self._pod):
            return []
        now = self._cluster.now().timestamp()
        lines = list(self._instance.between(self._at, now))
        if self._instance.ended is None:
            lines += self._cluster.logbook.said(self._uid, self._container, self._at)
            lines.sort(key=lambda line: line.at)
        self._at = max(self._at, now, lines[-1].at if lines else 0.0)
        return lines

    def _bytes(self, lines: list[Line]) -> bytes:
        stamped = self._asked.timestamps
        text = "".join(f"{line.stamp} {line.text}\n" if stamped else f"{line.text}\n" for line in lines)
        data = text.encode()
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        return data

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The past, then what comes, until the container ends or the bound of bytes is reached."""
        news = self._cluster.logbook.news(self._uid)
        try:
            yield self.past()
            while self._left != 0 and self._still():
                news.clear()
                try:
                    async with self._cluster.clock.timeout(self._instance.next_after(self._at)):
                        await news.wait()
                except TimeoutError:
                    pass
                yield self._bytes(self._new())
            yield self._bytes(self._new())
        finally:
            self._cluster.logbook.done(self._uid, news)

    def _still(self) -> bool:
        """Whether this run of the container goes on; its end is noticed and its last words are read."""
        meta = self._pod["metadata"]
        pod = self._cluster.store.get("pods", meta["namespace"], meta["name"])
        if pod is None or pod["metadata"]["uid"] != self._uid or self._instance.ended is not None:
            return False
        container = _container(pod, self._container)
        try:
            found = instance_of(self._cluster, pod, container, previous=False)
        except ApiError:
            return False
        if found is not None and found.identity == self._instance.identity and found.ended is None:
            return True
        if found is not None and found.began == self._instance.began and found.ended is not None:
            self._instance = found
            self._at = min(self._at, found.ended - 1e-3)
        return False
