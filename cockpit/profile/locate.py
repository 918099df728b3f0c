"""Which file a profile's name on the command line means."""

from collections.abc import Iterable
from pathlib import Path

from cockpit.profile.issue import choose, shown


class NoSuchProfile(Exception):
    """Neither a file nor a shipped profile. str(error) is one line that says what there is."""


def locate(word: str, shipped: Iterable[Path]) -> Path:
    """A path as it is (`./x.yaml`, `x.yaml`), else the shipped profile of that name (`somabrain`).

    A word with a slash or a suffix always means a file: which profile is opened does not hang on what lies in the
    current directory. Raises NoSuchProfile for a name that is not shipped.
    """
    if "/" in word or word.endswith((".yaml", ".yml")):
        return Path(word)
    names = {path.stem: path for path in shipped}
    if word in names:
        return names[word]
    raise NoSuchProfile(f"{shown(word)} is no profile; {choose(word, names)}, or a path such as ./{word[:60]}.yaml")
