"""CronJobs by a clock that the test moves: due, in each other's way, kept in number; and what a schedule means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cockpit.board.clock import ManualClock
from cockpit.demo.kubernetes.cluster import build, sample
from cockpit.demo.kubernetes.cluster.kinds import BY_SHELF, Json
from cockpit.demo.kubernetes.cluster.schedule import schedule_of
from cockpit.demo.kubernetes.emulator import Emulator

IMAGE = "registry.example.com/shop/report"


class Days:
    """A cluster with a CronJob `report`, whose time the test moves."""

    def __init__(self, tag: str = "1.0.0-done", schedule: str = "*/10 * * * *", **spec: Any) -> None:
        self.clock = ManualClock(datetime(2026, 3, 1, 14, 1, tzinfo=UTC))
        self.emulator = Emulator(self.clock, moving=False, pace=0.1)
        self.cluster = self.emulator.cluster
        sample.ground(self.cluster)
        self.cluster.objects.create(BY_SHELF["namespaces"], build.namespace("shop"))
        pods = build.template("report", "shop", f"{IMAGE}:{tag}", grace=0)
        pods["spec"]["restartPolicy"] = "Never"
        job = {"template": pods, "backoffLimit": 0}
        meta = {"name": "report", "namespace": "shop"}
        body = {"schedule": schedule, "jobTemplate": {"spec": job}, **spec}
        self.cluster.objects.create(BY_SHELF["cronjobs.batch"], {"metadata": meta, "spec": body})
        self.emulator.manager.loop.settle()

    async def pass_by(self, minutes: int) -> None:
        """Ten seconds at a time, so that what is due happens at its time."""
        for _ in range(minutes * 6):
            await self.clock.advance(10)
            self.emulator.manager.loop.settle()

    def jobs(self) -> list[str]:
        return sorted(one["metadata"]["name"] for one in self.cluster.store.each("jobs.batch", "shop"))

    def cron(self) -> Json:
        found = self.cluster.store.get("cronjobs.batch", "shop", "report")
        assert found is not None
        return found

    def told(self) -> set[str]:
        return {event["reason"] for event in self.cluster.store.each("events", "shop")}


def job_at(hour: int, minute: int) -> str:
    """The name of the Job of a minute."""
    return f"report-{int(datetime(2026, 3, 1, hour, minute, tzinfo=UTC).timestamp()) // 60}"


async def test_a_job_is_made_when_it_is_due_and_only_the_latest_are_kept() -> None:
    days = Days()
    await days.pass_by(8)
    assert days.jobs() == []
    await days.pass_by(2)
    assert days.jobs() == [job_at(14, 10)]
    assert days.cron()["status"]["lastScheduleTime"] == "2026-03-01T14:10:00Z"
    await days.pass_by(50)
    assert days.jobs() == [job_at(14, 40), job_at(14, 50), job_at(15, 0)]
    assert days.cron()["status"]["lastSuccessfulTime"].startswith("2026-03-01T15:00")
    assert "active" not in days.cron()["status"]
    assert {"SuccessfulCreate", "SawCompletedJob"} <= days.told()
    owners = {pod["metadata"]["ownerReferences"][0]["name"] for pod in days.cluster.store.each("pods", "shop")}
    assert owners == set(days.jobs())


async def test_of_those_that_fail_one_is_kept() -> None:
    days = Days("1.0.0-fails")
    await days.pass_by(40)
    assert days.jobs() == [job_at(14, 40)]


@pytest.mark.parametrize(
    ("policy", "left"),
    [("Allow", ["10", "20", "30"]), ("Forbid", ["10"]), ("Replace", ["30"])],
)
async def test_a_job_that_still_runs_may_be_in_the_way(policy: str, left: list[str]) -> None:
    days = Days("1.0.0", concurrencyPolicy=policy)
    await days.pass_by(35)
    assert days.jobs() == [job_at(14, int(minute)) for minute in left]
    assert {one["name"] for one in days.cron()["status"]["active"]} == set(days.jobs())
    assert ("JobAlreadyActive" in days.told()) == (policy == "Forbid")


async def test_a_suspended_one_and_one_without_a_schedule_do_nothing() -> None:
    for days in (Days(suspend=True), Days(schedule="every morning")):
        await days.pass_by(20)
        assert days.jobs() == []
    assert days.told() == {"UnparseableSchedule"}


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("* * * * *", "2026-03-01T14:02"),
        ("*/15 * * * *", "2026-03-01T14:15"),
        ("5/20 9-17 * * mon-fri", "2026-03-02T09:05"),
        ("0 3 1,15 * *", "2026-03-15T03:00"),
        ("30 4 13 * 5", "2026-03-06T04:30"),
        ("0 0 29 feb *", "2028-02-29T00:00"),
        ("@daily", "2026-03-02T00:00"),
        ("0 12 * * 7", "2026-03-08T12:00"),
    ],
)
def test_what_a_schedule_means(words: str, due: str) -> None:
    found = schedule_of(words).after(datetime(2026, 3, 1, 14, 1, 30, tzinfo=UTC))
    assert found is not None
    assert found.strftime("%Y-%m-%dT%H:%M") == due


def test_a_day_that_never_comes() -> None:
    assert schedule_of("0 0 30 2 *").after(datetime(2026, 3, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "words", ["", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "* * * * * *"]
)
def test_what_is_no_schedule(words: str) -> None:
    with pytest.raises(ValueError, match=r"failed to parse|expected exactly 5 fields"):
        schedule_of(words)
