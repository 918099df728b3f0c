"""The card of one service, line by line."""

from datetime import timedelta

from cockpit.board.model import SafeText
from cockpit.ui.look import look_of
from cockpit.ui.panes.card import CardFacts, card_lines
from cockpit.ui.settings import Settings
from tests.board.scene import Scene, workload

LOOK = look_of(Settings(theme="dark", ascii=False, utc=True))


def test_a_rollout_is_named_once_and_when_it_began() -> None:
    scene = Scene()
    rolling = SafeText("rollout: 1 of 3 updated")
    began = scene.at - timedelta(minutes=2)
    service = scene.listed(workload("web", {}, {}, {}, rollout=rolling, changed_at=began))["web"]
    lines = [line.text.rstrip() for line in card_lines(LOOK, CardFacts(service=service), scene.at, 60)]
    assert [line for line in lines if rolling in line] == [" why   rollout: 1 of 3 updated"]
    assert " last  13:58:00 rollout (2m00)" in lines
