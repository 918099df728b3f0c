"""A cluster in which nothing happens but what a test does."""

import pytest

from tests.kubernetes.conftest import Kubernetes


@pytest.fixture
async def still(kubernetes: Kubernetes) -> Kubernetes:
    """The sample shop without controllers and kubelet: a pod stays as the test put it."""
    await kubernetes.emulator.manager.stop()
    return kubernetes
