"""Style sheets and profiles are found in a checkout and in an installed wheel alike."""

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit import resources
from tests.patience import PATIENCE
from tests.program import CHECKOUT


def test_a_checkout_uses_its_own_top_level() -> None:
    assert resources.styles() == CHECKOUT / "styles"
    assert resources.profiles() == CHECKOUT / "profiles"


def test_an_installed_wheel_carries_them_inside(tmp_path: Path) -> None:
    # Laid out as a wheel would be, beside a folder that only happens to be called styles.
    package = tmp_path / "cockpit"
    for folder in (package / "_styles", package / "_profiles", tmp_path / "styles"):
        folder.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "resources.py").write_text((CHECKOUT / "cockpit" / "resources.py").read_text())
    asked = "from cockpit import resources as r; print(r.styles(), r.profiles())"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.split() == [str(package / "_styles"), str(package / "_profiles")]


def test_a_broken_installation_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "cockpit")
    with pytest.raises(FileNotFoundError, match="install incident-cockpit again"):
        resources.styles()
