"""A running child process: its output, its end, and how it is ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Child"]


class Child:
    """A child in a session of its own, so that the terminal's Ctrl-C reaches only the supervisor.

    Parameters
    ----------
    command, environment
        What is started, and what is added to the environment.
    inherited
        File descriptors that it gets.
    on_line
        Called in the event loop with each line that it writes.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        *,
        environment: Mapping[str, str],
        inherited: tuple[int, ...],
        on_line: Callable[[str], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_line = on_line
        self.exited: asyncio.Future[int] = self._loop.create_future()
        self._popen = subprocess.Popen(  # noqa: S603  our own commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {self.pid}", daemon=True)
        self._reader.start()
        threading.Thread(target=self._wait, name=f"end of {self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process id, and that of its process group."""
        return self._popen.pid

    async def stop(self, seconds: float, *, hurry: asyncio.Event) -> None:
        """Ask it to end; kill it after ``seconds``, or as soon as ``hurry`` is set."""
        if not self.exited.done():
            self._signal(signal.SIGTERM)
            hurrying = asyncio.create_task(hurry.wait())
            waiting: tuple[asyncio.Future[Any], ...] = (self.exited, hurrying)
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            hurrying.cancel()
            self.kill()
        await self.exited

    def kill(self) -> None:
        """End it and everything that it started at once."""
        if not self.exited.done():
            self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as output:
            for line in output:
                self._tell(self._on_line, line.decode("utf-8", "replace").rstrip("\n"))

    def _wait(self) -> None:
        code = self._popen.wait()
        # Its last words come first; but a grandchild that holds the pipe open must not hide its end.
        self._reader.join(timeout=0.5)
        self._tell(self._end, code)

    def _end(self, code: int) -> None:
        # Also after a good end: what it started must not outlive it.
        self._kill_group()
        if not self.exited.done():
            self.exited.set_result(code)

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens any more
            self._loop.call_soon_threadsafe(function, *arguments)
