# SPDX-License-Identifier: BSD-3-Clause
"""A query that runs, or ran, on the instance."""

from __future__ import annotations

import io
from typing import Any

from astropy.io.votable import parse_single_table
from astropy.table import Table

from sciplat.client.door import Door
from sciplat.errors import UsageError

__all__ = ["ClientJob"]

_WAIT_SECONDS = 30
_ACTIVE = frozenset({"PENDING", "QUEUED", "EXECUTING"})


class ClientJob:
    """One job: its query, its phase and its rows."""

    def __init__(self, door: Door, job_id: str) -> None:
        self._door = door
        self.id = job_id
        self._facts: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"ClientJob({self.id!r}, {self._facts.get('phase')})"

    @property
    def phase(self) -> str:
        """The phase when the instance was last asked."""
        return str(self._facts["phase"])

    @property
    def query(self) -> str:
        """The query, as it was written."""
        return str(self._facts["query"])

    @property
    def rows(self) -> int | None:
        """How many rows the result has; None before it is there."""
        rows: int | None = self._facts["rows"]
        return rows

    def refresh(self, *, wait: int = 0) -> None:
        """Ask the instance; with ``wait``, return when the phase changes or so many seconds have passed."""
        self._facts = self._door.get(f"/api/jobs/{self.id}", wait=wait)

    def wait(self) -> ClientJob:
        """Return when the job has ended.

        Raises
        ------
        UsageError
            It did not complete; the message is the job's own.
        """
        while self.phase in _ACTIVE:
            if self.phase == "PENDING":
                raise UsageError(f"Job {self.id} is PENDING: it was never run.")
            self.refresh(wait=_WAIT_SECONDS)
        if self.phase != "COMPLETED":
            error = self._facts["error"]
            raise UsageError(error["message"] if error else f"Job {self.id} was {self.phase}.")
        return self

    def table(self) -> Table:
        """Wait for the job and return its rows as an astropy table, with units."""
        self.wait()
        content = self._door.fetch(f"{self._facts['links']['result']}?RESPONSEFORMAT=votable")
        return parse_single_table(io.BytesIO(content)).to_table(use_names_over_ids=True)
