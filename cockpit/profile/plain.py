"""Secrets that are written out where `${NAME}` belongs."""

import re
from typing import Final

from cockpit.profile.expand import references

ADVICE: Final = "a secret written out; allowed: ${NAME}, with the value in the environment"

_NAMES: Final = re.compile(
    r"authori[sz]ation|auth(?!or)|cookie|passw|passphrase|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credential"
    r"|^x-.*-key$|^pgpass|_pwd$|^pwd$|^pass$",
    re.IGNORECASE,
)
_SHAPES: Final = re.compile(
    r"\b(gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|xox[abpr]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.|sk-[A-Za-z0-9_-]{20,}|AIza[\w-]{30,})|-----BEGIN [A-Z ]*PRIVATE KEY"
)
_IN_JSON: Final = re.compile(r'"([\w-]{1,64})"\s*:\s*"([^"]+)"')
_CARRIES: Final = re.compile(r"[@=]")
_OPTION: Final = re.compile(r"--?([\w-]{1,64})(?:=(.*))?", re.DOTALL)


def secret_name(name: str) -> bool:
    """Whether what bears this name (a header, a variable, a parameter) is a secret."""
    return bool(_NAMES.search(name))


def known_secret(text: str) -> bool:
    """Whether a text holds something that has the shape of a token or key."""
    return bool(_SHAPES.search(text))


def plain_value(name: str, value: str) -> bool:
    """Whether `name` wants a secret and `value` has one written out."""
    return bool(value) and secret_name(name) and not references(value)


def plain_url(url: str) -> bool:
    """Whether a URL carries a password or a token that is written out."""
    if not _CARRIES.search(url):
        return False
    from urllib.parse import parse_qsl, urlsplit

    try:
        parts = urlsplit(url)
        password = parts.password or ""
    except ValueError:
        return False
    if password and not references(password):
        return True
    return any(plain_value(name, value) for name, value in parse_qsl(parts.query))


def plain_body(body: str) -> bool:
    """Whether a JSON or form body carries a secret that is written out."""
    if not body:
        return False
    from urllib.parse import parse_qsl

    pairs = _IN_JSON.findall(body) if body.lstrip().startswith(("{", "[")) else parse_qsl(body)
    return any(plain_value(name, value) for name, value in pairs)


def plain_argument(argv: tuple[str, ...]) -> int | None:
    """The place of a word that gives a secret to a command (`--password=x`, `--token x`), None when there is none."""
    for place, word in enumerate(argv):
        option = _OPTION.fullmatch(word)
        if option is None or not secret_name(option[1]) or option[1].endswith(("file", "stdin", "env")):
            continue
        following = argv[place + 1] if place + 1 < len(argv) else ""
        if option[2] or (option[2] is None and following and not following.startswith("-")):
            return place
    return None
