"""Masks secrets in text that is kept, shown or sent: values that are known, and what looks like one.

Text is made safe first (`board.text`), so that an escape sequence cannot split a secret. Every pattern takes time
linear in the text: bounded or possessive repeats, and runs that cannot be entered in their middle.
"""

import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from cockpit.board.model import SafeText

MASK = "***"
SHORTEST = 4
MOST = 1000

_VALUE = r"""(?P<value>\\?"[^"\\]{1,512}+|'[^']{1,512}+|[^\s"'\\,;&)\]}]++)"""
_SEPARATOR = r"""[\\"']{0,3}\s{0,3}(?:=>|:=|[=:])\s{0,3}"""

_NAMED = re.compile(
    r"(?i)(?P<keep>(?:passw(?:or)?d|passphrase|_pass|pwd|credentials?|secret(?:[_-](?:access[_-])?key)?"
    rf"|api[_-]?key|access[_-]?key|private[_-]?key){_SEPARATOR})" + _VALUE
)
# "token: expired" is prose, "token=abc" and "token: 9f86d081884c" are not.
_TOKEN = re.compile(
    r"(?i)(?P<keep>token(?:[\\\"']{0,3}=|[\\\"']{1,3}\s{0,3}:\s{0,3}|:\s{0,3}(?=[a-z_.-]{0,64}+\d)))" + _VALUE
)
_ARGUMENT = re.compile(
    r"(?i)(?P<keep>-(?:password|passwd|token|secret|api-key|access-key)\s{1,3})(?P<value>[^\s-]\S*+)"
)
_HEADER = re.compile(
    r"(?i)(?P<keep>authorization[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3}(?:(?!digest)[a-z]{1,16}+\s{1,3})?)"
    r"(?P<value>digest\s[^\n]*+|[^\s\"'\\,]++)"
)
_BEARER = re.compile(r"(?i)(?P<keep>\bbearer\s{1,3})(?P<value>[a-z0-9._~+/=-]{8,}+)")
_COOKIE = re.compile(r"(?i)(?P<keep>\bcookie[\\\"']{0,3}\s{0,3}[:=]\s{0,3}[\\\"']{0,3})(?P<value>[^\"'\\]++)")
_URL = re.compile(r"(?P<keep>://[^\s/@:]{0,256}+:)(?P<value>[^\s/]{1,512})(?=@)")
_URL_TOKEN = re.compile(r"(?P<keep>://)(?P<value>[A-Za-z0-9_.~%-]{20,256}+)(?=@)")
_SHAPES = re.compile(
    r"(?P<keep>)(?P<value>(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+)?"
    r"|(?<![A-Za-z0-9])(?:gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk-|hvs\.)[A-Za-z0-9_-]{16,}+)"
)
_KEY = re.compile(r"(?P<keep>-----BEGIN (?:[A-Z]{1,10}+ ){0,3}?PRIVATE KEY-----)(?P<value>[^-]++)")
# (words, pattern): only tried when one of the words (lower case) stands in the text. The whole line of a header first,
# then what is named, then what only looks like a secret.
_PATTERNS = (
    (("authorization",), _HEADER),
    (("cookie",), _COOKIE),
    (("@",), _URL),
    (("@",), _URL_TOKEN),
    (
        (
            "passw", "passphrase", "_pass", "pwd", "credential", "secret", "apikey", "api_key", "api-key", "accesskey",
            "access_key", "access-key", "privatekey", "private_key", "private-key",
        ),
        _NAMED,
    ),
    (("token",), _TOKEN),
    (("-pass", "-token", "-secret", "-api-key", "-access-key"), _ARGUMENT),
    (("bearer",), _BEARER),
    (
        (
            "akia", "asia", "eyj", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "sk-",
            "hvs.",
        ),
        _SHAPES,
    ),
    (("private key",), _KEY),
)  # fmt: skip
# Most lines hold none of the words: one search says so in 1 us.
_ALL_WORDS = sorted({re.escape(word) for words, _ in _PATTERNS for word in words})
_QUICK = re.compile("|".join(_ALL_WORDS))
LARGE = 2048
"""Characters from which RE2 looks first: over 20 kB of log it takes 40 us for all words and values, `re` 500."""


class Secrets:
    """What must not be seen. One instance is handed to all that let text in; use it on the engine's loop.

    spare: words that are never masked by value (names of services: a password "postgres" would hide them all).
    """

    def __init__(self, values: Iterable[str] = (), spare: Iterable[str] = ()) -> None:
        self._spare = frozenset(spare)
        self._values: tuple[str, ...] = ()
        self._hint: Callable[[bytes], object] | None = None
        for value in values:
            self.register(value)

    def register(self, value: str) -> bool:
        """Mask this value wherever it stands, also as it is written in URLs and JSON.

        False: it cannot be masked by value (shorter than 4 characters, spared, or one more than 1,000).
        """
        if len(value) < SHORTEST or value in self._spare or len(self._values) >= MOST:
            return False
        forms = {value, quote(value, safe=""), value.replace("\\", "\\\\").replace('"', '\\"')}
        self._hint = None
        # The longest first: one value may be part of another.
        self._values = tuple(sorted({*self._values, *forms}, key=lambda one: (-len(one), one)))
        return True

    def mask(self, text: str) -> SafeText:
        """`text` (already safe) with every secret replaced by "***"."""
        if len(text) >= LARGE and not self._may_hold(text):
            return SafeText(text)
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
        lower = text.lower()
        if _QUICK.search(lower) is None:
            return SafeText(text)
        for words, pattern in _PATTERNS:
            if any(word in lower for word in words):
                text = pattern.sub(_masked, text)
        return SafeText(text)

    def _may_hold(self, text: str) -> bool:
        """Whether a known value or a word that leads a secret stands in `text`."""
        if self._hint is None:
            self._hint = _hint(self._values)
        return self._hint(text.encode("utf-8", "surrogatepass")) is not None


def _hint(values: Iterable[str]) -> Callable[[bytes], object]:
    """Finds the first of the values and words; anything at all where they are too many for RE2."""
    import re2  # 10 ms, and only logs are long enough to need it

    # An "@" alone is too frequent; the patterns that it leads ask for more.
    words = [word for word in _ALL_WORDS if word != "@"]
    pattern = "|".join([*map(re2.escape, values), f"(?i:{'|'.join(words)})", r"://[^\s]*@"])
    options = re2.Options()
    options.never_capture, options.log_errors, options.max_mem = True, False, 8 * 2**20
    try:
        found: Callable[[bytes], object] = re2.compile(pattern.encode("utf-8", "surrogatepass"), options).search
    except re2.error:
        return lambda _: True
    return found


def _masked(match: re.Match[str]) -> str:
    value = match["value"]
    opening = value[: len(value) - len(value.lstrip("\\\"'"))] if value[0] in "\\\"'" else ""
    return f"{match['keep']}{opening}{MASK}"
