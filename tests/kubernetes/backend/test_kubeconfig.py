"""Which cluster is meant, as whom: kubeconfigs, their lists, and the pod that the cockpit may run in."""

import base64
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.access import find_access, tls_context
from cockpit.profile.schema import Backend
from tests.program import CHECKOUT

HERE = Backend(kind="kubernetes")
CERTIFICATE = CHECKOUT / "tests" / "probes" / "tls" / "good.pem"
LOCKED = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGaMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAgazlddr+IaJgIBATAM
BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQrIQokpnBK24fRmnOtDVdRgRAx0uM
/sXp3c79r0svkpeNsaeP5UIeQFog/913u5GXXr3zHLS7/k9aQ2y97uQkAdtdCSgv
DA5A/y6Zmcd7JkntZg==
-----END ENCRYPTED PRIVATE KEY-----
"""
"""A key that nobody reads without its passphrase."""


def config(server: str, *, name: str = "prod", user: str = "{}", cluster: str = "", current: bool = True) -> str:
    head = f"current-context: {name}\n" if current else ""
    return (
        f"apiVersion: v1\nkind: Config\n{head}"
        f"clusters: [{{name: {name}, cluster: {{server: '{server}'{cluster}}}}}]\n"
        f"users: [{{name: {name}, user: {user}}}]\n"
        f"contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}, namespace: shop}}}}]\n"
    )


def written(folder: Path, *texts: str) -> dict[str, str]:
    """KUBECONFIG naming a file for each text."""
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"config-{number}"
        path.write_text(text, "utf-8")
        paths.append(str(path))
    return {"KUBECONFIG": ":".join(paths), "HOME": str(folder)}


def test_the_current_context(tmp_path: Path) -> None:
    access = find_access(HERE, written(tmp_path, config("https://prod.example:6443/")))
    assert (access.server, access.context, access.namespace) == ("https://prod.example:6443", "prod", "shop")
    assert access.host == "prod.example"


def test_of_several_files_the_first_that_names_a_thing_counts(tmp_path: Path) -> None:
    environ = written(
        tmp_path,
        config("https://first.example", current=False),
        config("https://second.example"),
        config("https://third.example", name="stage"),
    )
    environ["KUBECONFIG"] += f":{tmp_path}/that-does-not-exist"
    assert find_access(HERE, environ).server == "https://first.example"
    assert find_access(Backend(kind="kubernetes", context="stage"), environ).server == "https://third.example"


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    text = config("https://h", user="{tokenFile: secrets/token}", cluster=", certificate-authority: ca.pem")
    access = find_access(HERE, written(tmp_path, text))
    assert access.user.token_file == f"{tmp_path}/secrets/token"
    assert access.cluster.certificate_authority == f"{tmp_path}/ca.pem"


def test_the_users_own_file_is_found(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(config("https://own.example"), "utf-8")
    assert find_access(HERE, {"HOME": str(tmp_path)}).server == "https://own.example"


def test_what_is_null_is_not_said(tmp_path: Path) -> None:
    command = "{exec: {command: ./login, args: null, env: [{name: A, value: null}]}, token: null}"
    text = config("HTTPS://h", user=command, cluster=", proxy-url: null").replace("namespace: shop", "namespace: null")
    access = find_access(HERE, written(tmp_path, text))
    assert (access.server, access.namespace, access.proxy) == ("https://h", "", "")
    assert access.user.exec is not None
    assert [(one.name, one.value) for one in access.user.exec.env or ()] == [("A", "")]


def test_inside_a_pod_its_account_is_used(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc", "utf-8")
    (tmp_path / "namespace").write_text("shop\n", "utf-8")
    environ = {"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}
    access = find_access(HERE, environ, tmp_path)
    assert (access.server, access.namespace, access.context) == ("https://10.0.0.1:6443", "shop", "in-cluster")
    assert access.user.token_file == str(tmp_path / "token")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{a: [", "it is no YAML in line"),
        ("just words", "cannot be understood"),
        ("clusters: {}", "cannot be understood"),
        ("current-context: x", "there is no Kubernetes context 'x'"),
        ("apiVersion: v1", "has no current context"),
        (config("ftp://h"), "names a server that is no http(s)"),
        (config("https://user:secret@h"), "names a server that is no http(s)"),
        (config("https://h").replace("cluster: prod,", "cluster: gone,"), "the cluster 'gone', which the kubeconfig"),
        (config("https://h").replace("user: prod,", "user: gone,"), "the user 'gone', who is not in the kubeconfig"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failed:
        find_access(HERE, written(tmp_path, text))
    assert words in str(failed.value)
    assert "\n" not in str(failed.value)
    assert "secret" not in str(failed.value)


def test_a_mistake_beside_a_token_does_not_show_it(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failed:
        find_access(HERE, written(tmp_path, "users: [{name: a, user: {token: [hunter2-hunter2]}}]"))
    assert "hunter2" not in str(failed.value)


def test_without_any_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no kubeconfig"):
        find_access(HERE, {"HOME": str(tmp_path)})


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"{tmp_path} cannot be read"):
        find_access(HERE, {"KUBECONFIG": str(tmp_path), "HOME": "/"})


@pytest.mark.parametrize(
    ("environ", "server", "proxy"),
    [
        ({"HTTPS_PROXY": "http://p:3128"}, "https://h", "http://p:3128"),
        ({"https_proxy": "http://p:3128", "no_proxy": ".example"}, "https://h.example", ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://h", ""),
        ({"HTTPS_PROXY": "p.example:3128"}, "https://h", "http://p.example:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://127.0.0.1:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://[::1]:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://localhost:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "a, 10.0.0.0/8"}, "https://10.1.2.3:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "10.0.0.0/8"}, "https://11.1.2.3:6443", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "fd00::/8"}, "https://[fd00::1]:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "fd00::1"}, "https://[fd00:0::1]:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*.example"}, "https://h.example", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": ".example"}, "https://example", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "example"}, "https://h.Example", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "h.example:6443"}, "https://h.example:6443", ""),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "h.example:6443"}, "https://h.example", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "10.0.0/x,:,1.2.3.4:x,-:"}, "https://10.0.0.1", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, "https://h", ""),
    ],
)
def test_the_proxy_is_the_environments(environ: dict[str, str], server: str, proxy: str, tmp_path: Path) -> None:
    assert find_access(HERE, written(tmp_path, config(server)) | environ).proxy == proxy


def test_the_kubeconfigs_own_proxy_comes_first(tmp_path: Path) -> None:
    environ = written(tmp_path, config("https://h", cluster=", proxy-url: 'http://own:1'")) | {
        "HTTPS_PROXY": "http://p:2"
    }
    assert find_access(HERE, environ).proxy == "http://own:1"


@pytest.mark.parametrize(
    ("cluster", "user", "words"),
    [
        (", certificate-authority-data: '!!'", "{}", "certificate-authority-data is no base64"),
        (", certificate-authority: gone.pem", "{}", "certificate authority cannot be used"),
        ("", "{client-certificate: gone.pem, client-key: gone.pem}", "the client certificate cannot be used"),
        (
            "",
            f"{{client-certificate-data: {base64.b64encode(b'no pem').decode()}}}",
            "client certificate cannot be used",
        ),
    ],
)
def test_certificates_that_cannot_be_used_are_named(cluster: str, user: str, words: str, tmp_path: Path) -> None:
    access = find_access(HERE, written(tmp_path, config("https://h", cluster=cluster, user=user)))
    with pytest.raises(SourceError, match=words):
        tls_context(access)


def test_for_a_passphrase_nobody_is_asked_on_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "locked.pem").write_text(LOCKED, "ascii")
    user = f"{{client-certificate: '{CERTIFICATE}', client-key: locked.pem}}"
    access = find_access(HERE, written(tmp_path, config("https://h", user=user)))
    with pytest.raises(SourceError, match="its client key has a passphrase, for which nobody is asked here"):
        tls_context(access)
