"""Every drill through the engine: it shows on the board, its mitigation mends it through the door, others do not."""

from collections.abc import AsyncGenerator

import pytest

from cockpit.board.model import State
from cockpit.demo.faults import BY_NAME
from tests.demo.cockpit import DemoCockpit, opened

BAD = (State.DOWN, State.DEGRADED)
SHOWS = {
    "crash-loop": (State.DOWN, "exit 1, restarted"),
    "slow-dependency": (State.DEGRADED, "locks degraded"),
    "memory-leak": (State.DEGRADED, "memory"),
    "error-burst": (State.DEGRADED, "acquirer"),
    "bad-release": (State.DOWN, "schema down"),
    "full-disk": (State.DOWN, "no space left on device"),
    "hung-endpoint": (State.DOWN, "no answer within"),
}
"""The state of the fault's own service, and words that stand in its evidence."""
MENDED = {
    "crash-loop": ("set-env", {"variable": "PROVIDER_TIMEOUT_MS", "value": "2000"}),
    "slow-dependency": ("restart", {}),
    "memory-leak": ("restart", {}),
    "error-burst": ("restart", {}),
    "bad-release": ("rollback", {}),
    "full-disk": ("set-env", {"variable": "DISK_BUDGET_KB", "value": "8192"}),
    "hung-endpoint": ("restart", {}),
}


@pytest.fixture
async def cockpit() -> AsyncGenerator[DemoCockpit]:
    async with opened() as found:
        yield found


async def shown(cockpit: DemoCockpit, name: str) -> None:
    state, words = SHOWS[name]
    service = BY_NAME[name].service
    await cockpit.until(
        lambda now: now[service].state is state and any(words in line for line in now[service].evidence)
    )


@pytest.mark.parametrize("name", BY_NAME)
async def test_a_drill_shows_and_its_mitigation_works(cockpit: DemoCockpit, name: str) -> None:
    service = BY_NAME[name].service
    await cockpit.inject(name)
    await shown(cockpit, name)
    await cockpit.told("drill", f"drill: {name} begun")
    verb, arguments = MENDED[name]
    verdict = await cockpit.do(service, verb, **arguments)
    assert (verdict.result, name) == ("worked", name), verdict.evidence
    await cockpit.all_ok()
    await cockpit.told("verdict", f"{verb} {service}: worked")


@pytest.mark.parametrize("name", [name for name, fault in BY_NAME.items() if "restart" in fault.useless])
async def test_a_useless_restart_is_judged_so(cockpit: DemoCockpit, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.demo.plan.LEAST_STEP", 4.0)  # it is judged at its deadline: bad then, as ever
    await cockpit.inject(name)
    await shown(cockpit, name)
    verdict = await cockpit.do(BY_NAME[name].service, "restart")
    assert verdict.result == "did not work", verdict.evidence
    # A crash loop is "starting" for the moments of its attempts.
    await cockpit.until(lambda now: now[BY_NAME[name].service].state in BAD)
