"""Tokens, their files, login commands: given, renewed, refused."""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from cockpit.backends.base import SourceError
from cockpit.backends.kubernetes import plugin
from cockpit.backends.kubernetes.access import find_access
from cockpit.backends.kubernetes.client import TIMEOUT, KubeClient
from cockpit.backends.kubernetes.credentials import AT_LEAST, FILE_EVERY, Credentials
from cockpit.backends.kubernetes.errors import ApiAnswer
from cockpit.board.clock import Clock, ManualClock, SystemClock
from cockpit.board.secrets import Secrets
from cockpit.profile.schema import Backend
from tests.kubernetes.backend.test_kubeconfig import config, written
from tests.kubernetes.conftest import Kubernetes
from tests.patience import PATIENCE

HERE = Backend(kind="kubernetes")


def credentials(folder: Path, user: str, clock: Clock | None = None, secrets: Secrets | None = None) -> Credentials:
    environ = written(folder, config("http://h", user=user)) | {"PATH": "/usr/bin:/bin"}
    return Credentials(find_access(HERE, environ), clock or SystemClock(), secrets or Secrets(), environ)


def command(folder: Path, body: str) -> str:
    """A login command, as a kubeconfig names it."""
    path = folder / "login"
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [a], interactiveMode: Never}}"


def credential(**status: str | None) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


async def test_a_token_is_sent_and_masked_everywhere(tmp_path: Path) -> None:
    secrets = Secrets()
    proof = await credentials(tmp_path, "{token: abcdefgh}", secrets=secrets).proof()
    assert proof.headers == {"Authorization": "Bearer abcdefgh"}
    assert secrets.mask("it sent abcdefgh there") == "it sent *** there"


async def test_a_token_with_a_line_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="characters that no token has"):
        await credentials(tmp_path, '{token: "abcd\\nX-Other: 1"}').proof()


async def test_a_file_is_read_again_after_a_minute_and_after_a_refusal(tmp_path: Path) -> None:
    clock = ManualClock()
    (tmp_path / "token").write_text("first", "utf-8")
    made = credentials(tmp_path, "{tokenFile: token}", clock)
    first = await made.proof()
    (tmp_path / "token").write_text("second", "utf-8")
    assert await made.proof() is first
    await clock.advance(FILE_EVERY)
    second = await made.proof()
    assert second.headers["Authorization"] == "Bearer second"
    (tmp_path / "token").write_text("third", "utf-8")
    made.reject(second)
    assert (await made.proof()).headers["Authorization"] == "Bearer third"


async def test_a_password(tmp_path: Path) -> None:
    proof = await credentials(tmp_path, "{username: ops, password: secret}").proof()
    assert proof.headers == {"Authorization": "Basic b3BzOnNlY3JldA=="}


