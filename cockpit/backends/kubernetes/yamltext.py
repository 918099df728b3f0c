"""JSON values as YAML, in the style of kubectl: read back they are the same values.

Written here and not by ruamel.yaml: a CustomResourceDefinition of 500 kB takes that 5 s, this 0.1.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_./@%+()=,-]|:(?=[^ ])| (?=[^ #]))*")
"""What needs no quotes: nothing that begins like a number or a time, no ": ", no " #", no blank at an end."""
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNPRINTED = re.compile(r"[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not take as it is, or takes as a line end."""


def yaml_text(value: Any) -> str:
    """A document."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _entry(f"{indent}{_scalar(str(name))}:", inner, indent)
    elif isinstance(value, list) and value:
        for one in value:
            yield from _element(one, indent)
    else:
        yield f"{indent}{_scalar(value)}"


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _lines(value, indent + "  ")
    elif isinstance(value, list) and value:
        yield head
        yield from _lines(value, indent)
    elif isinstance(value, str) and _is_block(value):
        yield from _block(head, value, indent + "  ")
    else:
        yield f"{head} {_scalar(value)}"


def _element(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, str) and _is_block(value):
        yield from _block(f"{indent}-", value, indent + "  ")
        return
    inner = _lines(value, indent + "  ")
    yield f"{indent}- {next(inner)[len(indent) + 2 :]}"
    yield from inner


def _is_block(text: str) -> bool:
    """Whether a text of several lines can stand as it is."""
    return "\n" in text.rstrip("\n") and not text.startswith((" ", "\n")) and not _UNPRINTED.search(text)


def _block(head: str, text: str, indent: str) -> Iterator[str]:
    body = text.rstrip("\n")
    ending = len(text) - len(body)
    yield f"{head} |{('-', '')[ending] if ending < 2 else '+'}"
    for line in [*body.split("\n"), *[""] * max(0, ending - 1)]:
        yield indent + line if line else ""


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
