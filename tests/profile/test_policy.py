"""The policy of a profile: what may stand in it, and that a rule which guards nothing is told."""

from textwrap import dedent

import pytest

from cockpit.profile.load import loads

HEAD = "version: 1\nname: shop\n"


def errors(text: str) -> list[str]:
    return [str(error) for error in loads(HEAD + dedent(text), "p.yaml", {}).errors]


def test_a_policy_is_read() -> None:
    text = """\
        environment: production
        policy:
          - {need: second person, tiers: [1, 2], environments: [production], danger: high, why: two see more}
          - need: deny
            verbs: [remove]
            why: nothing is removed by hand
        """
    profile = loads(HEAD + dedent(text), "p.yaml", {}).profile
    assert profile is not None
    assert [(rule.need, rule.verbs, rule.tiers, rule.danger) for rule in profile.policy] == [
        ("second person", (), (1, 2), "high"),
        ("deny", ("remove",), (), None),
    ]


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("{need: confirm, verbs: [restrat]}", "p.yaml:4:29: policy[0].verbs[0]: nothing is done by the name 'restrat'"),
        ("{need: confirm, environments: [prod]}", "p.yaml:4:35: policy[0].environments: the profile does not say"),
        ("{need: deny}", "p.yaml:4:5: policy[0]: refuses without a reason"),
        ("{need: maybe}", "p.yaml:4:12: policy[0].need: 'maybe' is not allowed"),
        ("{need: confirm, tiers: [7]}", "p.yaml:4:29: policy[0].tiers[0]: '7' is not allowed"),
        ("{verbs: [restart]}", "p.yaml:4:5: policy[0]: 'need' is missing"),
    ],
)
def test_what_is_wrong_is_located(rule: str, wrong: str) -> None:
    (found,) = errors(f"policy:\n  - {rule}\n")
    assert found.startswith(wrong)
