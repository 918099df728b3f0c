"""Through which proxy an API server is reached: what the environment says of it means what it means to kubectl."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_SCHEMES = ("http", "https", "socks5", "socks5h")


def proxy_of(declared: str, server: str, environ: Mapping[str, str]) -> str:
    """The proxy's URL: the kubeconfig's own, else the environment's; empty: none. server: an http(s) URL.

    As Go reads the environment: a proxy without a scheme speaks HTTP, this machine is never asked for through one, and
    NO_PROXY names hosts with all below them, `.domains`, addresses and networks, each with or without a port.
    """
    if declared:
        return declared
    parts = urlsplit(server)
    found = _value(environ, f"{parts.scheme}_proxy")
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    if not found or _is_spared(parts.hostname or "", port, _value(environ, "no_proxy")):
        return ""
    return found if found.partition("://")[0].lower() in _SCHEMES else f"http://{found}"


def _value(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name.upper()) or environ.get(name) or "").strip()


def _is_spared(host: str, port: int, spared: str) -> bool:
    """Whether a host is asked for directly."""
    host, address = host.lower(), _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    return any(_is_meant(one.strip().lower(), host, address, port) for one in spared.split(","))


def _is_meant(words: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None, port: int) -> bool:
    """Whether one entry of NO_PROXY means a host."""
    if words in ("", "*"):
        return bool(words)
    if address is not None and "/" in words:
        try:
            return address in ipaddress.ip_network(words, strict=False)
        except ValueError:
            return False
    name = words
    if _address(words) is None and words.rpartition(":")[2].isdecimal():
        name, _, wanted = words.rpartition(":")
        if int(wanted[:6]) != port:
            return False
    if address is not None:
        return _address(name.strip("[]")) == address
    name = name.removeprefix("*")
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(words: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(words)
    except ValueError:
        return None
