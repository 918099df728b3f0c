"""The JSON Schema of a profile, for editors: made from the types, with the words that stand under their fields."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from cockpit.profile import schema
from cockpit.profile.declared import Declared
from cockpit.profile.words import WRITTEN


def schema_json() -> str:
    """What `cockpit schema` prints: JSON Schema 2020-12, two spaces deep."""
    made = msgspec.json.schema(schema.Profile)
    for name, words in _field_words().items():
        properties = made["$defs"].get(name, {}).get("properties", {})
        for field, text in words.items():
            if field in properties:
                properties[field]["description"] = _joined(text, properties[field].get("description", ""))
    _widen(made)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A cockpit profile, version 1"}
    return json.dumps({**head, **made}, indent=2, ensure_ascii=False)


def _widen(part: Any) -> None:
    """Where a file may hold more types than the value has, the schema says the file's."""
    if isinstance(part, dict):
        if WRITTEN in part:
            part["type"] = part.pop(WRITTEN)
        for inner in part.values():
            _widen(inner)
    elif isinstance(part, list):
        for inner in part:
            _widen(inner)


def _joined(text: str, allowed: str) -> str:
    return f"{text.rstrip('.')}: {allowed}" if allowed else text


def _field_words() -> dict[str, dict[str, str]]:
    """By class and field: the text under it, inherited ones too. Empty where the source is not shipped."""
    kinds = list(_kinds(Declared))
    own: dict[str, dict[str, str]] = {}
    for module in {kind.__module__ for kind in kinds}:
        try:
            tree = ast.parse(inspect.getsource(sys.modules[module]))
        except (OSError, TypeError):
            continue
        own |= {node.name: _words_of(node) for node in tree.body if isinstance(node, ast.ClassDef)}
    return {kind.__name__: _inherited(kind, own) for kind in kinds}


def _kinds(base: type[Any]) -> Iterator[type[Any]]:
    """Everything that a profile declares, whichever module says so."""
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _inherited(kind: type[Any], own: dict[str, dict[str, str]]) -> dict[str, str]:
    words: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        words |= own.get(base.__name__, {})
    return words


def _words_of(node: ast.ClassDef) -> dict[str, str]:
    words = {}
    for statement, following in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(following, ast.Expr)
            and isinstance(following.value, ast.Constant)
            and isinstance(following.value.value, str)
        ):
            words[statement.target.id] = " ".join(following.value.value.split())
    return words
