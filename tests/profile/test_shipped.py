"""The profiles that ship: each loads, needs exactly the variables that it says, and holds no secret."""

import re
from pathlib import Path

import pytest

from cockpit.demo.shape import BY_NAME
from cockpit.profile.checks import span
from cockpit.profile.load import load
from cockpit.profile.rules import WAYS
from cockpit.profile.schema import Profile
from cockpit.profile.validate import validate
from cockpit.profile.words import Duration
from cockpit.resources import profiles

NEEDED = {
    "ai-orchestrator": set(),
    "demo": set(),
    "demo-kubernetes": set(),
    "omni-quantum-elite": {"LITELLM_API_KEY", "NEO4J_PASSWORD", "QDRANT_API_KEY"},
    "omninode-bridge": set(),
    "somabrain": {"SOMABRAIN_DB_PASSWORD"},
    "somagent": {"GITHUB_TOKEN"},
}
SHIPPED = {path.stem: path for path in sorted(profiles().glob("*.yaml"))}


def shipped(name: str) -> Profile:
    profile = load(SHIPPED[name], {}).profile
    assert profile is not None
    return profile


def test_these_profiles_ship() -> None:
    assert set(NEEDED) <= set(SHIPPED)


@pytest.mark.parametrize("path", SHIPPED.values(), ids=list(SHIPPED))
def test_a_shipped_profile_is_valid_once_its_variables_are_set(path: Path) -> None:
    environ = dict.fromkeys(NEEDED.get(path.stem, set()), "x")
    lines, code = validate(path, environ)
    assert code == 0, lines
    assert lines[0].startswith(f"{path}: well formed: {path.stem}, ")


@pytest.mark.parametrize("name", NEEDED)
def test_it_loads_without_them_and_names_each(name: str) -> None:
    found = load(SHIPPED[name], {})
    assert found.profile is not None
    assert {unset.name for unset in found.unset} == NEEDED[name]
    head = SHIPPED[name].read_text("utf-8").split("version:")[0]
    assert set(re.findall(r"\b[A-Z][A-Z0-9]*_[A-Z_]+\b", head)) == NEEDED[name]


@pytest.mark.parametrize("path", SHIPPED.values(), ids=list(SHIPPED))
def test_it_reads_well(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    assert max(map(len, lines)) <= 120
    assert len(lines) <= 320
    assert lines[0].startswith("# ")


def times(*written: Duration | None) -> list[str]:
    return ["-" if time is None else span(time) for time in written]


def test_severities_and_their_times_carry_over() -> None:
    omninode = shipped("omninode-bridge").severities.values()
    assert times(*(each.acknowledge for each in omninode)) == ["15m", "30m", "2h", "1d"]
    assert times(*(each.resolve for each in omninode)) == ["4h", "8h", "1d", "3d"]
    somabrain = shipped("somabrain").severities.values()
    assert times(*(each.acknowledge for each in somabrain)) == ["15m", "1h", "4h", "1d"]
    omni = shipped("omni-quantum-elite").severities.values()
    assert times(*(each.acknowledge for each in omni)) == ["15m", "30m", "2h", "-"]
    orchestrator = shipped("ai-orchestrator").severities.values()
    assert times(*(each.acknowledge for each in orchestrator)) == ["5m", "15m", "1h", "4h"]
    assert times(*(each.escalate for each in orchestrator)) == ["0s", "1h", "4h", "-"]
    assert times(*(each.update for each in shipped("somagent").severities.values())) == ["15m", "30m", "1h", "-", "-"]


@pytest.mark.parametrize(
    ("name", "namespace"), [("ai-orchestrator", "ai-orchestrator"), ("somagent", "somagent-production")]
)
def test_a_team_on_kubernetes_is_watched_in_its_own_namespace(name: str, namespace: str) -> None:
    profile = shipped(name)
    assert [(one.kind, one.namespace) for one in profile.backends.values()] == [("kubernetes", namespace)]
    selected = {
        way for one in profile.services.values() for selector in one.workloads for way in WAYS if getattr(selector, way)
    }
    assert selected == {"deployment", "statefulset"}


def test_tiers_are_the_teams_own() -> None:
    services = shipped("omninode-bridge").services
    by_tier = {tier: {name for name, s in services.items() if s.tier == tier} for tier in range(1, 5)}
    assert by_tier[1] == {"hook-receiver", "postgres", "authentication"}
    assert {"model-metrics", "workflow-coordinator", "kafka"} <= by_tier[2]
    assert {"prometheus", "grafana", "redis", "log-aggregation"} <= by_tier[3]
    assert "documentation" in by_tier[4]


def test_the_demos_profile_is_about_the_demos_shop() -> None:
    services = shipped("demo").services
    assert set(services) == set(BY_NAME)
    for name, shape in BY_NAME.items():
        declared = services[name]
        assert declared.tier == shape.tier, name
        assert set(declared.depends_on) == {need.service for need in shape.needs}, name
        assert [(selector.backend, selector.service) for selector in declared.workloads] == [("demo", name)]
