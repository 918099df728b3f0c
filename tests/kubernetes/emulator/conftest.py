"""The real kubectl beside the emulator."""

from pathlib import Path

import pytest

from tests.kubernetes.conftest import Kubernetes
from tests.parts.kubectl import Kubectl, why_not
from tests.parts.need import missing


@pytest.fixture
def kubectl(kubernetes: Kubernetes, tmp_path: Path) -> Kubectl:
    """kubectl on the fixture `kubernetes`."""
    if reason := why_not():
        missing(reason)
    return Kubectl(kubernetes.kubeconfig, tmp_path)
