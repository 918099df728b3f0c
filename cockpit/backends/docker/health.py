"""What a container's health check says, since when, and its last output. Pure."""

import re
from datetime import datetime, timedelta

from cockpit.backends.docker.times import moment
from cockpit.backends.docker.wire import Config, ContainerRow, ContainerState, HealthResult, HealthState
from cockpit.board.model import Health, SafeText
from cockpit.board.text import safe

_WORDS = {"healthy": Health.HEALTHY, "unhealthy": Health.UNHEALTHY, "starting": Health.STARTING}
_STATUS = re.compile(r"\((healthy|unhealthy|health: starting)\)")
DETAIL = 500


def health_word(status: str) -> Health:
    """ "unhealthy" as the board has it; anything else is none."""
    return _WORDS.get(status, Health.NONE)


def row_health(row: ContainerRow) -> Health:
    """Health as the list tells it: a field from API 1.52 on, before that words in brackets: "Up 3 s (healthy)"."""
    if row.health is not None and row.health.status:
        return health_word(row.health.status)
    found = _STATUS.search(row.status)
    return health_word(found[1].removeprefix("health: ")) if found else Health.NONE


def health_of(state: ContainerState, config: Config | None) -> tuple[Health, SafeText, datetime | None]:
    """(health, last output, since). A container that does not run has none: what it last said was of another life."""
    if state.health is None or not (state.running or state.paused) or state.restarting:
        return Health.NONE, SafeText(""), None
    health = health_word(state.health.status)
    log = state.health.log or []
    last = log[-1] if log else None
    detail = SafeText("")
    if last is not None and health is not Health.HEALTHY and (last.exit_code or health is Health.UNHEALTHY):
        detail = SafeText(safe(_told(last), DETAIL).strip())
    return health, detail, _since(health, state.health)


def _told(result: HealthResult) -> str:
    """The last line that is not empty says most: "curl: (7) Failed to connect"."""
    lines = [line.strip() for line in result.output.splitlines() if line.strip()]
    words = lines[-1] if lines else ""
    if result.exit_code == -1:
        return words or "the health check timed out"
    return words or f"the health check ended with exit {result.exit_code}"


def _since(health: Health, state: HealthState) -> datetime | None:
    """When the results of this kind began.

    The engine keeps five results. A longer streak of failures is reckoned back by their spacing, right to a few
    seconds; a check that never failed is healthy since the container's start, which the caller knows.
    """
    log = state.log or []
    bad = health is Health.UNHEALTHY
    if health not in (Health.UNHEALTHY, Health.HEALTHY) or not log:
        return None
    run = 0
    while run < len(log) and (log[-1 - run].exit_code != 0) is bad:
        run += 1
    if run == 0:
        return None
    first, last = moment(log[-run].start), moment(log[-1].start)
    if run < len(log) or first is None or last is None:
        return first
    if not bad:
        return None
    missing = state.failing_streak - run
    if missing <= 0 or run < 2:
        return first
    spacing = (last - first) / (run - 1)
    return first - min(spacing * missing, timedelta(days=365))
