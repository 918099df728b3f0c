"""What a service's row says of its fault: of little room the change before it has its part."""

import pytest

from cockpit.board.model import State
from cockpit.ui.look import look_of
from cockpit.ui.panes.services import why
from cockpit.ui.settings import Settings
from tests.ui import scene
from tests.ui.fakeport import AT


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "exit 1, restarted 4x, just after rollout web:2.4.1 -> 2.5.0",
            "exit 1, just after rollout web:2.4.1 -> 2.5.0",
        ),
        ("OOM killed, 137, restarted 9x in 3 min, 5 m after rollout", "OOM killed, 137, 5 m after rollout"),
        ("exit 1, restarted 4x", "exit 1, restarted 4x"),
        ("restarted 4x", "restarted 4x"),
        ("p95 6.2s > 2s, 40 s after x", "p95 6.2s > 2s, 40 s after x"),
    ],
)
def test_a_number_that_has_its_column_gives_way_to_the_change_before(told: str, shown: str) -> None:
    service = scene.service("web", 1, State.DOWN, 60, why=told)
    assert why(look_of(Settings(theme="dark", ascii=False)), service, AT) == shown
