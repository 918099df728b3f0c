"""What a profile wants kept of an instance before it goes."""

import json

import pytest

from cockpit.profile.jsonschema import schema_json
from cockpit.profile.load import loads
from cockpit.profile.validate import report

PROFILE = """\
version: 1
name: shop
services:
  web:
    workloads: [{container: web}]
    captures:
      threads: {argv: [jstack, "1"], timeout: 20s}
      heap: {argv: [jmap, "-dump:file=/tmp/heap.hprof", "1"], file: /tmp/heap.hprof, limit: 200}
policy:
  - {need: capture, verbs: [remove], why: the review needs it}
backends:
  main: {kind: docker}
"""


def test_they_are_read_and_validate_lists_their_commands() -> None:
    loaded = loads(PROFILE, "p.yaml", {})
    assert loaded.errors == ()
    assert loaded.profile is not None
    heap = loaded.profile.services["web"].captures["heap"]
    assert (heap.file, heap.limit, loaded.profile.policy[0].need) == ("/tmp/heap.hprof", 200, "capture")
    lines = report(loaded).lines
    assert "runs in an instance, before it is removed or on request: web/threads: jstack 1" in lines
    assert "captures" in json.loads(schema_json())["$defs"]["Service"]["properties"]


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        ("threads:", "log:", "captures.log: log is always kept; allowed: another name"),
        ('argv: [jstack, "1"]', "argv: []", "captures.threads.argv: "),
        ('argv: [jstack, "1"]', 'argv: [""]', "captures.threads.argv[0]: no command"),
        ('argv: [jstack, "1"]', 'argv: [dump, "--password=abcdef12"]', "a secret in a command line"),
        ("timeout: 20s", "environment: {API_TOKEN: abcdef123456}", "environment.API_TOKEN: a secret written out"),
        ("limit: 200", "limit: 2000", "captures.heap.limit: "),
        ("file: /tmp/heap.hprof", "file: heap.hprof", "captures.heap.file: "),
        ("    workloads: [{container: web}]\n", "", "captures.threads: the service has no instance to run it in"),
        ("need: capture", "need: keep", "policy[0].need: "),
    ],
)
def test_mistakes_are_located(was: str, becomes: str, wrong: str) -> None:
    assert was in PROFILE
    found = loads(PROFILE.replace(was, becomes), "p.yaml", {}).errors
    assert any(wrong in str(error) for error in found), found
