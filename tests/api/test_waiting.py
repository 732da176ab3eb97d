"""Whoever waits for a job hears of its change, and nobody reads the database for each who waits."""

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import UTC, datetime
from typing import Any

from sciplat.api.waiting import Changes, look_until_changed
from sciplat.errors import UnavailableError
from sciplat.jobs.models import Job, Phase

Q, E, C = Phase.QUEUED, Phase.EXECUTING, Phase.COMPLETED


class Room:
    """Jobs that change when a test says so."""

    def __init__(self, **phases: Phase) -> None:
        self.phases = dict(phases)
        self.version = 1
        self.reads: list[set[str]] = []
        self.broken = False

    def change(self, **phases: Phase) -> None:
        self.phases.update(phases)
        self.version += 1

    def read(self, ids: Iterable[str]) -> dict[str, Phase]:
        self.reads.append(set(ids))
        if self.broken:
            raise UnavailableError("The disk is full")
        return {name: self.phases[name] for name in ids if name in self.phases}

    def job(self, name: str) -> Job:
        now = datetime.now(UTC)
        return Job(name, None, self.phases[name], (), created=now, destruction=now, execution_duration=1)

    def changes(self) -> Changes:
        return Changes(lambda: self.version, self.read)


def play(scene: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(scene, 10))


async def until_read(room: Room) -> None:
    while not room.reads:  # noqa: ASYNC110  # the room is read in a thread, which knows no event
        await asyncio.sleep(0.001)


def test_a_change_ends_the_wait() -> None:
    async def scene() -> None:
        room = Room(a=Q)
        waiting = asyncio.create_task(room.changes().wait("a", Q, 60))
        await until_read(room)
        room.change(a=E)
        await waiting

    play(scene())


def test_a_change_before_the_wait_is_not_missed() -> None:
    async def scene() -> None:
        room = Room(a=Q)
        changes = room.changes()
        first = asyncio.create_task(changes.wait("a", Q, 60))
        await until_read(room)
        room.change(a=E)
        await first
        # Whoever looked before the change begins to wait only now, and nothing changes any more.
        await changes.wait("a", Q, 60)

    play(scene())


def test_a_job_that_is_deleted_ends_the_wait() -> None:
    async def scene() -> None:
        await Room().changes().wait("a", Q, 60)

    play(scene())


def test_without_a_change_the_wait_ends_in_time() -> None:
    play(Room(a=Q).changes().wait("a", Q, 0.05))


def test_a_change_of_one_job_wakes_nobody_who_waits_for_another() -> None:
    async def scene() -> None:
        room = Room(a=Q, b=Q)
        changes = room.changes()
        a, b = (asyncio.create_task(changes.wait(name, Q, 60)) for name in ("a", "b"))
        await until_read(room)
        room.change(a=E)
        await a
        assert not b.done()
        room.change(b=E)
        await b

    play(scene())


def test_a_change_is_read_once_for_all_who_wait() -> None:
    async def scene() -> None:
        names = [f"job{number}" for number in range(200)]
        room = Room(**dict.fromkeys(names, Q))
        changes = room.changes()
        waiting = [asyncio.create_task(changes.wait(name, Q, 60)) for name in names for _ in range(2)]
        await until_read(room)
        before = len(room.reads)
        room.change(**dict.fromkeys(names, E))
        await asyncio.gather(*waiting)
        assert before <= 2
        assert len(room.reads) == before + 1

    play(scene())


def test_who_waits_hears_when_the_jobs_cannot_be_read() -> None:
    async def scene() -> None:
        room = Room(a=Q)
        room.broken = True
        await room.changes().wait("a", Q, 60)

    play(scene())


def test_a_job_is_answered_when_its_phase_changes() -> None:
    async def scene() -> Job:
        room = Room(a=Q)
        looking = asyncio.create_task(look_until_changed(room.changes(), lambda: room.job("a"), seconds=60))
        await until_read(room)
        room.change(b=E)
        room.change(a=E)
        return await looking

    assert play(scene()).phase is E


def test_a_job_that_is_over_or_in_another_phase_is_answered_at_once() -> None:
    def look(phase: Phase, held: Phase | None) -> Job:
        room = Room(a=phase)
        found = play(look_until_changed(room.changes(), lambda: room.job("a"), seconds=60, held=held))
        assert room.reads == []
        return found

    assert look(C, None).phase is C
    assert look(C, C).phase is C
    assert look(Q, Phase.PENDING).phase is Q
