"""A warm pool of query workers."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections import Counter, deque
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

from sciplat.engine.keeper import CLOSED, Keeper
from sciplat.engine.limits import Limits
from sciplat.engine.running import Running
from sciplat.engine.statement import Statement
from sciplat.errors import UnavailableError

__all__ = ["QueryPool"]


class QueryPool:
    """Runs queries in worker processes, one at a time in each.

    Workers start when the pool is made. ``memory_limit_bytes``, ``threads`` and
    ``temp_limit_bytes`` hold for each of them; sorting and joining spill into ``directory``,
    which belongs to this pool alone.

    There are two lanes. Heavy queries leave one place free and have the lowest claim to the
    processors. A query that was thought short and isn't becomes heavy while it runs; where that would
    leave no place to short ones, one more worker is started, until the heavy ones are fewer again.
    In each lane the next query is one of the user for whom the fewest are at work; all who have not signed
    in are one user, and among them the next is from the address from which the fewest are.

    Parameters
    ----------
    short_seconds
        Of the processors' time; a query that has used more is heavy, whatever was thought of it.
    """

    def __init__(
        self,
        size: int,
        *,
        directory: Path,
        memory_limit_bytes: int,
        threads: int,
        temp_limit_bytes: int,
        queue_seconds: float | None = 30.0,
        short_seconds: float = 1.0,
    ) -> None:
        self._queue_seconds = queue_seconds
        self._short_seconds = short_seconds
        self._waiting: deque[Running] = deque()
        self._at_work: list[Running] = []
        self._changed = threading.Condition()
        self._size = size
        self._most_heavy = max(1, size - 1)
        self._closed = False
        self._pace = 1.0
        self._directory = directory.absolute()
        self._directory.mkdir(parents=True, exist_ok=True)
        for left_over in self._directory.glob("worker-*"):  # of an owner that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        self._limits = Limits(
            memory_bytes=memory_limit_bytes,
            threads=threads,
            temp_bytes=temp_limit_bytes,
            temp_directory=str(self._directory),
        )
        self._numbers = count(1)
        self._keepers = [self._keeper() for _ in range(size)]
        self._leaving: WeakSet[Keeper] = WeakSet()
        """Whose places were given up; each is gone when its thread is."""
        for keeper in self._keepers:
            keeper.start()

    def run(
        self,
        statement: Statement,
        *,
        spool: Path,
        durable: bool = False,
        heavy: bool = False,
        owner: str | None = None,
        owner_most: int | None = None,
        address: str = "",
        address_most: int | None = None,
        expected_seconds: float | None = None,
        queue_seconds: float | None = None,
    ) -> Running:
        """Queue a query and return at once.

        Parameters
        ----------
        spool
            A path that no result has had before. A large or durable result is a file there when
            the query is finished; a failed one leaves nothing.
        durable
            The result is safe on the disk when the query is finished.
        heavy
            It may take long: such queries leave one worker to the others.
        owner
            Whose query it is; all without one are one owner's.
        owner_most
            How many queries of this owner, with this one, may be at work or wait; None for any number.
        address
            Where a query comes from that has no owner, if that is known and away; such queries take turns
            among themselves by it.
        address_most
            How many queries without an owner from this address, as ``owner_most``.
        expected_seconds
            What was reckoned for it on the machine that estimates are made for; `pace` learns from it.
        queue_seconds
            How long to wait for a free worker; None takes the pool's own limit.

        Raises
        ------
        UnavailableError
            The pool is closed, or this owner has too many queries already.
        """
        limit = self._queue_seconds if queue_seconds is None else queue_seconds
        running = Running(
            statement,
            spool.absolute(),
            durable=durable,
            heavy=heavy,
            owner=owner,
            address=address,
            expected_seconds=expected_seconds,
            queue_deadline=None if limit is None else time.monotonic() + limit,
            expire=self._expire,
            on_cancel=self._cancel,
        )
        with self._changed:
            if self._closed:
                raise UnavailableError(CLOSED)
            mine = [other for other in (*self._waiting, *self._at_work) if other.owner == owner]
            if owner_most is not None and len(mine) >= owner_most:
                who = "People who have not signed in have" if owner is None else "You have"
                raise UnavailableError(_too_many(f"{who} {len(mine)} synchronous queries"))
            near = sum(other.address == address for other in mine)
            if owner is None and address and address_most is not None and near >= address_most:
                raise UnavailableError(_too_many(f"{near} synchronous queries from your address are"))
            self._waiting.append(running)
            # What one idle keeper may not take, none may: a heavy one where heavy ones have all their places.
            self._changed.notify()
        return running

    def warm(self, timeout_seconds: float = 30.0) -> None:
        """Wait until every worker is ready.

        Raises
        ------
        UnavailableError
            If one isn't in time.
        """
        deadline = time.monotonic() + timeout_seconds
        for keeper in self._all():
            if not keeper.ready.wait(max(0.0, deadline - time.monotonic())):
                raise UnavailableError("The query workers did not start in time.")

    @property
    def ready(self) -> bool:
        """At least one worker can take a query."""
        return any(keeper.ready.is_set() for keeper in self._all())

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The process ids of the workers that are ready."""
        return tuple(keeper.pid for keeper in self._all() if keeper.ready.is_set())

    @property
    def queued(self) -> int:
        """How many queries wait for a worker."""
        with self._changed:
            return len(self._waiting)

    @property
    def pace(self) -> float:
        """How many times more processor time queries take here than was reckoned for them."""
        return self._pace

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Stop every query and end every worker."""
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for queued in waiting:
            queued.fail(UnavailableError(CLOSED))
        deadline = time.monotonic() + timeout_seconds
        for keeper in self._all():
            keeper.stop()
        for keeper in (*self._all(), *self._leaving):
            keeper.join(max(0.0, deadline - time.monotonic()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, timeout_seconds: float) -> Running | None:
        """Hand the next query to a keeper; None if there is none in time, or the pool is closed."""
        deadline = time.monotonic() + timeout_seconds
        while not self._closed:
            with self._changed:
                late, running = self._pick()
                if running is None and not late:
                    now = time.monotonic()
                    if now >= deadline:
                        return None
                    self._changed.wait(deadline - now)
            for expired in late:
                expired.fail(UnavailableError(_BUSY))
            if running is not None:
                return running
        return None

    def _pick(self) -> tuple[list[Running], Running | None]:
        """Take those that waited too long out of the queue, and the one that may run first."""
        now = time.monotonic()
        late = [r for r in self._waiting if r.queue_deadline is not None and now > r.queue_deadline]
        for running in late:
            self._waiting.remove(running)
        room = self._heavy < self._most_heavy
        candidates = [running for running in self._waiting if room or not running.heavy]
        if not candidates:
            return late, None
        busy = Counter(running.owner for running in self._at_work)
        near = Counter((running.owner, running.address) for running in self._at_work)
        first = min(candidates, key=lambda waits: (busy[waits.owner], near[waits.owner, waits.address]))
        self._waiting.remove(first)
        self._at_work.append(first)
        first.threads = self._share(first)
        self._make_place()
        return late, first

    def _share(self, running: Running) -> int:
        """Return how many threads may work on a query: all share them that take longer than a moment."""
        if running.is_brief:
            return 1
        others = (other for other in (*self._at_work, *self._waiting) if other is not running)
        return max(1, self._limits.threads // (1 + sum(not other.is_brief for other in others)))

    @property
    def _heavy(self) -> int:
        return sum(running.heavy for running in self._at_work)

    def _slow(self, running: Running) -> None:
        """Hear that a query at work takes longer than a short one may."""
        with self._changed:
            running.heavy = True
            self._make_place()

    def _make_place(self) -> None:
        """Open one more place if heavy queries hold all; no more than there are usually."""
        if self._heavy >= len(self._keepers) and len(self._keepers) < 2 * self._size and not self._closed:
            keeper = self._keeper()
            self._keepers.append(keeper)
            keeper.start()

    def _release(self, keeper: Keeper, running: Running) -> bool:
        """Hear that a query has left its worker; True if its place is no longer needed."""
        with self._changed:
            self._at_work.remove(running)
            self._learn(running)
            if running.heavy:
                self._changed.notify_all()
            if len(self._keepers) > max(self._size, self._heavy + 1) and keeper in self._keepers:
                self._keepers.remove(keeper)
                self._leaving.add(keeper)
                return True
            return False

    def _learn(self, running: Running) -> None:
        expected, taken = running.expected_seconds, running.processor_seconds
        if expected is not None and taken is not None and expected >= _LEARN_SECONDS:
            ratio = min(_MOST_PACE, max(1 / _MOST_PACE, taken / expected))
            pace = self._pace ** (1 - _LEARN_PART) * ratio**_LEARN_PART
            self._pace = min(_MOST_PACE, max(1 / _MOST_PACE, pace))

    def _all(self) -> list[Keeper]:
        with self._changed:
            return list(self._keepers)

    def _keeper(self) -> Keeper:
        folder = self._directory / f"worker-{next(self._numbers)}"
        return Keeper(
            folder,
            replace(self._limits, temp_directory=str(folder)),
            short_seconds=self._short_seconds,
            take=self._take,
            slow=self._slow,
            release=self._release,
        )

    def _expire(self, running: Running) -> None:
        if self._withdraw(running):
            running.fail(UnavailableError(_BUSY))

    def _cancel(self, running: Running) -> None:
        if self._withdraw(running):
            assert running.reason is not None
            running.fail(running.reason)
        else:
            for keeper in self._all():
                keeper.interrupt(running)

    def _withdraw(self, running: Running) -> bool:
        with self._changed, contextlib.suppress(ValueError):
            self._waiting.remove(running)
            return True
        return False


_LEARN_SECONDS = 0.02
"""What is shorter says more of the clock than of the machine."""
_LEARN_PART = 0.1
_MOST_PACE = 30.0


def _too_many(whose: str) -> str:
    return (
        f"{whose} at work or waiting, as many as there may be. Send this one when another has ended, or run "
        "it as an asynchronous job."
    )


_BUSY = (
    "All query workers are busy, and none came free in time. Try again in a moment, or run the query as an "
    "asynchronous job, which waits for its turn."
)
