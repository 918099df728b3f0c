"""A kubeconfig for an emulator: JSON, which is YAML too, so that nothing is needed to write it."""

import json
import os
from pathlib import Path

CONTEXT = "cockpit-demo"
"""The context of the cluster that `cockpit demo --kubernetes` starts: no cluster that matters is called so."""
FILE = "kubeconfig"
"""Its kubeconfig in the folder of its host."""


def kubeconfig(url: str, *, name: str = "demo", namespace: str = "shop", token: str = "", ca: str = "") -> str:
    """The text of a kubeconfig with one context `name`. ca: path of a certificate file, for https."""
    cluster: dict[str, str | bool] = {"server": url}
    if ca:
        cluster["certificate-authority"] = ca
    if url.startswith("http:"):
        # Clients in JavaScript talk plain HTTP to a server only where nothing is to be verified.
        cluster["insecure-skip-tls-verify"] = True
    user = {"token": token} if token else {}
    context = {"cluster": name, "user": name, "namespace": namespace}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": context}],
        },
        indent=1,
    )


def write(path: Path, text: str) -> None:
    """Write it whole or not at all, readable by its owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
