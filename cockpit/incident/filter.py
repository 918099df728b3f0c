"""What a filter line leaves of the timeline: `kind:decision who:oncall service:redis words`; `!` inverts a term.

Terms of the same name are alternatives, different ones must all hold; words are looked for in any case.
"""

from collections.abc import Iterable

from msgspec import Struct

from cockpit.incident.timeline import Row

NAMES = ("kind", "who", "service")


class Term(Struct, frozen=True):
    """One condition. name is kind, who, service or "text"; value in lower case."""

    name: str
    value: str
    inverse: bool = False

    def holds(self, row: Row) -> bool:
        """Whether the row is as the term says, its inversion included."""
        match self.name:
            case "kind":
                found = row.entry.kind == self.value
            case "who":
                found = self.value in row.entry.who.lower()
            case "service":
                found = self.value in row.service.lower()
            case _:
                found = self.value in row.text.lower()
                if not found and row.annotations:
                    found = any(self.value in note.text.lower() for note in row.annotations)
        return found is not self.inverse


class Filter(Struct, frozen=True):
    """A parsed filter line; `text` is what was typed. all_of: each must hold; any_of: of each group at least one."""

    text: str
    all_of: tuple[Term, ...] = ()
    any_of: tuple[tuple[Term, ...], ...] = ()

    def matches(self, row: Row) -> bool:
        """Whether the row stays."""
        return all(term.holds(row) for term in self.all_of) and all(
            any(term.holds(row) for term in group) for group in self.any_of
        )

    def of(self, rows: Iterable[Row]) -> tuple[Row, ...]:
        """The rows that stay."""
        return tuple(row for row in rows if self.matches(row))


def parse(line: str) -> Filter:
    """Read a filter line; anything that is no term is a word to look for."""
    all_of: list[Term] = []
    any_of: dict[str, list[Term]] = {}
    for token in line.split():
        inverse = token.startswith("!") and len(token) > 1
        body = token[1:] if inverse else token
        name, colon, value = body.partition(":")
        if not (colon and value and name.lower() in NAMES):
            all_of.append(Term("text", body.lower(), inverse))
            continue
        terms = [Term(name.lower(), one.lower(), inverse) for one in value.split(",") if one]
        if inverse:
            all_of += terms
        else:
            any_of.setdefault(name.lower(), []).extend(terms)
    return Filter(line, tuple(all_of), tuple(tuple(group) for group in any_of.values()))
