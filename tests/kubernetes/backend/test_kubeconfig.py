"""Which cluster is meant, as whom: kubeconfigs, their lists, and the pod that the cockpit may run in."""

import base64
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes.access import find_access, tls_context
from cockpit.profile.schema import Backend

HERE = Backend(kind="kubernetes")


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
