"""What of a container may be set, read from what a person wrote, and what is there now. Pure."""

import re
from collections.abc import Mapping

from cockpit.backends.change import PlanRefused
from cockpit.backends.kubernetes.operate.hands import Json
from cockpit.backends.kubernetes.quantity import quantity
from cockpit.board.secrets import Secrets
from cockpit.board.text import safe

NONE = "none"
"""Takes a request, limit or variable away."""
RESOURCES: Mapping[str, tuple[str, str]] = {
    "cpu": ("limits", "cpu"), "memory": ("limits", "memory"),
    "cpu-request": ("requests", "cpu"), "memory-request": ("requests", "memory"),
}  # fmt: skip
"""By the name of an argument: where it stands in a container's resources."""
OPTIONS = (
    ("image", "a tag of the same image, or a whole image name"),
    ("container", "its name; left out: the first"),
    ("cpu", "limit: 500m, 2, or none"),
    ("memory", "limit: 512Mi, 2Gi, or none"),
    ("cpu-request", "500m, 2, or none"),
    ("memory-request", "512Mi, 2Gi, or none"),
    ("env", "NAME=value, or NAME=none to take it away; one variable"),
)
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,499}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,200}")
VALUE_MOST = 4096


def read_wish(name: str, arguments: Mapping[str, str]) -> dict[str, str]:
    """What is to be set, by argument. PlanRefused says what is wrong with it."""
    given = {key: arguments.get(key, "").strip() for key, _ in OPTIONS}
    wish = {key: value for key, value in given.items() if value and key != "container"}
    if not wish:
        raise PlanRefused(f"set {name}: nothing is to be set; say {', '.join(f'{key}=...' for key, _ in OPTIONS)}")
    if not _IMAGE.fullmatch(wish.get("image", "ok")):
        raise PlanRefused(f"set {name}: {safe(wish['image'], 80)} is no image")
    for key in RESOURCES:
        words = wish.get(key, NONE)
        size = quantity(words)
        if words != NONE and (size is None or not 0 < size < 2**50):
            raise PlanRefused(f"set {name}: {key} is {dict(OPTIONS)[key]}, not {safe(words, 40)}")
    if "env" in wish:
        _check_variable(name, wish["env"])
    return wish


def _check_variable(name: str, words: str) -> None:
    variable, found, value = words.partition("=")
    if not found or not _VARIABLE.fullmatch(variable) or len(value) > VALUE_MOST:
        raise PlanRefused(f"set {name}: env is {dict(OPTIONS)['env']}")
    # What is set stands in the preview and the journal, and the old value in what takes it back.
    if Secrets().mask(words) != words:
        raise PlanRefused(
            f"set {name}: {variable} looks like a secret, which belongs into a Secret: nothing was planned"
        )


def container_of(name: str, template: Json, wanted: str) -> Json:
    """The container that is meant. PlanRefused."""
    found: list[Json] = (template.get("spec") or {}).get("containers") or []
    chosen = next((one for one in found if one.get("name") == wanted or not wanted), None)
    if chosen is None:
        known = ", ".join(str(one.get("name")) for one in found)
        raise PlanRefused(f"set {name}: there is no container {safe(wanted, 60)} (there are: {safe(known, 200)})")
    return chosen


def whole_image(container: Json, image: str) -> str:
    """A tag alone is one of the image that runs."""
    if "/" in image or ":" in image or "@" in image:
        return image
    present = str(container.get("image", "")).partition("@")[0]
    head, slash, last = present.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}:{image}"


def present(name: str, container: Json, wish: Mapping[str, str]) -> dict[str, str]:
    """How those that are to be set are now, as arguments. PlanRefused: a variable comes from elsewhere or is secret."""
    now = {}
    for key in wish:
        if key == "image":
            now[key] = str(container.get("image", ""))
        elif key == "env":
            now[key] = _variable_now(name, container, wish[key].partition("=")[0])
        else:
            part, resource = RESOURCES[key]
            now[key] = str(((container.get("resources") or {}).get(part) or {}).get(resource, NONE))
    return now


def _variable_now(name: str, container: Json, variable: str) -> str:
    found = next((one for one in container.get("env") or () if one.get("name") == variable), None)
    if found is None:
        return f"{variable}={NONE}"
    if "valueFrom" in found:
        raise PlanRefused(f"set {name}: {variable} comes from a Secret, ConfigMap or field: change it there")
    words = f"{variable}={found.get('value', '')}"
    if Secrets().mask(words) != words or len(words) > VALUE_MOST:
        raise PlanRefused(f"set {name}: what {variable} is now looks like a secret: change it where it is declared")
    return words


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
        variable, _, value = wish["env"].partition("=")
        made["env"] = [{"name": variable} | ({"$patch": "delete"} if value == NONE else {"value": value})]
    return made
