"""A query on its way: what its owner sees of it while a worker is busy."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

from sciplat.engine.result import Result
from sciplat.engine.spool import part_of
from sciplat.engine.statement import Outcome, Progress, State, Statement
from sciplat.errors import CancelledError, NotFoundError, SciplatError
from sciplat.tables.arrow import columns_of
from sciplat.tables.stream import TableStream

__all__ = ["Running"]


_BRIEF_SECONDS = 0.02


class Running:
    """One query, from the queue to its result. Safe to use from several threads.

    Readers follow the result while it is made, each at its own pace; a slow one holds no worker.
    """

    def __init__(
        self,
        statement: Statement,
        spool: Path,
        *,
        durable: bool,
        heavy: bool,
        owner: str | None = None,
        address: str = "",
        expected_seconds: float | None = None,
        queue_deadline: float | None,
        expire: Callable[[Running], None],
        on_cancel: Callable[[Running], None],
    ) -> None:
        self.statement = statement
        self.spool = spool
        self.durable = durable
        self.heavy = heavy
        """It is expected to take long, or has; it gives way to others."""
        self.owner = owner
        self.address = address
        """Where it comes from, if nobody has signed in for it."""
        self.expected_seconds = expected_seconds
        self.queue_deadline = queue_deadline
        """On the clock of ``time.monotonic``."""
        self.threads = 1
        """How many threads work on it, once it has been taken."""
        self.holds: object = None
        """What must not go before the query has ended: the files that it reads."""
        self._expire, self._on_cancel = expire, on_cancel
        self.reason: SciplatError | None = None
        """Why it has to stop, if it has to."""
        self._changed = threading.Condition()
        self._state = State.QUEUED
        self._start_awaited = False
        self._started = self._ended = 0.0
        self._schema: pa.Schema | None = None
        self._chunks: list[tuple[int, int]] = []
        """Offset and size of each record batch that can be read from the spool."""
        self._rows = self._bytes = 0
        self._inline: pa.Buffer | None = None
        self._outcome: Outcome | None = None
        self._error: SciplatError | None = None

    def stream(self) -> TableStream:
        """Return the rows as they come.

        Blocks until the result is complete, or too large to be held in memory, or has failed: a
        failure that comes so early is raised here, a later one while ``batches`` is read.
        """
        with self._changed:
            self._await(lambda: self._schema is not None, None)
            assert self._schema is not None
            stream = TableStream(columns_of(self._schema), self._schema, iter(()))
            stream.overflow = self._outcome is not None and self._outcome.overflow
        stream.batches = self._follow(stream)
        stream.again = partial(self._follow, stream)

        def ended() -> None:
            stream.overflow = self.wait().overflow

        stream.ended = ended
        return stream

    def wait(self, timeout_seconds: float | None = None) -> Outcome:
        """Return what came of the query when it is finished; raise its error if it failed.

        Raises
        ------
        TimeoutError
            If it isn't finished after ``timeout_seconds``; it goes on.
        """
        with self._changed:
            self._await(lambda: self._outcome is not None, timeout_seconds)
            assert self._outcome is not None
            return self._outcome

    def wait_until_started(self, timeout_seconds: float | None = None) -> None:
        """Return when a worker has taken the query, or raise its error."""
        with self._changed:
            self._start_awaited = True
            self._await(lambda: self._state is not State.QUEUED, timeout_seconds)

    def result(self) -> Result:
        """Return the finished result, to be read from any row on."""
        outcome = self.wait()
        if outcome.spooled:
            return Result.open(self.spool)
        return Result.from_buffer(self._inline)

    def cancel(self) -> None:
        """Stop it, whether it waits or runs; a finished query stays finished."""
        with self._changed:
            if self._state in (State.DONE, State.FAILED):
                return
        self.stop(CancelledError("The query was cancelled."))
        self._on_cancel(self)

    @property
    def is_brief(self) -> bool:
        """Whether it is over so soon that a second thread costs more than it helps."""
        return self.expected_seconds is not None and self.expected_seconds < _BRIEF_SECONDS

    @property
    def progress(self) -> Progress:
        """How far it is."""
        with self._changed:
            end = self._ended or time.monotonic()
            return Progress(
                self._state, self._rows, self._bytes, end - self._started if self._started else 0.0
            )

    @property
    def processor_seconds(self) -> float | None:
        """What it took of the processors' time; None unless it ended well."""
        with self._changed:
            return None if self._outcome is None else self._outcome.processor_seconds

    # What the pool tells.

    def stop(self, reason: SciplatError) -> None:
        """Note why it has to stop; the first reason stays."""
        with self._changed:
            self.reason = self.reason or reason

    def start(self) -> None:
        """Note that a worker has taken it."""
        with self._changed:
            self._state = State.RUNNING
            self._started = time.monotonic()
            if self._start_awaited:  # whoever waits for rows need not wake up for this
                self._changed.notify_all()

    def begin(self, schema: pa.Schema) -> None:
        """Note that its spool is being written."""
        with self._changed:
            self._schema = schema
            self._changed.notify_all()

    def grow(self, offset: int, size: int, rows: int) -> None:
        """Note that one more record batch can be read from the spool."""
        with self._changed:
            self._chunks.append((offset, size))
            self._rows += rows
            self._bytes = offset + size
            self._changed.notify_all()

    def finish(self, outcome: Outcome, inline: pa.Buffer | None, schema: pa.Schema | None) -> None:
        """Note that it is finished."""
        with self._changed:
            self._schema = self._schema or schema
            self._inline = inline
            self._outcome = outcome
            self._rows, self._bytes = outcome.rows, outcome.bytes
            self._state = State.DONE
            self._ended = time.monotonic()
            self._changed.notify_all()

    def fail(self, error: SciplatError) -> None:
        """Note that it ended with ``error``."""
        with self._changed:
            if self._state in (State.DONE, State.FAILED):
                return
            self._error = error
            self._state = State.FAILED
            self._ended = time.monotonic()
            self._changed.notify_all()

    def _await(self, condition: Callable[[], bool], timeout_seconds: float | None) -> None:
        """Wait, with ``_changed`` held, for the condition or for the end."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while not condition():
            if self._error is not None:
                self._raise()
            now = time.monotonic()
            if self._state is State.QUEUED and self.queue_deadline is not None and now > self.queue_deadline:
                self._expire(self)
                continue
            if deadline is not None and now > deadline:
                raise TimeoutError
            ends = [deadline, self.queue_deadline if self._state is State.QUEUED else None]
            end = min((e for e in ends if e is not None), default=None)
            self._changed.wait(None if end is None else max(0.0, end - now) + 0.001)

    def _raise(self) -> NoReturn:
        assert self._error is not None
        # Each reader gets an exception of its own: a traceback belongs to one thread.
        raise type(self._error)(self._error.message)

    def _follow(self, stream: TableStream) -> Iterator[pa.RecordBatch]:
        with self._changed:
            inline = self._inline
        if inline is not None:
            with Result.from_buffer(inline) as result:
                yield from result.stream().batches
            return
        descriptor = self._open_spool()
        try:
            index = 0
            while True:
                with self._changed:
                    self._await(lambda i=index: len(self._chunks) > i or self._outcome is not None, None)  # type: ignore[misc]
                    if index == len(self._chunks):
                        assert self._outcome is not None
                        stream.overflow = self._outcome.overflow
                        return
                    offset, size = self._chunks[index]
                message = pa.ipc.read_message(pa.py_buffer(os.pread(descriptor, size, offset)))
                yield pa.ipc.read_record_batch(message, stream.schema)
                index += 1
        finally:
            os.close(descriptor)

    def _open_spool(self) -> int:
        for path in (part_of(self.spool), self.spool):
            try:
                return os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
        with self._changed:
            if self._error is not None:
                self._raise()
        raise NotFoundError("There is no such result; results are kept for a limited time.")
