"""Whoever waits for a change hears of it, and of none that came before."""

import asyncio

from sciplat.api.waiting import Changes


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
