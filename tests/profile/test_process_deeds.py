"""How processes are changed and which files are put back: what may stand there, and every mistake located."""

from pathlib import Path

import pytest

from cockpit.profile.load import loads
from cockpit.profile.validate import report

PROFILE = """\
version: 1
name: shop
services:
  worker:
    workloads: [{pidfile: /run/worker.pid}]
    calls:
      reload: {url: "http://127.0.0.1:8001/reload"}
    commands:
      restart: {argv: [systemctl, restart, worker], timeout: 20s}
      stop: {argv: [systemctl, stop, worker], environment: {TOKEN: "${TOKEN}"}}
    repository: {path: /srv/shop, files: [conf/app.toml, conf/pool.toml], then: restart}
backends:
  here: {kind: process}
"""


def test_they_are_read_and_listed(tmp_path: Path) -> None:
    loaded = loads(PROFILE, "p.yaml", {"TOKEN": "x"})
    assert loaded.errors == ()
    assert loaded.profile is not None
    worker = loaded.profile.services["worker"]
    assert worker.commands.restart is not None
    assert (worker.commands.restart.timeout, worker.commands.start) == (20.0, None)
    assert worker.repository is not None
    assert (worker.repository.files, worker.repository.then) == (("conf/app.toml", "conf/pool.toml"), "restart")
    assert [line for line in report(loaded).lines if "on request" in line] == [
        "asks on request: worker/reload: POST http://127.0.0.1:8001/reload",
        "runs on this machine, on request: worker/restart: systemctl restart worker",
        "runs on this machine, on request: worker/stop: systemctl stop worker",
        "changes on this machine, on request: worker/repository: conf/app.toml, conf/pool.toml in /srv/shop",
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        ("[systemctl, restart, worker]", "['']", "commands.restart.argv[0]: no command"),
        ("[systemctl, restart, worker]", "[]", "commands.restart.argv: 0 values"),
        ("[systemctl, restart, worker]", "[ctl, --token, abcdefg]", "commands.restart.argv[1]: a secret in a command"),
        ('"${TOKEN}"', "abcdefgh", "commands.stop.environment.TOKEN: a secret written out"),
        ("restart: {argv", "reload: {argv", "commands: unknown key 'reload'"),
        ("{pidfile: /run/worker.pid}", "{compose: worker}", "commands: nothing of it runs as a plain process"),
        ("path: /srv/shop", "path: srv/shop", "repository.path: 'srv/shop' is no absolute path"),
        ("path: /srv/shop", "path: ''", "repository.path: names no folder"),
        ("[conf/app.toml, conf/pool.toml]", "[]", "repository.files: 0 values"),
        ("conf/pool.toml", "/etc/passwd", "repository.files[1]: "),
        ("conf/pool.toml", "conf/../../x", "repository.files[1]: 'conf/../../x' leads out of the working copy"),
        (
            "then: restart",
            "then: relaod",
            "repository.then: nothing is done by the name 'relaod'; did you mean 'reload'",
        ),
        ("then: restart", "then: start", "repository.then: the service has no command for start"),
        ("then: restart", "then: rollback", "repository.then: nothing is done by the name 'rollback'"),
    ],
)
def test_what_is_wrong_is_located(was: str, becomes: str, wrong: str) -> None:
    assert was in PROFILE
    text = PROFILE.replace(was, becomes).replace(
        "{kind: process}", "{kind: docker}" if "compose" in becomes else "{kind: process}"
    )
    found = [str(error) for error in loads(text, "p.yaml", {"TOKEN": "x"}).errors]
    assert any(wrong in error for error in found), found
    assert all(error.split(":")[1].isdecimal() for error in found)
