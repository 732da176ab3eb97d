"""Whoever waits for a change hears of it, and of none that came before."""

import asyncio
from datetime import UTC, datetime

from sciplat.api.waiting import Changes, look_until_changed
from sciplat.jobs.models import Job, Phase


def test_a_change_ends_the_wait() -> None:
    async def scene() -> None:
        versions = [1]
        changes = Changes(lambda: versions[0])
        since = changes.now()
        waiting = asyncio.create_task(changes.wait(since, 60))
        await asyncio.sleep(0)
        versions[0] = 2
        await asyncio.wait_for(waiting, 5)

    asyncio.run(scene())


def test_a_change_before_the_wait_is_not_missed() -> None:
    async def scene() -> None:
        versions = [1]
        changes = Changes(lambda: versions[0])
        since = changes.now()
        versions[0] = 2
        await asyncio.wait_for(changes.wait(since, 60), 5)

    asyncio.run(scene())


def test_without_a_change_the_wait_ends_in_time() -> None:
    async def scene() -> None:
        changes = Changes(lambda: 1)
        await asyncio.wait_for(changes.wait(changes.now(), 0.05), 5)

    asyncio.run(scene())


def test_many_can_wait_at_once() -> None:
    async def scene() -> None:
        versions = [1]
        changes = Changes(lambda: versions[0])
        waiting = [asyncio.create_task(changes.wait(1, 60)) for _ in range(100)]
        await asyncio.sleep(0)
        versions[0] = 2
        await asyncio.wait_for(asyncio.gather(*waiting), 5)

    asyncio.run(scene())


def job(phase: Phase) -> Job:
    now = datetime.now(UTC)
    return Job("id", None, phase, (), created=now, destruction=now, execution_duration=1)


def test_a_job_is_answered_when_its_phase_changes() -> None:
    phases = iter((Phase.QUEUED, Phase.QUEUED, Phase.EXECUTING))
    versions = iter(range(1000))

    found = asyncio.run(
        look_until_changed(Changes(lambda: next(versions)), lambda: job(next(phases)), seconds=60)
    )

    assert found.phase is Phase.EXECUTING


def test_a_job_that_is_over_or_in_another_phase_is_answered_at_once() -> None:
    async def scene(phase: Phase, held: Phase | None) -> Job:
        looking = look_until_changed(Changes(lambda: 1), lambda: job(phase), seconds=60, held=held)
        return await asyncio.wait_for(looking, 5)

    assert asyncio.run(scene(Phase.COMPLETED, None)).phase is Phase.COMPLETED
    assert asyncio.run(scene(Phase.COMPLETED, Phase.COMPLETED)).phase is Phase.COMPLETED
    assert asyncio.run(scene(Phase.QUEUED, Phase.PENDING)).phase is Phase.QUEUED
