"""The supervisor: starts the processes, watches them, starts them again, and stops them in order."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sciplat.errors import UnavailableError
from sciplat.processes.child import Child
from sciplat.processes.failures import Failure, note_last_words, write_failures
from sciplat.processes.health import ComponentState, Health, overall, write_status
from sciplat.processes.logs import log_file, redact
from sciplat.processes.process import EXIT_REFUSED, LIFELINE_VARIABLE, Process, TCPAddress
from sciplat.processes.rundir import ProcessRecord, RunRecord

__all__ = ["BackOff", "Supervisor"]

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.02
_NEED_SECONDS = 0.5
"""How often a process that is off asks whether it is needed."""

_KEPT_LINES = 20


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long a process that ended waits before it is started again: twice as long each time."""

    first_seconds: float = 0.5
    most_seconds: float = 30.0
    forget_seconds: float = 60.0
    """After so long a time up it begins anew with the first."""

    def seconds(self, failures: int) -> float:
        """Return the wait after that many failures in a row."""
        return min(self.most_seconds, self.first_seconds * 2.0 ** min(failures - 1, 30))


@dataclass(slots=True)
class _Kept:
    """A process and what is known of it now."""

    process: Process
    child: Child | None = None
    task: asyncio.Task[None] | None = None
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))


class Supervisor:
    """Keeps the processes of one instance running; to be made and used in one event loop.

    Parameters
    ----------
    home
        Where the logs of the processes are.
    record
        What is known of this run; its directory has the sockets and the states.
    keep
        Called with the record each time a child has been started.
    warn
        Called with each line that the person at the terminal should read.
    start_seconds
        How long a process may take until it takes connections; then it is killed and started again.
    """

    def __init__(
        self,
        processes: tuple[Process, ...],
        *,
        home: Path,
        record: RunRecord,
        keep: Callable[[RunRecord], None],
        warn: Callable[[str], None],
        back_off: BackOff | None = None,
        start_seconds: float = 180.0,
    ) -> None:
        self._kept = {process.name: _Kept(process) for process in processes}
        self._home = home
        self._record = record
        self._keep_record = keep
        self._failures: dict[str, Failure] = {}
        self._warn = warn
        self._back_off = back_off or BackOff()
        self._start_seconds = start_seconds
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = asyncio.Event()
        self._was_ready = False
        self._refusal: UnavailableError | None = None
        self._lifeline: tuple[int, int] | None = None
        self._components: dict[str, ComponentState] = {
            **{name: "starting" if _is_needed(kept.process) else "off" for name, kept in self._kept.items()},
            "demo": "absent",
        }

    @property
    def components(self) -> Mapping[str, ComponentState]:
        """The state of each process, and of the demo."""
        return dict(self._components)

    def start(self) -> None:
        """Start all processes: at once, but for those that let another go first."""
        self._lifeline = os.pipe()
        self._write_status()
        for kept in self._kept.values():
            kept.task = asyncio.create_task(self._keep(kept), name=kept.process.name)

    async def until(self, condition: Callable[[Mapping[str, ComponentState]], bool]) -> None:
        """Wait until the states are so.

        Raises
        ------
        UnavailableError
            A process can't start, for a reason that a person must mend.
        """
        while True:
            if self._refusal is not None:
                raise self._refusal
            if condition(self._components):
                return
            self._changed.clear()
            await self._changed.wait()

    def set_state(self, name: str, state: ComponentState) -> None:
        """Say how a component is now, for everybody who asks for the instance's health."""
        if self._components.get(name) == state:
            return
        self._components[name] = state
        logger.info("component %s is %s", name, state, extra={"component": name, "state": state})
        self._write_status()
        self._changed.set()

    def spawn(
        self,
        name: str,
        command: tuple[str, ...],
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> Child:
        """Start a child that is not kept running, but is recorded, so that it is ended with the others."""
        assert self._lifeline is not None
        child = Child(
            command,
            environment={**environment, LIFELINE_VARIABLE: str(self._lifeline[0])},
            inherited=(self._lifeline[0],),
            on_line=on_line,
        )
        if (found := ProcessRecord.of(child.pid)) is not None:
            children = {**self._record.children, name: found}
            self._record = RunRecord(
                self._record.supervisor, self._record.url, self._record.directory, children
            )
            self._keep_record(self._record)
        return child

    async def stop(self) -> None:
        """Stop all processes, the higher stages first; each is killed when its time is over."""
        self._stopping.set()
        stages = sorted({kept.process.stage for kept in self._kept.values()}, reverse=True)
        for stage in stages:
            await asyncio.gather(
                *(self._end(kept) for kept in self._kept.values() if kept.process.stage == stage)
            )
        if self._lifeline is not None:
            for descriptor in self._lifeline:
                os.close(descriptor)
            self._lifeline = None

    def hurry(self) -> None:
        """Stop waiting for processes to end by themselves: kill them."""
        self._hurry.set()

    async def stop_child(self, child: Child, *, seconds: float) -> None:
        """Stop a child that was spawned, with the same patience and hurry as the others."""
        await child.stop(seconds, hurry=self._hurry)

    async def _end(self, kept: _Kept) -> None:
        name = kept.process.name
        if kept.child is not None:
            await kept.child.stop(kept.process.stop_seconds, hurry=self._hurry)
            logger.info("%s has been stopped", name, extra={"component": name})
        if kept.task is not None:
            kept.task.cancel()
            await asyncio.gather(kept.task, return_exceptions=True)
        self.set_state(name, "off")

    async def _keep(self, kept: _Kept) -> None:
        """Start a process, and again whenever it ends, until the supervisor stops."""
        name, failures, was_ever_up = kept.process.name, 0, False
        loop = asyncio.get_running_loop()
        if kept.process.after is not None:
            first = kept.process.after
            await self.until(lambda components: components[first] != "starting")
        while not _is_needed(kept.process):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _NEED_SECONDS)
            if self._stopping.is_set():
                return
        while not self._stopping.is_set():
            self.set_state(name, "starting")
            started = loop.time()
            kept.last_lines.clear()
            try:
                kept.child = self.spawn(
                    name,
                    kept.process.command,
                    kept.process.environment,
                    lambda line: self._note(kept, line),
                )
            except OSError as error:
                self._refuse(name, f"The process {name} cannot be started: {error}")
                return
            was_up = await self._wait_until_up(kept.process, kept.child)
            if was_up:
                was_ever_up = True
                self.set_state(name, "up")
                self._forget_failure(name)
            code = await kept.child.exited
            if self._stopping.is_set():
                return
            if code == EXIT_REFUSED and not was_ever_up:
                reason = next((line for line in reversed(kept.last_lines) if line), "no reason given")
                self._refuse(name, reason)
                return
            self.set_state(name, "down")
            failures = 1 if loop.time() - started > self._back_off.forget_seconds else failures + 1
            wait = self._back_off.seconds(failures)
            failure = self._note_failure(kept, code)
            self._warn(
                f"The process {name} ended ({failure}); it is started again in {wait:g} s; see {failure.log}"
            )
            await asyncio.sleep(wait)

    async def _wait_until_up(self, process: Process, child: Child) -> bool:
        """Wait until the process takes connections; say whether it does, or has ended before."""
        deadline = asyncio.get_running_loop().time() + self._start_seconds
        while not child.exited.done():
            if await _takes_connections(process.ready):
                return True
            if asyncio.get_running_loop().time() > deadline:
                self._warn(f"The process {process.name} did not start within {self._start_seconds:g} s")
                child.kill()
            await asyncio.wait({child.exited}, timeout=_POLL_SECONDS)
        return False

    def _refuse(self, name: str, reason: str) -> None:
        logger.error("%s refuses to start: %s", name, reason, extra={"component": name})
        self._refusal = UnavailableError(reason)
        self.set_state(name, "down")
        self._changed.set()

    def _note_failure(self, kept: _Kept, code: int) -> Failure:
        name = kept.process.name
        failure = Failure.of(code, kept.last_lines, log_file(self._home, name))
        logger.error("%s ended (%s)", name, failure, extra={"component": name, "exit_code": code})
        self._failures[name] = failure
        try:
            write_failures(self._record.directory, self._failures)
            note_last_words(self._home, name, failure, kept.last_lines)
        except OSError:  # a full disk, of which the process may have died
            logger.exception("The last words of %s cannot be written into its log", name)
        return failure

    def _forget_failure(self, name: str) -> None:
        if self._failures.pop(name, None) is not None:
            write_failures(self._record.directory, self._failures)

    def _note(self, kept: _Kept, line: str) -> None:
        """Keep what a process wrote outside its log: what it says before it has one, and when it crashes."""
        kept.last_lines.append(redact(line))
        logger.warning("%s", line, extra={"component": kept.process.name})

    def _write_status(self) -> None:
        status = overall(self._components, was_ready=self._was_ready)
        self._was_ready = self._was_ready or status == "ready"
        write_status(self._record.directory, Health(status, self._components))


def _is_needed(process: Process) -> bool:
    return process.needed is None or process.needed()


async def _takes_connections(address: TCPAddress | os.PathLike[str]) -> bool:
    try:
        if isinstance(address, TCPAddress):
            _, writer = await asyncio.open_connection(address.host, address.port)
        else:
            _, writer = await asyncio.open_unix_connection(address)
    except OSError:
        return False
    writer.close()
    return True
