"""Nodes of YAML against the types of a profile: plain data for msgspec, and every mistake on the way.

The types decide what a text means, so `8080` is a text where a text is wanted and `no` is never false. What is wrong
is reported and left out, so that one run finds all of it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec.inspect as kinds

from cockpit.profile.checks import DURATION_WORDS, seconds
from cockpit.profile.issue import Path, choose, shown
from cockpit.profile.reader import INVALID, Invalid, Reader, Rule
from cockpit.profile.tree import Node

_INTEGER: Final = re.compile(r"[-+]?\d{1,18}")
_NUMBER: Final = re.compile(r"[-+]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})([eE][-+]?\d{1,2})?")


def read(reader: Reader, node: Node, kind: kinds.Type, path: Path = (), rule: Rule | None = None) -> Any:
    """The value of a node as plain data (dict, list, str, ...), or INVALID after the reason was reported."""
    reader.at(node, path)
    if isinstance(kind, kinds.Metadata):
        return read(reader, node, kind.type, path, _rule(kind))
    return _READERS[type(kind)](reader, node, kind, path, rule or {})


def _rule(kind: kinds.Metadata) -> Rule:
    return {"allowed": (kind.extra_json_schema or {}).get("description"), **(kind.extra or {})}


def _struct(reader: Reader, node: Node, kind: kinds.StructType, path: Path, _rule: Rule) -> Any:
    fields = {field.encode_name: field for field in kind.fields}
    allowed = [*fields, kind.tag_field] if kind.tag_field else list(fields)
    if node.kind != "map" and not node.empty:
        return reader.expected(node, path, f"a mapping of {', '.join(sorted(allowed))}")
    data: dict[str, Any] = {kind.tag_field: kind.tag} if kind.tag_field else {}
    met = set()
    for key, value, inner in reader.pairs(node, path):
        name = key.text
        met.add(name)
        if name == kind.tag_field:
            continue
        if name not in fields:
            reader.report(path, f"unknown key {shown(name)}; {choose(name, allowed)}", place=inner)
            continue
        result = read(reader, value, fields[name].type, inner)
        if result is not INVALID:
            data[name] = result
    missing = [name for name, field in fields.items() if field.required and name not in met]
    for name in missing:
        reader.report(path, f"{name!r} is missing; allowed: {_words(fields[name].type)}", at_key=True)
    if any(field.required and name not in data for name, field in fields.items()):
        return INVALID if path else data
    return data


def _tagged(reader: Reader, node: Node, options: Mapping[str, kinds.StructType], path: Path) -> Any:
    field = next(iter(options.values())).tag_field or ""
    if node.kind != "map":
        return reader.expected(node, path, f"a mapping with {field}: {', '.join(sorted(options))}")
    chosen = next((value for key, value in node.pairs if key.kind == "text" and key.text == field), None)
    if chosen is None:
        reader.report(path, f"{field!r} is missing; allowed: {', '.join(sorted(options))}", at_key=True)
        return INVALID
    name = chosen.text if chosen.kind == "text" else ""
    if name not in options:
        reader.at(chosen, (*path, field))
        reader.report((*path, field), f"unknown {field} {chosen.word}; {choose(name, options)}")
        return INVALID
    return read(reader, node, options[name], path)


def _union(reader: Reader, node: Node, kind: kinds.UnionType, path: Path, rule: Rule) -> Any:
    structs = {str(each.tag): each for each in kind.types if isinstance(each, kinds.StructType) and each.tag_field}
    if structs:
        return _tagged(reader, node, structs, path)
    others = [each for each in kind.types if not isinstance(each, kinds.NoneType)]
    if node.empty and len(others) < len(kind.types):
        return None
    if len(others) == 1:
        return read(reader, node, others[0], path, rule)
    return _any_scalar(reader, node, path)


def _any_scalar(reader: Reader, node: Node, path: Path) -> Any:
    """A value by its own looks, as YAML 1.2 reads it: a number, true or false, else text."""
    if node.kind == "text" and node.plain:
        if node.text in ("true", "false"):
            return node.text == "true"
        if _INTEGER.fullmatch(node.text):
            return int(node.text)
        if _NUMBER.fullmatch(node.text):
            return float(node.text)
    return reader.text(node, path, kinds.StrType(), {"allowed": "a text, a number, true, false or null"})


def _mapping(reader: Reader, node: Node, kind: kinds.DictType, path: Path, _rule: Rule) -> Any:
    if node.empty:
        return {}
    if node.kind != "map":
        return reader.expected(node, path, f"a mapping (name: {_words(kind.value_type)})")
    data = {}
    key_kind, key_rule = _unwrapped(kind.key_type)
    for key, value, inner in reader.pairs(node, path):
        good = reader.text(key, inner, key_kind, key_rule, at_key=True)
        result = read(reader, value, kind.value_type, inner)
        if good is not INVALID and result is not INVALID:
            data[key.text] = result
    return data


def _unwrapped(kind: kinds.Type) -> tuple[kinds.StrType, Rule]:
    rule: Rule = {}
    if isinstance(kind, kinds.Metadata):
        rule = _rule(kind)
        kind = kind.type
    assert isinstance(kind, kinds.StrType)
    return kind, rule


def _list(reader: Reader, node: Node, kind: kinds.VarTupleType, path: Path, _rule: Rule) -> Any:
    if node.empty:
        items: tuple[Node, ...] = ()
    elif node.kind == "list":
        items = node.items
    else:
        return reader.expected(node, path, f"a list ([{_words(kind.item_type)}, ...])")
    least, most = kind.min_length or 0, kind.max_length or 1000
    if not least <= len(items) <= most:
        reader.report(path, f"{len(items)} values; allowed: {least} to {most}")
        return INVALID
    values = [read(reader, item, kind.item_type, (*path, place)) for place, item in enumerate(items)]
    kept = [place for place, value in enumerate(values) if value is not INVALID]
    reader.kept[path] = tuple(kept)
    return [values[place] for place in kept] if len(kept) >= least else INVALID


def _integer(reader: Reader, node: Node, kind: kinds.IntType, path: Path, rule: Rule) -> Any:
    if node.kind == "text" and node.plain and _INTEGER.fullmatch(node.text):
        value = int(node.text)
        if (kind.ge is None or value >= kind.ge) and (kind.le is None or value <= kind.le):
            return value
    return reader.expected(node, path, rule.get("allowed") or _words(kind))


def _float(reader: Reader, node: Node, kind: kinds.FloatType, path: Path, rule: Rule) -> Any:
    if rule.get("check") == "duration":
        text = reader.text(node, path, kinds.StrType(), {**rule, "allowed": DURATION_WORDS})
        return INVALID if isinstance(text, Invalid) else seconds(text)
    if node.kind == "text" and node.plain and _NUMBER.fullmatch(node.text):
        return float(node.text)
    return reader.expected(node, path, _words(kind))


def _bool(reader: Reader, node: Node, kind: kinds.BoolType, path: Path, _rule: Rule) -> Any:
    if node.kind == "text" and node.plain and node.text in ("true", "false"):
        return node.text == "true"
    return reader.expected(node, path, _words(kind))


def _literal(reader: Reader, node: Node, kind: kinds.LiteralType, path: Path, _rule: Rule) -> Any:
    for value in kind.values:
        if node.kind == "text" and node.text == str(value) and (node.plain or isinstance(value, str)):
            return value
    words = [str(value) for value in kind.values]
    reader.report(path, f"{node.word} is not allowed; {choose(node.text, words)}")
    return INVALID


def _text(reader: Reader, node: Node, kind: kinds.StrType, path: Path, rule: Rule) -> Any:
    return reader.text(node, path, kind, rule)


def _words(kind: kinds.Type) -> str:
    """What a type allows, in a few words."""
    if isinstance(kind, kinds.Metadata):
        return str((kind.extra_json_schema or {}).get("description") or _words(kind.type))
    if isinstance(kind, kinds.IntType) and kind.le is not None:
        return f"a whole number from {kind.ge or 0} to {kind.le}"
    if isinstance(kind, kinds.LiteralType):
        return ", ".join(str(value) for value in kind.values)
    if isinstance(kind, kinds.UnionType):
        return next((_words(each) for each in kind.types if not isinstance(each, kinds.NoneType)), "nothing")
    return _WORDS.get(type(kind), "a value")


_WORDS: Final[Mapping[type, str]] = {
    kinds.StrType: "a text",
    kinds.IntType: "a whole number",
    kinds.FloatType: "a number",
    kinds.BoolType: "true or false",
    kinds.VarTupleType: "a list",
    kinds.DictType: "a mapping",
    kinds.StructType: "a mapping",
}

_READERS: Final[Mapping[type, Callable[[Reader, Node, Any, Path, Rule], Any]]] = {
    kinds.StructType: _struct,
    kinds.UnionType: _union,
    kinds.DictType: _mapping,
    kinds.VarTupleType: _list,
    kinds.LiteralType: _literal,
    kinds.StrType: _text,
    kinds.IntType: _integer,
    kinds.FloatType: _float,
    kinds.BoolType: _bool,
}
