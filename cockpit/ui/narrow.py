"""What a typed filter leaves of a list: all words, `!` the others, `-f` letters in that order."""

from collections.abc import Callable

Keep = Callable[[str], bool]


def keeper(text: str) -> Keep:
    """Whether a row's text stays, for a filter as typed; case never matters."""
    wanted = text.strip().lower()
    if not wanted:
        return _everything
    if wanted.startswith("!"):
        inner = keeper(wanted[1:])
        return _everything if inner is _everything else lambda row: not inner(row)
    if wanted.startswith("-f"):
        letters = wanted[2:].replace(" ", "")
        return lambda row: _in_order(letters, row.lower())
    words = wanted.split()
    return lambda row: all(word in row.lower() for word in words)


def _everything(_: str) -> bool:
    return True


def _in_order(letters: str, row: str) -> bool:
    place = 0
    for letter in letters:
        place = row.find(letter, place) + 1
        if not place:
            return False
    return True
