"""The time that a job is at work in this process: until it is cancelled, or longer than it may take."""

from __future__ import annotations

from threading import Event
from time import monotonic

from sciplat.errors import CancelledError, QueryTimeoutError

__all__ = ["Stint"]


class Stint:
    """What a job's thread asks between two steps, and what ends it from another.

    Parameters
    ----------
    seconds
        The execution duration of the job, from now.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self._cancelled = Event()

    def cancel(self) -> None:
        """Let the next step not begin."""
        self._cancelled.set()

    def go_on(self) -> None:
        """Return if the next step may begin.

        Raises
        ------
        CancelledError
            The job was cancelled.
        QueryTimeoutError
            Its time is over.
        """
        if self._cancelled.is_set():
            raise CancelledError("The job was cancelled.")
        if monotonic() > self._deadline:
            raise QueryTimeoutError(
                f"The job took longer than its {self._seconds} s. Ask for fewer cutouts at once, or send a "
                "larger EXECUTIONDURATION."
            )
