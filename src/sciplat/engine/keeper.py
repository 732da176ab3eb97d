"""Keeps one worker process alive and takes queries to it, one after the other."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from sciplat import errors
from sciplat.engine.limits import Limits
from sciplat.engine.process import WorkerProcess
from sciplat.engine.protocol import Message, statement_to_wire
from sciplat.engine.running import Running
from sciplat.engine.spool import part_of
from sciplat.engine.statement import Outcome

__all__ = ["CLOSED", "Keeper"]

_log = logging.getLogger(__name__)

_GRACE_SECONDS = 2.0
"""Between asking a statement to stop and killing its worker."""
_LOOK_SECONDS = 0.25
_IDLE_SECONDS = 2.0
_PATIENCE = 5
"""How many times longer a query that has used little of the processors may stay: it waits for them."""
_START_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 30.0

_KINDS = {
    kind.code: kind
    for kind in (
        errors.UsageError,
        errors.LimitError,
        errors.UnavailableError,
        errors.CancelledError,
        errors.EngineError,
    )
}


class Keeper:
    """One place in the pool.

    Parameters
    ----------
    short_seconds
        A query that has used so much of the processors is heavy.
    take
        Gives the next query; None if there is none within the seconds it is called with.
    slow
        Hears that a query has become heavy.
    release
        Hears that a query has left the worker; says whether this place is to be given up.
    """

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        *,
        short_seconds: float,
        take: Callable[[float], Running | None],
        slow: Callable[[Running], None],
        release: Callable[[Keeper, Running], bool],
    ) -> None:
        self.ready = threading.Event()
        self.pid = 0
        self._directory = directory
        self._limits = limits
        self._short_seconds = short_seconds
        self._take, self._slow, self._release = take, slow, release
        self._thread = threading.Thread(target=self._keep, name=f"query-{directory.name}", daemon=True)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._process: WorkerProcess | None = None
        self._running: Running | None = None
        self._number = 0
        self._used = 0.0
        """The processor time that the worker had used when the last query ended."""

    def start(self) -> None:
        """Start the worker, in the background."""
        self._thread.start()

    def interrupt(self, running: Running) -> None:
        """Interrupt this query at once, if it is the one at work; why, it knows itself."""
        with self._lock:
            process = self._process if self._running is running else None
            number = self._number
        if process is not None:
            _interrupt(process, number)

    def stop(self) -> None:
        """Stop the query at work and the worker, soon."""
        self._ending.set()

    def join(self, timeout_seconds: float) -> None:
        """Wait until the worker has stopped; kill it if it takes longer."""
        self._thread.join(timeout_seconds)
        with self._lock:
            process = self._process
        if self._thread.is_alive() and process is not None:
            process.end(0.0)
            self._thread.join()

    def _keep(self) -> None:
        failures = 0
        while not self._ending.is_set():
            if not self._revive():
                failures += 1
                self._ending.wait(min(2.0 ** (failures - 1), _LONGEST_PAUSE_SECONDS))
                continue
            failures = 0
            running = self._take(_IDLE_SECONDS)
            if running is not None:
                self._serve(running)
        self._drop(1.0)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _revive(self) -> bool:
        """Start a worker if there is none, or only a dead one; False if that doesn't succeed."""
        if self._process is not None and self._process.is_alive():
            return True
        self._drop(0.0)
        return self._start()

    def _start(self) -> bool:
        try:
            process = WorkerProcess(self._limits, self._directory)
        except OSError:
            _log.exception("a query worker could not be started")
            return False
        with self._lock:
            self._process = process
        if process.channel.wait(_START_SECONDS) and process.channel.receive() is not None:
            self.pid = process.pid
            self._used = process.processor_seconds()
            self.ready.set()
            return True
        _log.error("a query worker ended while it started")
        self._drop(0.0)
        return False

    def _drop(self, timeout_seconds: float) -> None:
        """End the process, if there is one."""
        self.ready.clear()
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.end(timeout_seconds)

    def _serve(self, running: Running) -> None:
        with self._lock:
            self._running = running
            self._number += 1
        try:
            if self._revive():  # it may have died in the meantime, which is not this query's affair
                assert self._process is not None
                running.start()
                self._follow(self._process, running)
            else:
                running.fail(errors.UnavailableError(_DOWN))
        except Exception:  # noqa: BLE001  a defect here ends one query, not the place in the pool
            _log.exception("a query could not be followed")
            running.fail(errors.EngineError(_DIED))
            self._drop(0.0)
        finally:
            with self._lock:
                self._running = None
            if running.heavy and self._process is not None and not self._process.favour():
                self._drop(1.0)
            if self._release(self, running):
                self._ending.set()

    def _follow(self, process: WorkerProcess, running: Running) -> None:
        """Send a query to the worker and pass on what comes back, within the limits of time."""
        statement = running.statement
        request = {
            "op": "run",
            "id": self._number,
            "statement": statement_to_wire(statement),
            "spool": str(running.spool),
            "durable": running.durable,
            "threads": running.threads,
            "brief": running.is_brief,
        }
        if running.heavy:
            process.give_way()  # before: the worker may begin new threads at once
        try:
            process.channel.send(request)
        except OSError:
            self._lost(running)
            return
        limit = statement.time_limit_seconds
        begun = time.monotonic()
        slow_at = begun + self._short_seconds
        look_at = begun + _LOOK_SECONDS
        kill_at: float | None = None
        while True:
            now = time.monotonic()
            if limit is not None and now >= begun + limit:
                running.stop(errors.QueryTimeoutError(_too_long(limit, is_job=running.durable)))
            if self._ending.is_set():
                running.stop(errors.UnavailableError(CLOSED))
            if running.reason is not None and kill_at is None:
                _interrupt(process, self._number)
                kill_at = now + _GRACE_SECONDS
            if not running.heavy and now >= slow_at:
                slow_at = now + _LOOK_SECONDS
                used = process.processor_seconds() - self._used
                if used >= self._short_seconds or now >= begun + _PATIENCE * self._short_seconds:
                    process.give_way()
                    self._slow(running)
            if now >= look_at:
                look_at = now + _LOOK_SECONDS
                if process.memory_bytes() > self._limits.most_memory_bytes:
                    running.stop(errors.LimitError(self._limits.exceeded))
                    kill_at = now
            if kill_at is not None and now >= kill_at:
                self._lost(running)
                return
            marks = [] if running.heavy else [slow_at]
            marks += [] if limit is None else [begun + limit]
            pause = min((mark - now for mark in marks if mark > now), default=_LOOK_SECONDS)
            if process.channel.wait(min(pause, _LOOK_SECONDS)):
                message = process.channel.receive()
                if message is None:
                    self._lost(running)
                    return
                if self._hear(running, message):
                    return

    def _hear(self, running: Running, message: Message) -> bool:
        """Pass one message on; True if it was the last."""
        header, body = message
        self._used = header.get("used", self._used)
        match header["op"]:
            case "begin":
                running.begin(pa.ipc.read_schema(pa.py_buffer(body)))
            case "batch":
                running.grow(header["offset"], header["size"], header["rows"])
            case "done":
                inline = pa.py_buffer(body) if body else None
                schema = None if inline is None else pa.ipc.open_file(pa.BufferReader(inline)).schema
                outcome = Outcome(
                    rows=header["rows"],
                    bytes=header["bytes"],
                    overflow=header["overflow"],
                    seconds=header["seconds"],
                    spooled=inline is None,
                    processor_seconds=header["processor_seconds"],
                )
                running.finish(outcome, inline, schema)
                return True
            case _:
                kind = _KINDS.get(header["kind"], errors.EngineError)
                if kind is errors.EngineError:
                    _log.error(
                        "the engine failed: %s\nstatement: %s", header["detail"], running.statement.sql
                    )
                stopped = running.reason if kind is errors.CancelledError else None
                running.fail(stopped or kind(header["message"]))
                if header["fatal"]:
                    self._drop(_GRACE_SECONDS)
                return True
        return False

    def _lost(self, running: Running) -> None:
        """End the query with its worker, which is dead or has to die; nothing else ends."""
        if running.reason is None:
            _log.error("a query worker died\nstatement: %s", running.statement.sql)
        self._drop(0.0)
        part_of(running.spool).unlink(missing_ok=True)
        running.spool.unlink(missing_ok=True)
        running.fail(running.reason or errors.EngineError(_DIED))


def _interrupt(process: WorkerProcess, number: int) -> None:
    try:
        process.channel.send({"op": "interrupt", "id": number})
    except OSError:
        _log.debug("the worker was gone before it could be interrupted")


def _too_long(limit_seconds: float, *, is_job: bool) -> str:
    longer = (
        "give the job a longer EXECUTIONDURATION"
        if is_job
        else "run it as an asynchronous job, whose limit is longer"
    )
    return (
        f"The query was stopped after its limit of {limit_seconds:g} s. Narrow it (a smaller region, fewer "
        f"rows to sort or join), or {longer}."
    )


CLOSED = "The query service is shutting down. Try again when the instance is up."
_DOWN = "The query workers cannot be started. Tell the operator of this instance; its log says why."
_DIED = (
    "The process that ran this query ended unexpectedly. Other queries go on. Run it again; if it fails "
    "again, please report it with the query."
)
