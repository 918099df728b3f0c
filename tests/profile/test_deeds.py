"""Calls, actions and smoke checks of a profile: what may stand in them, and every mistake located."""

from textwrap import dedent

import pytest

from cockpit.profile.load import loads

PROFILE = """\
version: 1
name: shop
services:
  web:
    workloads: [{compose: web}]
    probes:
      health: {kind: http, port: 80}
    calls:
      drain: {port: 80, path: /drain, body: '{"share": ${COCKPIT_STAGE}}', after: health, inverse: fill}
      fill: {port: 80, path: /fill}
      ask: {port: 80, method: GET}
    actions:
      shift:
        stages: [10, 50, 100]
        steps:
          - {call: drain}
          - {exec: [sh, -c, 'echo "$COCKPIT_STAGE"'], undo: {exec: [sh, -c, echo back]}}
          - {verb: restart}
    smoke:
      - {call: ask}
      - {command: [curl, -f, http://127.0.0.1/], title: the door}
    verify: {samples: 2}
backends:
  main: {kind: docker}
"""


def test_they_are_read_and_the_stage_is_no_missing_variable() -> None:
    loaded = loads(PROFILE, "p.yaml", {})
    assert (loaded.errors, loaded.unset) == ((), ())
    assert loaded.profile is not None
    web = loaded.profile.services["web"]
    assert web.actions["shift"].stages == (10, 50, 100)
    assert [step.call or step.verb or step.exec[0] for step in web.actions["shift"].steps] == ["drain", "sh", "restart"]
    assert web.smoke[1].title == "the door"


@pytest.mark.parametrize(
    ("was", "becomes", "wrong"),
    [
        ("inverse: fill", "inverse: fil", "calls.drain.inverse: no call or action is named 'fil'; did you mean 'fill'"),
        ("after: health", "after: heal", "calls.drain.after: unknown probe 'heal'"),
        ("fill: {port: 80, path: /fill}", "fill: {path: /fill}", "calls.fill: does not say where"),
        ("fill: {port: 80", "fill: {url: 'http://x', port: 80", "calls.fill: url and port both say where"),
        ("path: /fill", "path: '/fill?token=abcdefgh12345678'", "calls.fill.path: "),
        ("fill:", "restart:", "calls.restart: restart is a verb of its own"),
        ("[10, 50, 100]", "[50, 10, 100]", "actions.shift.stages: stages go upwards"),
        ("[10, 50, 100]", "[10, 50]", "actions.shift.stages: stages go upwards"),
        ("- {call: drain}", "- {call: drian}", "actions.shift.steps[0].call: no call is named 'drian'"),
        ("- {call: drain}", "- {call: drain, verb: stop}", "steps[0]: call and verb is to be done; allowed: one of"),
        ("- {verb: restart}", "- {title: x}", "actions.shift.steps[2]: nothing is to be done"),
        ("- {call: ask}", "- {call: drain}", "smoke[0].call: drain is a POST; allowed: a call of GET or HEAD"),
        ("samples: 2", "traffic: orders", "verify.traffic: unknown metric 'orders'"),
        ("shift:", "drain:", "actions.drain: a call has the name 'drain' too"),
    ],
)
def test_what_is_wrong_is_located(was: str, becomes: str, wrong: str) -> None:
    assert was in PROFILE
    text = PROFILE.replace(was, becomes)
    found = [str(error) for error in loads(dedent(text), "p.yaml", {}).errors]
    assert any(wrong in error for error in found), found
    assert all(error.split(":")[1].isdecimal() for error in found)
