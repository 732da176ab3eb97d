"""A query worker: ``python -m sciplat.engine.worker DESCRIPTOR PARENT LIMITS``.

One process, one query at a time. The main thread runs statements; a second one listens on the
socket, so that a statement can be interrupted, and ends the process when its owner is gone.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import resource
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pyarrow as pa

from sciplat.engine.constants import Lifted, lift
from sciplat.engine.failure import explain
from sciplat.engine.gate import Admitted, Gate
from sciplat.engine.limits import Limits
from sciplat.engine.protocol import Channel, statement_from_wire
from sciplat.engine.session import Session
from sciplat.engine.shape import Shape, gathered, pieces, rows_per_batch
from sciplat.engine.spool import Spool
from sciplat.engine.statement import Statement
from sciplat.errors import CancelledError
from sciplat.system import end_with_owner

__all__ = ["main"]

_IDLE_SECONDS = 30.0
_INTERRUPT_AGAIN_SECONDS = 0.05
_STOPPED = "The query was stopped."


class _Task:
    """The statement at work; stopping it may come at any moment, also before it has begun."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.stopped = False
        self.connection: duckdb.DuckDBPyConnection | None = None


class Worker:
    """Answers the statements that come through ``channel``, one after the other."""

    def __init__(self, channel: Channel, limits: Limits) -> None:
        self._channel = channel
        self._limits = limits
        self._session = Session(limits)
        self._gate = Gate()
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._task: _Task | None = None
        self._stopped_early: int | None = None
        """A statement that was stopped before it was begun."""

    def serve(self) -> NoReturn:
        """Serve until the owner is gone."""
        with self._session.cursor(()) as cursor:  # what is slow the first time is done before `ready`
            for lifted in [lift("SELECT 1 LIMIT 1")] * 2:  # each of the two ways that a statement can run
                _reader(cursor, self._gate.admit(cursor, lifted.text, ()), lifted, brief=True).read_all()
        gc.freeze()  # what is there by now stays: looking through it takes 28 ms each time
        threading.Thread(target=self._listen, daemon=True).start()
        self._channel.send({"op": "ready"})
        while True:
            try:
                request = self._requests.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                self._session.forget_deleted_files()
                continue
            self._answer(request)

    def _listen(self) -> None:
        while True:
            task = self._task
            stopping = task is not None and task.stopped
            if not self._channel.wait(_INTERRUPT_AGAIN_SECONDS if stopping else None):
                # DuckDB forgets an interruption that comes just before a statement begins.
                self._interrupt()
                continue
            message = self._channel.receive()
            if message is None:
                os._exit(0)
            request = message[0]
            if request["op"] == "run":
                self._requests.put(request)
            else:
                with self._lock:
                    if self._task is not None and self._task.number == request["id"]:
                        self._task.stopped = True
                    else:
                        self._stopped_early = request["id"]
                self._interrupt()

    def _interrupt(self) -> None:
        with self._lock:
            if self._task is not None and self._task.stopped and self._task.connection is not None:
                self._task.connection.interrupt()

    def _answer(self, request: dict[str, Any]) -> None:
        task = _Task(request["id"])
        with self._lock:
            task.stopped = self._stopped_early == task.number
            self._task = task
        started, used = time.perf_counter(), time.process_time()
        fatal = False
        try:
            done, result = self._run(task, request)
            done["seconds"] = time.perf_counter() - started
            done["processor_seconds"] = time.process_time() - used
            reply: tuple[dict[str, Any], bytes | memoryview] = (done, memoryview(result) if result else b"")
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to this statement alone
            failure = explain(error, self._limits)
            fatal = failure.fatal
            reply = ({"op": "error", **asdict(failure)}, b"")
        finally:
            with self._lock:
                self._task = None
                if task.connection is not None:
                    task.connection.close()
        self._channel.send({**reply[0], "id": task.number, "used": time.process_time()}, reply[1])
        if fatal:
            os._exit(1)

    def _run(self, task: _Task, request: dict[str, Any]) -> tuple[dict[str, Any], pa.Buffer | None]:
        statement = statement_from_wire(request["statement"])
        self._session.use_threads(request["threads"])
        connection = self._session.cursor(
            statement.attachments, spools=statement.spools, numbered=statement.numbered
        )
        with self._lock:
            task.connection = connection
        lifted = lift(statement.sql)
        aliases, spools = ([name for name, _ in pairs] for pairs in (statement.attachments, statement.spools))
        admitted = self._gate.admit(connection, lifted.text, aliases, spools)
        if task.stopped:
            raise CancelledError(_STOPPED)
        reader = _reader(connection, admitted, lifted, brief=request["brief"])
        shape = Shape.of(reader.schema, statement.columns)
        schema_bytes = shape.schema.serialize()
        spool = Spool(
            Path(request["spool"]),
            shape.schema,
            on_begin=lambda: self._channel.send({"op": "begin", "id": task.number}, memoryview(schema_bytes)),
            on_batch=lambda offset, size, rows: self._channel.send(
                {"op": "batch", "id": task.number, "offset": offset, "size": size, "rows": rows}
            ),
        )
        try:
            overflow = self._fill(spool, gathered(reader, admitted.batch_rows // 2), shape, statement, task)
            size, result = spool.finish(overflow=overflow, durable=request["durable"])
        except BaseException:
            spool.discard()
            raise
        finally:
            reader.close()
        return {"op": "done", "rows": spool.rows, "bytes": size, "overflow": overflow}, result

    @staticmethod
    def _fill(
        spool: Spool, batches: Iterator[pa.RecordBatch], shape: Shape, statement: Statement, task: _Task
    ) -> bool:
        """Move rows from DuckDB to the spool; True if a limit cut them."""
        for found in batches:
            if task.stopped:
                raise CancelledError(_STOPPED)
            batch, overflow = found, False
            if statement.maxrec is not None and batch.num_rows > statement.maxrec - spool.rows:
                batch, overflow = batch.slice(0, statement.maxrec - spool.rows), True
            batch = shape.fit(batch)
            if statement.byte_limit is not None and batch.nbytes > statement.byte_limit - spool.data_bytes:
                share = (statement.byte_limit - spool.data_bytes) / batch.nbytes
                batch, overflow = batch.slice(0, int(batch.num_rows * share)), True
            for piece in pieces(batch):
                spool.add(piece)
            if overflow:
                return True
        return False


def _reader(
    connection: duckdb.DuckDBPyConnection, admitted: Admitted, lifted: Lifted, *, brief: bool
) -> pa.RecordBatchReader:
    """Run a statement, and return its rows as they come.

    A relation is planned twice: once for its types, and when it runs. A result of DB-API is planned once, but
    is held in memory. So what is ``brief``, and of which the types are known, runs that way as long as it has
    no more rows than a batch: a cone in two thirds of the processor's time (measured).
    """
    few = admitted.batch_rows
    if brief and few and lifted.limit is not None:
        connection.execute(admitted.statement, lifted.within(few + 1))
        reader = connection.to_arrow_reader(few + 1)
        assert reader is not None
        rows = reader.read_all()
        if rows.num_rows <= few:
            return rows.to_reader()
    relation = connection.sql(admitted.statement, params=list(lifted.numbers))
    admitted.batch_rows = rows_per_batch(kind.id for kind in relation.types)
    return relation.to_arrow_reader(admitted.batch_rows)


def _confine(parent: int, limits: Limits) -> None:
    """Die with the owner, dump no core, and never take much more memory than DuckDB is allowed."""
    end_with_owner(signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner, who closes the socket
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # where memory runs out altogether, better a worker than its owner
        Path("/proc/self/oom_score_adj").write_text("800", encoding="ascii")
    # DuckDB does not count all it takes (texts made while planning, Arrow batches). The owner looks
    # at what is really used; this stops a single huge step between two looks. RLIMIT_DATA, because
    # DuckDB maps far more addresses than it uses: 2 GB after sorting 10 M rows in 400 MB.
    most = 2 * limits.memory_bytes + (4 << 30)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main(arguments: list[str]) -> NoReturn:
    """Run a worker on an inherited socket."""
    descriptor, parent, limits_text = arguments
    limits = Limits(**json.loads(limits_text))
    _confine(int(parent), limits)
    warnings.filterwarnings("ignore", "Arrow output on a DB-API result")  # see `_reader`
    Worker(Channel(socket.socket(fileno=int(descriptor))), limits).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
