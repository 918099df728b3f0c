"""Each test has a runtime directory of its own, so that demos and sweeps of other programs never meet."""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterator

import pytest

from tests.demo.platform import Platform, running
from tests.patience import PATIENCE


@pytest.fixture(autouse=True)
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """XDG_RUNTIME_DIR; not under tmp_path, whose length leaves no room for a socket's name."""
    folder = tempfile.mkdtemp(prefix="cd-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    # A demo that somebody runs beside the tests is none of theirs.
    monkeypatch.setattr("cockpit.demo.host.folder.places", lambda: [os.environ["XDG_RUNTIME_DIR"]])
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def patient_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What works is judged as soon as it does; until then a busy machine has as long as any wait here."""
    monkeypatch.setattr("cockpit.demo.plan.LEAST_STEP", PATIENCE)


@pytest.fixture
async def demo() -> AsyncGenerator[Platform]:
    """A running platform, all healthy."""
    async with running() as platform:
        yield platform
