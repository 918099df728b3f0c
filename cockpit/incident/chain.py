"""The chain over the entries: what it proves is that no entry was changed, removed from the middle or put in between.

digest = SHA-256(salt + text) stands in the entry, salt and text in its body: a body may go, the digest stays.
chain = SHA-256(chain before + every column of the entry + digest).
"""

import hashlib
import hmac

import msgspec

GENESIS = bytes(32)
SALT_BYTES = 16

Columns = tuple[int, str, str, str, str, str, str, str, str]
"""id, happened, recorded, who, host, kind, subject, facts (JSON) and unique key, exactly as stored."""

_encode = msgspec.json.Encoder().encode


def digest_of(salt: bytes, text: str) -> bytes:
    """The digest of a text; without the salt (it goes with the body) short texts could be guessed."""
    return hashlib.sha256(salt + text.encode("utf-8", "surrogatepass")).digest()


def link(before: bytes, columns: Columns, digest: bytes) -> bytes:
    """The chain value of an entry that follows the one with chain value `before`."""
    return hashlib.sha256(before + _encode(columns) + digest).digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two chain values or digests are equal."""
    return hmac.compare_digest(one, other)
