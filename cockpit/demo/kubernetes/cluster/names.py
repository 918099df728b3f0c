"""Names and hashes as controllers make them."""

import hashlib
import secrets
import uuid
from typing import Any

import msgspec

_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What apimachinery makes suffixes of: no vowels, so that no word comes out."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def suffix(length: int = 5) -> str:
    """A random ending for a generated name."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def uid() -> str:
    return str(uuid.uuid4())


def template_hash(template: Any, salt: int = 0) -> str:
    """The pod-template-hash of a template: the same for the same template, whatever its metadata says of hashes."""
    digest = hashlib.sha256(_encode(template) + bytes([salt])).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])


def without_hash(template: Any, label: str = "pod-template-hash") -> Any:
    """A template without the label that a controller put on it."""
    meta = template.get("metadata", {})
    labels = {name: value for name, value in (meta.get("labels") or {}).items() if name != label}
    return {**template, "metadata": {**meta, "labels": labels}}
