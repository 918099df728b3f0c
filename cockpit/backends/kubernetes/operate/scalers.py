"""Autoscalers as the API has them: whose they are, what they keep, what they go by; read and rewritten."""

from typing import Any

from msgspec import Struct

from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.backends.kubernetes.kinds import HPAS
from cockpit.backends.kubernetes.operate.change import mark_of
from cockpit.backends.kubernetes.operate.hands import Hands, Json, meta_of, spec_of
from cockpit.board.model import Identity
from cockpit.board.text import safe

NONE = "none"
"""Takes the autoscaler away (max), or what it goes by (cpu)."""
METRICS = "/apis/metrics.k8s.io/v1beta1"


class Bounds(Struct, frozen=True):
    """How many pods at least and at most; percent: of the requested CPU that is aimed at, None: not by CPU."""

    least: int
    most: int
    percent: int | None = None

    @property
    def words(self) -> str:
        """ "2 to 6 pods, at 70 % of the requested CPU"."""
        pods = f"exactly {self.least}" if self.least == self.most else f"{self.least} to {self.most} pods"
        return pods + (f", at {self.percent} % of the requested CPU" if self.percent and self.least < self.most else "")

    @property
    def arguments(self) -> tuple[tuple[str, str], ...]:
        """As a person would write them."""
        cpu = NONE if self.percent is None else str(self.percent)
        return ("min", str(self.least)), ("max", str(self.most)), ("cpu", cpu)


async def scaler_object(hands: Hands, target: Identity) -> Json | None:
    """The autoscaler of a workload, None: it has none. ApiAnswer, also when they may not be seen."""
    for one in await hands.listed(HPAS, target.space):
        found = spec_of(one).get("scaleTargetRef") or {}
        if (str(found.get("kind", "")).lower(), found.get("name")) == (target.kind, target.name):
            return one
    return None


async def scaler_of(hands: Hands, target: Identity) -> tuple[Json | None, list[str]]:
    """(the autoscaler that scales a workload, what could not be asked)."""
    try:
        return await scaler_object(hands, target), []
    except ApiAnswer as error:
        if error.status not in (403, 404):
            raise
        return None, [f"whether there is an autoscaler cannot be seen: {error.message}"]


def name_of(scaler: Json) -> str:
    """As it is called, safe to show."""
    return str(safe(str(meta_of(scaler).get("name", "")), 253))


def bounds_of(scaler: Json) -> Bounds:
    """What it keeps."""
    spec = spec_of(scaler)
    cpu: Json = next((one["resource"] for one in metrics_of(scaler) if _is_cpu(one)), {})
    percent = (cpu.get("target") or {}).get("averageUtilization")
    return Bounds(int(spec.get("minReplicas") or 1), int(spec.get("maxReplicas") or 1), percent)


def metrics_of(scaler: Json) -> list[Json]:
    """What it goes by."""
    return list(spec_of(scaler).get("metrics") or ())


def with_cpu(metrics: list[Json], percent: int | None) -> list[Json]:
    """What it goes by, with another aim for the CPU."""
    others = [one for one in metrics if not _is_cpu(one)]
    if percent is None:
        return others
    target = {"type": "Utilization", "averageUtilization": percent}
    return [*others, {"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def beyond(scaler: Json) -> list[str]:
    """What of it is more than bounds and an aim for the CPU: that does not come back when it is made anew."""
    found = [str(one.get("type", "metric")) for one in metrics_of(scaler) if not _is_cpu(one)]
    return [*found, *(["behavior"] if spec_of(scaler).get("behavior") else [])]


def keeper_of(scaler: Json) -> str:
    """Who made the autoscaler and puts back what is changed; empty: nobody that is known."""
    owners = meta_of(scaler).get("ownerReferences") or ()
    owner = next((one for one in owners if one.get("controller")), None)
    return safe(f"{owner.get('kind')} {owner.get('name')}", 150) if owner else ""


def mark_of_scaler(scaler: Json | None) -> str:
    """What of it must still be so: who it is and what it keeps; its status changes all the time."""
    return "no autoscaler" if scaler is None else mark_of(spec_of(scaler), scaler)


def without_request(whole: Json) -> list[str]:
    """Containers that request no CPU: a share of nothing cannot be told, so the autoscaler would never scale."""
    pods: Json = spec_of(spec_of(whole).get("template") or {})
    found = pods.get("containers") or ()
    return [str(one.get("name")) for one in found if not _asks_for_cpu(one.get("resources") or {})]


async def metrics_missing(hands: Hands, space: str) -> str:
    """Why the cluster does not tell what pods use; empty when it does."""
    try:
        await hands.client.get(f"{METRICS}/namespaces/{space}/pods", Json, {"limit": 1})
    except ApiAnswer as error:
        if error.status == 403:
            return ""  # the autoscaler has permissions of its own
        if error.status in (404, 503):
            return "this cluster tells no metrics"
        raise
    return ""


def _asks_for_cpu(resources: Json) -> bool:
    # The API takes a limit for a request where there is none.
    return any((resources.get(part) or {}).get("cpu") for part in ("requests", "limits"))


def _is_cpu(metric: dict[str, Any]) -> bool:
    resource = metric.get("resource") or {}
    return resource.get("name") == "cpu" and "averageUtilization" in (resource.get("target") or {})
