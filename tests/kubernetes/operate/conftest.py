"""The door on the emulated cluster."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.kubernetes.conftest import Kubernetes
from tests.kubernetes.operate.bridge import Bridge


@pytest.fixture
def pace() -> float:
    """Pods come and go in a hundredth of the time that they take in life."""
    return 0.01


@pytest.fixture
async def bridge(kubernetes: Kubernetes, tmp_path: Path) -> AsyncIterator[Bridge]:
    """On the sample shop."""
    async with Bridge(kubernetes, tmp_path) as one:
        yield one
