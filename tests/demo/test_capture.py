"""What the demo knows of an instance is kept before a verb removes it, and on request; every verb is taken back."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.backends.change import Plan, Verdict
from cockpit.engine.port import CommandError
from tests.demo.cockpit import DemoCockpit, opened
from tests.patience import PATIENCE

HOLD = 0.5

Kept = dict[str, str]
"""The text of each file, by its name."""


async def perform(cockpit: DemoCockpit, plan: Plan) -> Verdict:
    return await cockpit.perform(replace(plan, hold=min(plan.hold, HOLD)))


def kept(cockpit: DemoCockpit, run: str) -> Kept:
    """The files that the newest result of a verb names, each as its hash says."""
    entries = [one for one in cockpit.engine.frame().timeline if one.kind == "result" and run in one.text]
    found = {}
    for name, value in entries[-1].facts:
        if name == "kept":
            path, size, _, _, digest = value.split()
            data = Path(path).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (int(size), digest)
            assert os.stat(path).st_mode & 0o777 == 0o600
            found[Path(path).name] = data.decode()
    return found


async def test_before_it_is_removed_and_on_request() -> None:
    async with opened() as cockpit:
        plan = await cockpit.plan("cart", "remove")
        assert [(one.verb, one.done_when) for one in plan.operations] == [("capture", "captured"), ("remove", "ready")]
        assert plan.operations[0].title == "keep the log of cart-1"
        assert (await perform(cockpit, plan)).result == "worked"
        await cockpit.told("result", "keep the log of cart-1")
        files = kept(cockpit, "keep the log of cart-1")
        assert set(files) == {"description.txt", "log.txt"}
        assert "name: cart-1" in files["description.txt"]
        assert "listening" in files["log.txt"]

        more = await cockpit.plan("catalog", "scale", replicas="3")
        assert [one.verb for one in more.operations] == ["scale"]
        fewer = await cockpit.plan("catalog", "scale", replicas="1")
        assert fewer.operations[0].title == "keep the log of catalog-2"
        assert (await perform(cockpit, fewer)).result == "worked"
        await cockpit.told("result", "keep the log of catalog-2")
        assert "name: catalog-2" in kept(cockpit, "keep the log of catalog-2")["description.txt"]

        asked = await cockpit.plan("payments", "capture")
        verdict = await perform(cockpit, asked)
        assert verdict.result == "worked", verdict.evidence
        await cockpit.told("result", "keep the log of payments-1")
        assert "not-a-real-key" not in str(kept(cockpit, "keep the log of payments-1"))
        with pytest.raises(CommandError, match="no instance cart-9"):
            await cockpit.plan("cart", "capture", instance="cart-9")


DEEDS = [
    ("cart", "scale", {"replicas": "2"}),
    ("catalog", "stop", {"instance": "catalog-2"}),
    ("checkout", "rollback", {}),
    ("payments", "set-env", {"variable": "PROVIDER_TIMEOUT_MS", "value": "1500"}),
]


async def as_defined(cockpit: DemoCockpit, service: str) -> object:
    """What the platform wants of a service, and what its instances do."""
    told = await cockpit.client.request("list")
    wanted = next(one for one in told["services"] if one["name"] == service)
    states = sorted(one["state"] for one in told["instances"] if one["service"] == service)
    return [wanted[field] for field in ("desired", "release", "env")], states


async def test_each_verb_that_has_an_inverse_is_taken_back() -> None:
    async with opened() as cockpit:
        for service, verb, arguments in DEEDS:
            before = await as_defined(cockpit, service)
            plan = await cockpit.plan(service, verb, **arguments)
            verdict = await perform(cockpit, plan)
            assert verdict.result == "worked", (verb, verdict.evidence)
            assert await as_defined(cockpit, service) != before
            inverse = plan.operations[-1].inverse
            assert inverse is not None
            verdict = await perform(cockpit, await cockpit.plan(service, inverse[0], **dict(inverse[1])))
            assert verdict.result == "worked", (inverse, verdict.evidence)
            async with asyncio.timeout(PATIENCE):  # an instance too many may still be ending
                while await as_defined(cockpit, service) != before:
                    continue
