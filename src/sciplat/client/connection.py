# SPDX-License-Identifier: BSD-3-Clause
"""A connection to an instance."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

from astropy.table import Table
from pyvo.dal import TAPService

from sciplat.client.butler import open_butler, open_own_repository
from sciplat.client.door import Door
from sciplat.client.history import ClientQuery, read_history, submit_specification
from sciplat.client.job import ClientJob

__all__ = ["Client", "connect"]

DEFAULT_URL = "http://127.0.0.1:8080"

Uploads = Mapping[str, Table | Path]
"""Tables by the names that a query gives them."""


class Client:
    """An instance, as one user sees it.

    Examples
    --------
    >>> client = sciplat.connect()  # doctest: +SKIP
    >>> stars = client.query("SELECT TOP 5 * FROM gaia.gaia_source")  # doctest: +SKIP
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    @property
    def url(self) -> str:
        """Where the Portal is."""
        return self._door.url

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @cached_property
    def tap(self) -> TAPService:
        """The TAP service, with all that pyvo offers."""
        return TAPService(f"{self.url}/api/tap", session=self._door.session)

    @property
    def me(self) -> str | None:
        """The name of the user whose token this connection sends; None without one."""
        user = self._door.get("/api/identity/me")["user"]
        return None if user is None else str(user["name"])

    def query(self, adql: str, *, maxrec: int | None = None, uploads: Uploads | None = None) -> Table:
        """Run a query and return its rows as an astropy table, with units.

        For a user who has signed in, ``meta["query_id"]`` is its id in the history.

        Short queries only: one that takes longer than the instance's limit for synchronous queries
        should be submitted as a job.

        Parameters
        ----------
        uploads
            Tables of one's own that the query reads as ``TAP_UPLOAD.name``: astropy tables, or files
            in any format that the instance reads (VOTable, FITS, Parquet, Arrow, CSV, ECSV).

        Raises
        ------
        pyvo.dal.DALQueryError
            The query is wrong; the message says where.
        """
        found = self.tap.search(adql, maxrec=maxrec, uploads=_sent(uploads))
        table = found.to_table()
        for info in found.votable.resources[0].infos:
            if info.name == "QUERY_ID":
                table.meta["query_id"] = info.value
        return table

    def submit(self, adql: str, *, maxrec: int | None = None, uploads: Uploads | None = None) -> ClientJob:
        """Run a query as a job, which goes on without this script; ``uploads`` are as in `query`."""
        job = self.tap.submit_job(adql, maxrec=maxrec, uploads=_sent(uploads))
        job.run()
        return self.job(job.job_id)

    def job(self, job_id: str) -> ClientJob:
        """Open a job by its id, whichever Aspect submitted it; it is not run again.

        Raises
        ------
        UsageError
            There is no such job for this user.
        """
        job = ClientJob(self._door, job_id)
        job.refresh()
        return job

    def history(
        self,
        search: str | None = None,
        *,
        aspect: str | None = None,
        phase: str | None = None,
        table: str | None = None,
        limit: int = 100,
    ) -> list[ClientQuery]:
        """Return what the user has asked, from whichever Aspect, newest first.

        Parameters
        ----------
        search
            Words that all stand in the query.
        aspect
            ``portal``, ``notebook`` or ``api``.
        phase
            ``COMPLETED``, ``ERROR`` and so on.
        table
            ``release.table``, or a release alone.
        limit
            At most so many.

        Raises
        ------
        UsageError
            This connection has no token, or a filter is wrong.
        """
        return read_history(self._door, search=search, aspect=aspect, phase=phase, table=table, limit=limit)

    def butler(self, release: str) -> Any:
        """Return a Butler (`lsst.daf.butler.Butler`) that reads the images of a release.

        Datasets are looked for in the collection of the release's name. It needs the [butler] extra.

        Examples
        --------
        >>> butler = client.butler("sim1")  # doctest: +SKIP
        >>> ref = butler.query_datasets("visit_image", limit=1)[0]  # doctest: +SKIP
        >>> corner = butler.get(ref, parameters={"bbox": (0, 0, 64, 64)})  # doctest: +SKIP

        Raises
        ------
        UsageError
            There are no images of that release for this user.
        MissingExtraError
            The Butler is not installed.
        """
        return open_butler(self._door, release)

    def own_repository(self, release: str, folder: Path | None = None) -> Any:
        """Return a Butler repository of one's own beside a release (`sciplat.repository.own.OwnRepository`).

        Inputs are fetched there, and what pipelines make of them is kept there, with its provenance.

        Parameters
        ----------
        folder
            Where it lies; by default ``butler/RELEASE`` in the folder that ``SCIPLAT_WORKSPACE`` names,
            else in the home folder.

        Raises
        ------
        UsageError, MissingExtraError
            As for `butler`.
        """
        return open_own_repository(self._door, release, folder)

    def submit_specification(self, text: str) -> ClientJob:
        """Run what a specification says (`ClientQuery.specification`), as a job."""
        return submit_specification(self._door, text)


def _sent(uploads: Uploads | None) -> dict[str, Table | BytesIO]:
    """Read files as what they are: pyvo would take each for text."""
    return {
        name: BytesIO(table.read_bytes()) if isinstance(table, Path) else table
        for name, table in (uploads or {}).items()
    }


def connect(url: str | None = None, token: str | None = None) -> Client:
    """Return a connection to an instance.

    Parameters
    ----------
    url
        Where the Portal is; by default the environment variable ``SCIPLAT_URL``, else an instance
        on this machine.
    token
        Whose rights to use; by default ``SCIPLAT_TOKEN``; without one, what is public.
    """
    door = Door(url or os.environ.get("SCIPLAT_URL") or DEFAULT_URL, token or os.environ.get("SCIPLAT_TOKEN"))
    return Client(door)
