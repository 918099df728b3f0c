"""What a machine without a profile is taken to have."""

import pytest

from cockpit.profile.discover import POD_TOKEN, SYSTEM_SOCKET, discovered

ROOTLESS = "/run/user/1000/docker.sock"
CLOUDS = "arn:aws:eks:eu-west-1:123456789012:cluster/production-eu"
USER = {"XDG_RUNTIME_DIR": "/run/user/1000"}


@pytest.mark.parametrize(
    ("environ", "there", "expected"),
    [
        ({}, set(), {"local": ""}),
        ({}, {SYSTEM_SOCKET}, {"local": ""}),
        (USER, {SYSTEM_SOCKET}, {"local": ""}),
        (USER, {ROOTLESS}, {"rootless": f"unix://{ROOTLESS}"}),
        (USER, {SYSTEM_SOCKET, ROOTLESS}, {"local": "", "rootless": f"unix://{ROOTLESS}"}),
        ({**USER, "DOCKER_HOST": "ssh://me@host"}, {ROOTLESS}, {"host": "", "rootless": f"unix://{ROOTLESS}"}),
        ({**USER, "DOCKER_HOST": f"unix://{ROOTLESS}"}, {ROOTLESS}, {"local": ""}),
        ({"DOCKER_CONTEXT": "prod"}, set(), {"prod": ""}),
        ({"XDG_RUNTIME_DIR": "relative"}, {"relative/docker.sock"}, {"local": ""}),
    ],
)
def test_engines_that_are_found(environ: dict[str, str], there: set[str], expected: dict[str, str]) -> None:
    profile = discovered(environ, there.__contains__)
    assert {name: backend.host for name, backend in profile.backends.items()} == expected
    assert {backend.kind for backend in profile.backends.values()} == {"docker"}
    assert profile.discover
    assert profile.services == {}


@pytest.mark.parametrize(
    ("environ", "there", "expected"),
    [
        ({"HOME": "/home/me"}, {"/home/me/.kube/config"}, {"kubernetes"}),
        ({"HOME": "/home/me"}, {"/home/me/.kube/config", SYSTEM_SOCKET}, {"local", "kubernetes"}),
        ({"HOME": "/home/me", "KUBECONFIG": "/a:/b"}, {"/b"}, {"kubernetes"}),
        ({"HOME": "/home/me", "KUBECONFIG": "/a:/b"}, {"/home/me/.kube/config"}, {"local"}),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, {POD_TOKEN}, {"kubernetes"}),
        ({}, {POD_TOKEN, "/.kube/config"}, {"local"}),
    ],
)
def test_a_cluster_that_is_found(environ: dict[str, str], there: set[str], expected: set[str]) -> None:
    profile = discovered(environ, there.__contains__)
    assert set(profile.backends) == expected


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"/a": "kind: Config\ncurrent-context: prod-eu\nusers: []\n"}, {"prod-eu": "prod-eu"}),
        ({"/a": '{"kind": "Config", "current-context": "demo", "users": []}'}, {"kubernetes": ""}),
        ({"/a": '{\n "kind": "Config",\n "current-context": "demo",\n "users": []\n}'}, {"demo": "demo"}),
        ({"/a": 'current-context: ""\n', "/b": "current-context: 'stage'\n"}, {"stage": "stage"}),
        (
            {"/a": "current-context: arn:eks:1234:cluster/prod # mine\n"},
            {"arn-eks-1234-cluster-prod": "arn:eks:1234:cluster/prod"},
        ),
        ({"/a": f"current-context: {CLOUDS}"}, {"eu-west-1-123456789012-cluster-production-eu": CLOUDS}),
        ({"/a": "# current-context: none\n"}, {"kubernetes": ""}),
        ({"/a": "current-context: local\n", SYSTEM_SOCKET: ""}, {"local": "", "kubernetes": "local"}),
    ],
)
def test_a_cluster_is_called_as_its_context(texts: dict[str, str], expected: dict[str, str]) -> None:
    profile = discovered({"KUBECONFIG": "/a:/b"}, texts.__contains__, texts.__getitem__)
    assert {name: backend.context for name, backend in profile.backends.items()} == expected
