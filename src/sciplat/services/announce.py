"""Announce images: what a repository has becomes rows of ``ivoa.ObsCore``."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sciplat.catalogs.store import CatalogStore
from sciplat.repository.obscore import observations
from sciplat.repository.store import Repositories
from sciplat.services.describe import DescribeService
from sciplat.services.obscore import obscore_profile, obscore_rows

__all__ = ["AnnounceService"]


class AnnounceService:
    """Keeps the rows that describe images true."""

    def __init__(
        self,
        catalogs: CatalogStore,
        repositories: Repositories,
        describing: DescribeService,
        *,
        authority: str,
    ) -> None:
        """Describe what ``repositories`` have in ``catalogs``; ``authority`` is that of identifiers."""
        self._catalogs = catalogs
        self._repositories = repositories
        self._describing = describing
        self._authority = authority

    def announce(self, release: str) -> int:
        """Describe the images of a release as they are now; return how many there are.

        Raises
        ------
        NotFoundError
            The release has no images.
        """
        profile = obscore_profile()
        repository = self._repositories.open(release)
        try:
            # Whoever announces later has seen more.
            with repository.alone():
                found = observations(
                    repository,
                    images=profile["images"],
                    bands=profile["bands"],
                    authority=self._authority,
                    facility=profile["facility"],
                )
                rows = obscore_rows(release, found)
                self._publish(release, rows)
        finally:
            repository.close()
        return int(rows.num_rows)

    def _publish(self, release: str, rows: pa.Table) -> None:
        file = self._write(release, rows)
        known = self._catalogs.manifest().release(release)
        if known is not None and known.observations == file.name:
            return
        with self._catalogs.edit() as edit:
            edit.put_release(release, images=True, observations=file.name)
            self._describing.describe(edit)
        for old in file.parent.glob("observations-*.parquet"):
            if old != file:
                old.unlink(missing_ok=True)

    def _write(self, release: str, rows: pa.Table) -> Path:
        """Write the rows into a file whose name says what it holds."""
        made = io.BytesIO()
        pq.write_table(rows, made)
        content = made.getvalue()
        file = (
            self._catalogs.folder
            / release
            / f"observations-{hashlib.sha256(content).hexdigest()[:16]}.parquet"
        )
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(content)
            unfinished.replace(file)
        return file
