"""The kubelet of every node: it places pods, moves their containers on, and ends those that were told to go."""

from cockpit.demo.kubernetes.cluster.behaviour import Behaviour
from cockpit.demo.kubernetes.cluster.cluster import Cluster
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.pods import condition, is_going, is_over
from cockpit.demo.kubernetes.cluster.times import stamp
from cockpit.demo.kubernetes.kubelet import status
from cockpit.demo.kubernetes.kubelet.container import ContainerRun, Note
from cockpit.demo.kubernetes.kubelet.pod import PodRun, initial
from cockpit.demo.kubernetes.kubelet.scheduler import Scheduler

_POD = BY_SHELF["pods"]
_RESTARTS = {
    "Always": frozenset({"success", "failure"}),
    "OnFailure": frozenset({"failure"}),
    "Never": frozenset[str](),
}
RESCHEDULE = 2.0


class Kubelet:
    """Reconciles the pods of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._scheduler = Scheduler(cluster)
        self._runs: dict[str, PodRun] = {}
        self._stopping: dict[str, float] = {}
        self._addresses = 1_000

    def reconcile(self, namespace: str, name: str) -> float | None:
        pod = self._cluster.store.get("pods", namespace, name)
        if pod is None:
            return None
        if not pod["spec"].get("nodeName"):
            return self._place(pod)
        if not self._cluster.is_heard(pod):
            return None
        if is_going(pod):
            return self._stop(pod)
        if is_over(pod):
            self._runs.pop(pod["metadata"]["uid"], None)
            return None
        return self._advance(pod)

    def gone(self, uid: str) -> None:
        """A pod is no more: forget it."""
        self._runs.pop(uid, None)
        self._stopping.pop(uid, None)

    def _place(self, pod: Json) -> float | None:
        if is_going(pod):
            self._cluster.objects.delete(_POD, pod, grace=0)
            return None
        node, why = self._scheduler.place(pod)
        now = stamp(self._cluster.now())
        if not node:
            if (condition(pod, "PodScheduled") or {}).get("message") != why:
                held = {"PodScheduled": (False, "Unschedulable", why)}
                told = status.conditions(held, pod["status"].get("conditions") or (), now)
                pod = self._cluster.objects.set_status("pods", pod, {**pod["status"], "conditions": told})
                self._cluster.events.warning("pods", pod, "FailedScheduling", why, "default-scheduler")
            return RESCHEDULE * self._cluster.pace
        held = {"PodScheduled": (True, "", "")}
        told = status.conditions(held, pod["status"].get("conditions") or (), now)
        spec = {**pod["spec"], "nodeName": node}
        made = self._cluster.store.put("pods", {**pod, "spec": spec, "status": {**pod["status"], "conditions": told}})
        meta = pod["metadata"]
        words = f"Successfully assigned {meta['namespace']}/{meta['name']} to {node}"
        self._cluster.events.normal("pods", made, "Scheduled", words, "default-scheduler")
        return 0.0

    def _advance(self, pod: Json) -> float | None:
        now, moment = self._cluster.clock.monotonic(), stamp(self._cluster.now())
        runs = self._runs.get(pod["metadata"]["uid"])
        if runs is None:
            if _stands(pod) and self._behaves_steadily(pod):
                return None
            runs = self._begin(pod, now)
        if runs.waits():
            self._note(pod, runs.initial(), runs.initialize(now, moment))
        if not runs.waits():
            for run in runs.containers:
                self._note(pod, run, [*runs.begun(run, now), *run.advance(now, moment)])
                if _is_evicted(run, now):
                    self._evict(pod)
                    return None
        self._tell(pod, runs, moment)
        due = runs.due()
        return None if due is None else max(0.001, due - now)

    def _behaves_steadily(self, pod: Json) -> bool:
        return all(self._behaviour(pod, one) == Behaviour() for one in pod["spec"]["containers"])

    def _behaviour(self, pod: Json, container: Json) -> Behaviour:
        return self._cluster.behaviours.of(pod, container)

    def _begin(self, pod: Json, now: float) -> PodRun:
        meta, spec = pod["metadata"], pod["spec"]
        where = f"{meta['name']}_{meta['namespace']}({meta['uid']})"
        again = _RESTARTS[spec.get("restartPolicy", "Always")]

        def made(one: Json, how: Behaviour, restarts: frozenset[str]) -> ContainerRun:
            return ContainerRun(one, meta["uid"], where, how, self._cluster.pace, restarts)

        first = [] if _stands(pod) else spec.get("initContainers") or ()
        runs = PodRun(
            [made(one, initial(self._behaviour(pod, one)), again & {"failure"}) for one in first],
            [made(one, self._behaviour(pod, one), again) for one in spec["containers"]],
        )
        if _stands(pod):
            for run in runs.containers:
                runs.known.add(run.name)
                _resume(run, pod, now)
        self._runs[meta["uid"]] = runs
        return runs

    def _tell(self, pod: Json, runs: PodRun, moment: str) -> None:
        old, containers = pod["status"], runs.containers
        unready = [run.name for run in containers if not run.ready]
        over = all(run.phase == "over" for run in containers)
        reason = "PodCompleted" if over else "ContainersNotReady"
        waits = [run.name for run in runs.first if run.phase != "over"]
        told = {
            **old,
            "phase": _phase(containers, over),
            "conditions": status.ready_conditions(old.get("conditions") or (), moment, unready, reason, waits),
            "hostIP": self._host(pod["spec"]["nodeName"]),
            "startTime": old.get("startTime", moment),
            "containerStatuses": [run.told() for run in containers],
        }
        if runs.first:
            told["initContainerStatuses"] = [run.told() for run in runs.first]
        if "podIP" not in old and any(run.phase != "creating" for run in (*runs.first, *containers)):
            self._addresses += 1
            address = status.address(self._addresses)
            told |= {"podIP": address, "podIPs": [{"ip": address}]}
        self._cluster.objects.set_status("pods", pod, told)

    def _host(self, node: str) -> str:
        found = self._cluster.store.get("nodes", "", node) or {}
        addresses = found.get("status", {}).get("addresses", ())
        return next((str(one["address"]) for one in addresses if one["type"] == "InternalIP"), "")

    def _note(self, pod: Json, run: ContainerRun, notes: list[Note]) -> None:
        for note in notes:
            tell = self._cluster.events.warning if note.type == "Warning" else self._cluster.events.normal
            field, host = f"spec.containers{{{run.name}}}", pod["spec"]["nodeName"]
            tell("pods", pod, note.reason, note.message, "kubelet", host=host, field=field)

    def _stop(self, pod: Json) -> float | None:
        """Let its containers end within its grace, then take it away."""
        uid, now = pod["metadata"]["uid"], self._cluster.clock.monotonic()
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds", 30))
        if uid not in self._stopping:
            longest = max(self._behaviour(pod, one).stop for one in pod["spec"]["containers"])
            self._stopping[uid] = now + min(longest, grace) * self._cluster.pace
            for one in pod["spec"]["containers"]:
                field, host = f"spec.containers{{{one['name']}}}", pod["spec"]["nodeName"]
                words = f"Stopping container {one['name']}"
                self._cluster.events.normal("pods", pod, "Killing", words, "kubelet", host=host, field=field)
        ends = min(self._stopping[uid], now + grace * self._cluster.pace)
        if now < ends:
            return ends - now
        self._cluster.store.remove("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
        self.gone(uid)
        return None

    def _evict(self, pod: Json) -> None:
        words = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 41Mi."
        state = {**pod["status"], "phase": "Failed", "reason": "Evicted", "message": words}
        moment = stamp(self._cluster.now())
        names = [one["name"] for one in pod["spec"]["containers"]]
        state["conditions"] = status.ready_conditions(state.get("conditions") or (), moment, names, "PodFailed")
        state.pop("containerStatuses", None)
        self._cluster.objects.set_status("pods", pod, state)
        self._cluster.events.warning("pods", pod, "Evicted", words, "kubelet", host=pod["spec"]["nodeName"])
        self._runs.pop(pod["metadata"]["uid"], None)

    def crash(self, namespace: str, name: str, code: int = 1, reason: str = "Error") -> None:
        """End the containers of a running pod from outside; KeyError when there is none of this name."""
        pod = self._cluster.store.get("pods", namespace, name)
        if pod is None:
            raise KeyError(name)
        now, moment = self._cluster.clock.monotonic(), stamp(self._cluster.now())
        runs = self._runs.get(pod["metadata"]["uid"]) or self._begin(pod, now)
        for run in runs.containers:
            run.crash(now, moment, code, reason)
        self._tell(pod, runs, moment)


def _is_evicted(run: ContainerRun, now: float) -> bool:
    """Whether its node has run short of memory by now; until then it is looked at again at that moment."""
    after = run.behaviour.evicted
    if after is None or run.phase != "running":
        return False
    end = run.began + after * run.pace
    run.due = min(run.due if run.due is not None else end, end)
    return now >= end


def _stands(pod: Json) -> bool:
    return bool(pod["status"].get("containerStatuses"))


def _resume(run: ContainerRun, pod: Json, now: float) -> None:
    """Take over a container that has been running since before this kubelet."""
    known = next((one for one in pod["status"]["containerStatuses"] if one["name"] == run.name), None)
    if known is not None and "running" in known["state"]:
        run.phase, run.state, run.last = "running", known["state"], known["lastState"]
        run.restarts, run.ready, run.pulled, run.began = known["restartCount"], known["ready"], True, now


def _phase(runs: list[ContainerRun], over: bool) -> str:
    if over:
        return "Succeeded" if all(run.state["terminated"]["exitCode"] == 0 for run in runs) else "Failed"
    started = any("waiting" not in run.state or run.last for run in runs)
    return "Running" if started else "Pending"