async def test_as_whom_one_asks_is_a_header_for_each_group(tmp_path: Path) -> None:
    proof = await credentials(tmp_path, "{token: abcd, as: ops, as-groups: [a, 'b,c']}").proof()
    assert proof.pairs == [
        ("Authorization", "Bearer abcd"),
        ("Impersonate-User", "ops"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b,c"),
    ]


async def test_a_login_command_is_run_once_and_told_what_kubectl_tells_it(tmp_path: Path) -> None:
    body = 'echo run >> runs; printf %s "$KUBERNETES_EXEC_INFO" > told; printf %s "$1" > given'
    made = credentials(tmp_path, command(tmp_path, f"cd {tmp_path}; {body}; {credential(token='t0ken')}"))
    for _ in range(2):
        assert (await made.proof()).headers == {"Authorization": "Bearer t0ken"}
    assert (tmp_path / "runs").read_text("utf-8") == "run\n"
    assert (tmp_path / "given").read_text("utf-8") == "a"
    told = json.loads((tmp_path / "told").read_text("utf-8"))
    assert (told["kind"], told["spec"]["interactive"]) == ("ExecCredential", False)


async def test_what_a_login_command_leaves_null_it_does_not_give(tmp_path: Path) -> None:
    body = credential(token="t0ken", clientCertificateData=None, expirationTimestamp=None)
    proof = await credentials(tmp_path, command(tmp_path, body)).proof()
    assert (proof.headers, proof.certificate, proof.until) == ({"Authorization": "Bearer t0ken"}, "", None)


async def test_a_token_that_runs_out_is_renewed_and_not_for_each_request(tmp_path: Path) -> None:
    clock, ending = ManualClock(), credential(token="t0ken", expirationTimestamp="2020-01-01T00:00:00Z")
    made = credentials(tmp_path, command(tmp_path, f"echo run >> {tmp_path}/runs; {ending}"), clock)
    await made.proof()
    await made.proof()
    assert (tmp_path / "runs").read_text("utf-8") == "run\n"
    await clock.advance(AT_LEAST)
    await made.proof()
    assert (tmp_path / "runs").read_text("utf-8") == "run\nrun\n"


async def test_a_login_command_that_fails_is_not_run_for_each_that_waits(tmp_path: Path) -> None:
    clock = ManualClock()
    made = credentials(tmp_path, command(tmp_path, f"echo run >> {tmp_path}/runs; exit 3"), clock)
    for _ in range(2):
        with pytest.raises(SourceError, match="failed with exit 3"):
            await made.proof()
    assert (tmp_path / "runs").read_text("utf-8") == "run\n"
    await clock.advance(AT_LEAST)
    with pytest.raises(SourceError, match="failed with exit 3"):
        await made.proof()
    assert (tmp_path / "runs").read_text("utf-8") == "run\nrun\n"


async def test_a_login_that_takes_longer_than_any_answer_is_waited_for(
    kubernetes: Kubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, begun = ManualClock(), asyncio.Event()

    async def slow(*_: object) -> plugin.Given:
        begun.set()
        await clock.sleep(2 * TIMEOUT)
        return plugin.Given(token="good")

    monkeypatch.setattr(plugin, "login", slow)
    kubernetes.cluster.policy.tokens = {"good": "ops"}
    asker = client(kubernetes, "{exec: {command: x}}", clock)
    asking = asyncio.create_task(asker.get("/version", dict[str, str]))
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        await clock.advance(2 * TIMEOUT)
        assert (await asking)["gitVersion"]
    await asker.reset()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'session expired for token: abc12345' >&2; exit 3", "failed with exit 3 (session expired"),
        ("echo no json", "answered what is no ExecCredential"),
        (credential(), "gave neither a token nor a certificate"),
        (credential(clientCertificateData="x"), "gave neither a token nor a certificate"),
    ],
)
async def test_a_login_command_that_fails_says_what_to_run_outside(body: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failed:
        await credentials(tmp_path, command(tmp_path, body)).proof()
    assert words in str(failed.value)
    assert "run outside: kubectl --context prod get --raw /version" in str(failed.value)
    assert "abc12345" not in str(failed.value)


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("{exec: {command: ./gone, installHint: see the wiki}}", "there is no such command here (see the wiki)"),
        ("{exec: {command: x, interactiveMode: Always}}", "wants a terminal"),
        ("{exec: {command: x, apiVersion: client.authentication.k8s.io/v9}}", "wants version"),
        ("{auth-provider: {name: gcp}}", "auth-provider 'gcp', which Kubernetes gave up"),
        ("{tokenFile: gone}", "cannot be read"),
    ],
)
async def test_what_cannot_log_in_says_why(user: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as failed:
        await credentials(tmp_path, user).proof()
    assert words in str(failed.value)


def client(kubernetes: Kubernetes, user: str, clock: Clock | None = None) -> KubeClient:
    environ = written(kubernetes.kubeconfig.parent, config(kubernetes.url, user=user)) | {"PATH": "/usr/bin:/bin"}
    return KubeClient("main", HERE, clock or SystemClock(), Secrets(), read_only=True, environ=environ)


async def test_a_token_that_is_no_longer_accepted_is_renewed_on_the_way(kubernetes: Kubernetes, tmp_path: Path) -> None:
    kubernetes.cluster.policy.tokens = {"first": "ops", "second": "ops"}
    (tmp_path / "token").write_text("first", "utf-8")
    asker = client(kubernetes, "{tokenFile: token}")
    await asker.get("/version", dict[str, str])
    kubernetes.cluster.policy.revoked.add("first")
    (tmp_path / "token").write_text("second", "utf-8")
    assert (await asker.get("/version", dict[str, str]))["gitVersion"]
    await asker.reset()


async def test_what_is_not_accepted_says_to_log_in_again(kubernetes: Kubernetes) -> None:
    kubernetes.cluster.policy.tokens = {"good": "ops"}
    asker = client(kubernetes, "{token: wrong}")
    with pytest.raises(ApiAnswer, match="does not accept these credentials, log in again") as failed:
        await asker.get("/version", dict[str, str])
    assert failed.value.status == 401
    await asker.reset()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/namespaces/shop/pods"),
        ("GET", "/api/v1/namespaces/shop/pods/web/exec"),
        ("GET", "/api/v1/namespaces/shop/services/web/proxy/x"),
    ],
)
async def test_a_reader_can_change_nothing(method: str, path: str, kubernetes: Kubernetes) -> None:
    asker = client(kubernetes, "{}")
    with pytest.raises(SourceError, match="is refused: what observes a cluster may not change it"):
        await (asker.post(path, {}, dict) if method == "POST" else asker.raw(path))
    assert kubernetes.cluster.faults.seen == []
    await asker.reset()
