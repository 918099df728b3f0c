"""What of a container may be set, read from what a person wrote, and what is there now. Pure."""

import re
from collections.abc import Mapping

from cockpit.backends.change import Facts, PlanRefused
from cockpit.backends.kubernetes.operate import variables
from cockpit.backends.kubernetes.operate.hands import Json
from cockpit.backends.kubernetes.quantity import quantity
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

PARTS = ("containers", "initContainers")
"""Where containers stand in a pod's spec; sidecars that start first are among the latter."""
NONE = "none"
"""Takes a request or limit away."""
RESOURCES: Mapping[str, tuple[str, str]] = {
    "cpu": ("limits", "cpu"), "memory": ("limits", "memory"),
    "cpu-request": ("requests", "cpu"), "memory-request": ("requests", "memory"),
}  # fmt: skip
"""By the name of an argument: where it stands in a container's resources."""
LEAST_MEMORY = 2.0**19
"""Bytes; nothing runs with as few. To the API "512m" is half a byte, which it takes, and no pod starts."""
OPTIONS = (
    ("image", "a tag of the same image, or a whole image name"),
    ("container", "its name; left out: the first"),
    ("cpu", "limit: 500m, 2, or none"),
    ("memory", "limit: 512Mi, 2Gi, or none"),
    ("cpu-request", "500m, 2, or none"),
    ("memory-request", "512Mi, 2Gi, or none"),
    ("env", variables.HINT),
)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}")


def read_wish(name: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """What is to be set, by argument. PlanRefused says what is wrong with it."""
    given = {key: arguments.get(key, "").strip() for key, _ in OPTIONS}
    wish = {key: value for key, value in given.items() if value and key != "container"}
    if not wish:
        raise PlanRefused(f"set {name}: nothing is to be set: say image, cpu, memory, a request or env")
    if not _IMAGE.fullmatch(wish.get("image", "ok")):
        raise PlanRefused(f"set {name}: {safe(wish['image'], 80)} is no image")
    for key in RESOURCES:
        words = wish.get(key, NONE)
        size = quantity(words)
        least = LEAST_MEMORY if key.startswith("memory") else 0.0
        if words != NONE and (size is None or not least < size < 2**50):
            raise PlanRefused(f"set {name}: {key} is {dict(OPTIONS)[key]}, not {safe(words, 40)}")
    return wish


def container_of(name: str, template: Json, wanted: str) -> tuple[str, Json]:
    """(the list that it stands in, the container that is meant): the first when none is named. PlanRefused."""
    pods = template.get("spec") or {}
    found: list[tuple[str, Json]] = [(part, one) for part in PARTS for one in pods.get(part) or ()]
    chosen = next((one for one in found if one[1].get("name") == wanted or not wanted), None)
    if chosen is None:
        known = ", ".join(str(one.get("name")) for _, one in found)
        raise PlanRefused(f"set {name}: there is no container {safe(wanted, 60)} (there are: {safe(known, 200)})")
    return chosen


def whole_image(container: Json, image: str) -> str:
    """A tag alone is one of the image that runs."""
    if "/" in image or ":" in image or "@" in image:
        return image
    present = str(container.get("image", "")).partition("@")[0]
    head, slash, last = present.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}:{image}"


def present(name: str, container: Json, wish: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    """How those that are to be set are now, as arguments. PlanRefused: a variable comes from elsewhere or is secret."""
    now = {}
    for key in wish:
        if key == "image":
            now[key] = str(container.get("image", ""))
        elif key == "env":
            wanted = variables.read_variables(name, wish[key], secrets)
            now[key] = variables.written(variables.present(name, container, wanted, secrets))
        else:
            part, resource = RESOURCES[key]
            now[key] = str(((container.get("resources") or {}).get(part) or {}).get(resource, NONE))
    return now


def changed(container: Json, wish: Mapping[str, str]) -> Json:
    """The strategic merge of one container."""
    made: Json = {"name": container["name"]}
    if "image" in wish:
        made["image"] = wish["image"]
    resources: dict[str, dict[str, str | None]] = {}
    for key, (part, resource) in RESOURCES.items():
        if key in wish:
            resources.setdefault(part, {})[resource] = None if wish[key] == NONE else wish[key]
    if resources:
        made["resources"] = resources
    if "env" in wish:
        made["env"] = variables.merged(variables.read_variables(str(container["name"]), wish["env"], Secrets()))
    return made


def facts_of(name: str, settings: Mapping[str, str]) -> Facts:
    """Each setting as shown, each variable by itself."""
    found: Facts = ()
    for key, value in settings.items():
        if key == "env":
            found += variables.shown(variables.read_variables(name, value, Secrets()))
        else:
            found += ((key, safe(value, 500)),)
    return found
