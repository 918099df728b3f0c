"""A container's configuration as the body of a new one. Pure.

Inspect tells the configuration with the image's defaults merged in. For another image they are taken out again, so that
its own defaults hold; what was declared for the container stays. Volumes that have no name are carried over by the name
that the engine gave them.
"""

import re
from typing import Any

from msgspec import Struct

from cockpit.backends.docker import shape

Json = dict[str, Any]

_NUMBERED = re.compile(r"^(?P<head>.*[-_])(?P<number>\d{1,6})$")
_SAME = ("Cmd", "Entrypoint", "WorkingDir", "User", "StopSignal", "Healthcheck", "Shell", "OnBuild")
_KEYED = ("Labels", "ExposedPorts", "Volumes")
_KEPT_OF_NETWORK = ("IPAMConfig", "Links", "Aliases", "DriverOpts", "GwPriority")
NUMBER = "com.docker.compose.container-number"
IMAGE = "com.docker.compose.image"


class Clone(Struct, frozen=True):
    """The body of POST /containers/create, and the networks that older engines only join afterwards."""

    body: Json
    joins: tuple[tuple[str, Json], ...] = ()


def clone(whole: Json, image: str, *, defaults: Json | None = None, same_place: bool) -> Clone:
    """A copy of an inspected container from `image`.

    defaults: the configuration of the image it runs now, when the new one is another. same_place: it takes the old
    one's place (its volumes, addresses), else it stands beside it.
    """
    config, host = dict(whole.get("Config") or {}), dict(whole.get("HostConfig") or {})
    own = str(whole.get("Id", ""))[:12]
    mode = str(host.get("NetworkMode") or "")
    if config.get("Hostname") == own or mode.startswith(shape.OTHERS):
        config.pop("Hostname", None)
    if mode.startswith(shape.OTHERS):
        config.pop("Domainname", None)
    if not same_place:
        config.pop("MacAddress", None)
    if defaults is not None:
        config = without_defaults(config, defaults)
    config["Image"] = image
    if same_place:
        host["Binds"] = [*(host.get("Binds") or []), *_unnamed_volumes(whole)] or None
    networks = [
        (name, _endpoint(found or {}, own, same_place=same_place))
        for name, found in sorted(((whole.get("NetworkSettings") or {}).get("Networks") or {}).items())
        if not mode.startswith(shape.OTHERS)
    ]
    first = next((each for each in networks if each[0] == mode), networks[0] if networks else None)
    body = {**config, "HostConfig": host}
    if first is not None and first[0] not in ("bridge", "default"):
        body["NetworkingConfig"] = {"EndpointsConfig": dict([first])}
    return Clone(body, tuple(each for each in networks if first is not None and each[0] != first[0]))


def without_defaults(config: Json, defaults: Json) -> Json:
    """What was declared for the container itself."""
    kept = {
        name: value
        for name, value in config.items()
        if not (name in _SAME and value is not None and value == defaults.get(name))
    }
    environment = set(defaults.get("Env") or ())
    kept["Env"] = [one for one in config.get("Env") or () if one not in environment]
    for name in _KEYED:
        old, given = defaults.get(name) or {}, config.get(name) or {}
        kept[name] = {key: value for key, value in given.items() if key not in old or old[key] != value}
    return kept


def beside(body: Json, number: int) -> Json:
    """The body of another replica: its number stands in the labels."""
    return body | {"Labels": {**(body.get("Labels") or {}), NUMBER: str(number)}}


def why_not_beside(whole: Json, name: str) -> str:
    """Why a second container of this configuration cannot stand beside it; empty when it can."""
    host = whole.get("HostConfig") or {}
    if not numbered(name, whole):
        return f"it has a fixed name (container_name: {name}), and two containers cannot have it"
    ports = _fixed_ports(host.get("PortBindings") or {})
    if ports:
        return f"it publishes the fixed host port {', '.join(ports)}, and two containers cannot have it"
    mode = str(host.get("NetworkMode") or "")
    if mode == "host":
        return "it uses the network of the host, and two containers cannot listen on the same port of it"
    networks = (whole.get("NetworkSettings") or {}).get("Networks") or {}
    for network, found in networks.items():
        fixed = ((found or {}).get("IPAMConfig") or {}).get("IPv4Address")
        if fixed:
            return f"it has the fixed address {fixed} in {network}, and two containers cannot have it"
    return ""


def numbered(name: str, whole: Json) -> str:
    """What stands before the number in a replica's name ("shop_web_"); empty when the name has no number of its own."""
    found = _NUMBERED.match(name)
    labels = (whole.get("Config") or {}).get("Labels") or {}
    return found["head"] if found and found["number"] == str(labels.get(NUMBER, "")) else ""


def _fixed_ports(bindings: Json) -> list[str]:
    """Host ports that were asked for; a range ("8080-8090") has room for others."""
    found = {
        str(binding.get("HostPort"))
        for each in bindings.values()
        for binding in each or ()
        if str(binding.get("HostPort") or "0") != "0" and "-" not in str(binding.get("HostPort"))
    }
    return sorted(found)


def _endpoint(found: Json, own: str, *, same_place: bool) -> Json:
    kept = {name: found[name] for name in _KEPT_OF_NETWORK if found.get(name)}
    if "Aliases" in kept:
        kept["Aliases"] = [alias for alias in kept["Aliases"] if alias != own]
    if not same_place:
        kept.pop("IPAMConfig", None)
    return kept


def _unnamed_volumes(whole: Json) -> list[str]:
    """Volumes of the image or of a bare path: without this the new container would get empty ones."""
    host = whole.get("HostConfig") or {}
    named = {str(bind).split(":")[1] for bind in host.get("Binds") or () if ":" in str(bind)}
    named |= {str(mount.get("Target")) for mount in host.get("Mounts") or () if mount.get("Source")}
    return [
        f"{mount['Name']}:{mount['Destination']}" + ("" if mount.get("RW", True) else ":ro")
        for mount in whole.get("Mounts") or ()
        if mount.get("Type") == "volume" and mount.get("Name") and mount.get("Destination") not in named
    ]
