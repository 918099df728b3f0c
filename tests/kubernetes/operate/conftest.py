"""The door on the emulated cluster."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.bridge import Bridge
from tests.kubernetes.operate.whole import PROFILE, Whole, engine_on


@pytest.fixture
def pace() -> float:
    """Pods come and go in a hundredth of the time that they take in life."""
    return 0.01


@pytest.fixture
async def bridge(kubernetes: Kubernetes, tmp_path: Path) -> AsyncIterator[Bridge]:
    """On the sample shop."""
    async with Bridge(kubernetes, tmp_path) as one:
        yield one


@pytest.fixture
async def whole(kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Whole]:
    """The whole engine on the sample shop."""
    monkeypatch.setenv("KUBECONFIG", str(kubernetes.kubeconfig))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    async with engine_on(PROFILE, tmp_path) as one:
        yield one
