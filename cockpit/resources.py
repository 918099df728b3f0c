"""Where the files that ship beside the code are: `styles/` and `profiles/`.

In a checkout (also an editable install) they live at the top level, where they are edited; a wheel carries them inside
the package as `_styles` and `_profiles`. The package's own copy wins: a folder named `styles` that happens to lie
beside an installed package is somebody else's.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / f"_{name}"
    found = inside if inside.is_dir() else _PACKAGE.parent / name
    if not found.is_dir():
        raise FileNotFoundError(
            f"{name}: not at {inside} nor at {found}: the installation is incomplete, install incident-cockpit again"
        )
    return found


def styles() -> Path:
    """The folder of the screen's style sheets (`*.tcss`). Raises FileNotFoundError in a broken installation."""
    return _folder("styles")


def profiles() -> Path:
    """The folder of the profiles that ship with the cockpit (`*.yaml`). Raises FileNotFoundError like `styles`."""
    return _folder("profiles")
