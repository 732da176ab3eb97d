"""Announce images: what a repository has becomes rows of ``ivoa.ObsCore``, and what made it of provenance."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from contextlib import closing

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sciplat.catalogs.store import CatalogStore
from sciplat.repository.obscore import Words, changes
from sciplat.repository.provenance import read_quanta
from sciplat.repository.store import Repositories, Repository
from sciplat.services.describe import KINDS, Amendment, DescribeService
from sciplat.services.obscore import kept_arrow, obscore_profile, obscore_rows
from sciplat.services.provenance import provenance_rows

__all__ = ["AnnounceService"]

_COLLECTIONS = b"sciplat.collections"


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

    def announce(self, release: str, *, anew: bool = False) -> int:
        """Describe the images of a release as they are now; return how many there are.

        Parameters
        ----------
        anew
            All of them, also those that have been described: what is known of their observations has changed.

        Raises
        ------
        NotFoundError
            The release has no images.
        """
        with closing(self._repositories.open(release)) as repository:
            return self.announce_from(repository, anew=anew)

    def announce_from(self, repository: Repository, *, anew: bool = False) -> int:
        """Do so through an open repository."""
        profile = obscore_profile()
        words = Words(profile["images"], profile["bands"], self._authority, profile["facility"])
        release = repository.release
        # Whoever announces later has seen more.
        with repository.alone():
            self._tidy(release)
            before, collections = self._kept(release)
            if anew:
                before, collections = before.slice(0, 0), ()
            known = _known(before)
            found = changes(repository, words, known=known, collections=collections)
            new = obscore_rows(release, found.rows)
            left = pa.array([*found.gone, *new["_id"].to_pylist()], pa.string())
            rows = pa.concat_tables([before.filter(pc.invert(pc.is_in(before["_id"], left))), new])
            quanta = read_quanta(repository.folder)
            others = self._others(repository, rows, quanta)
            made, activities = provenance_rows(release, self._authority, rows, quanta, others)
            marked = {_COLLECTIONS: json.dumps(found.collections).encode()}
            is_same = not len(left) and found.collections == collections
            described = None if is_same else rows.replace_schema_metadata(marked)
            self._publish(
                release,
                (described, made, activities),
                self._amendment(release, left, new) if before.num_rows else None,
            )
        return int(rows.num_rows)

    def _amendment(self, release: str, left: pa.Array, new: pa.Table) -> Amendment | None:
        """Return how the rows differ from those that are published."""
        known = self._catalogs.manifest().release(release)
        if known is None or known.observations is None:
            return None
        gone = [f"ivo://{self._authority}/{release}?{id}" for id in left.to_pylist()]  # noqa: A001
        return Amendment(
            "observations",
            release,
            known.observations,
            "obs_publisher_did",
            pa.array(gone, pa.string()),
            new,
        )

    def _kept(self, release: str) -> tuple[pa.Table, tuple[str, ...]]:
        """Return the rows as they were described last, and the collections that were searched for them."""
        known = self._catalogs.manifest().release(release)
        if known is not None and known.observations is not None:
            path = self._catalogs.folder / release / known.observations
            schema = pq.read_schema(path)
            said = (schema.metadata or {}).get(_COLLECTIONS)
            if said is not None and schema.remove_metadata() == kept_arrow():
                return pq.read_table(path).replace_schema_metadata(None), tuple(json.loads(said))
        return kept_arrow().empty_table(), ()

    def _others(self, repository: Repository, images: pa.Table, quanta: pa.Table) -> set[str]:
        """Return the datasets beside images that pipelines have made and that are there."""
        outputs = quanta.filter(pc.equal(quanta["role"].cast(pa.string()), "output"))
        named = set(outputs["dataset"].to_pylist()).difference(images["_id"].to_pylist())
        return repository.existing(named) if named else set()

    def _publish(self, release: str, rows: Sequence[pa.Table | None], amendment: Amendment | None) -> None:
        """Publish the rows of each of `KINDS`; None is what is published already."""
        known = self._catalogs.manifest().release(release)
        files = {
            kind.name: self._write(release, kind.name, each)
            for kind, each in zip(KINDS, rows, strict=True)
            if each is not None
        }
        if known is None:
            is_same = all(each is None or not each.num_rows for each in rows)
        else:
            is_same = all(files.get(kind.name) in (None, kind.file_of(known)) for kind in KINDS)
        if is_same:
            return
        with self._catalogs.edit() as edit:
            edit.put_release(
                release,
                images=True,
                observations=files.get("observations"),
                provenance=files.get("provenance"),
                activities=files.get("activities"),
            )
            self._describing.describe(edit, amendment)
        self._tidy(release)

    def _tidy(self, release: str) -> None:
        """Remove the files that nothing names, those too that somebody left who was killed."""
        known = self._catalogs.manifest().release(release)
        used = set() if known is None else {kind.file_of(known) for kind in KINDS}
        for kind in KINDS:
            for path in (self._catalogs.folder / release).glob(f"{kind.name}-*"):
                if path.name not in used:
                    path.unlink(missing_ok=True)

    def _write(self, release: str, name: str, rows: pa.Table) -> str:
        """Write rows into a file whose name says what it holds; return the name."""
        made = io.BytesIO()
        pq.write_table(rows.combine_chunks(), made)
        content = made.getvalue()
        digest = hashlib.sha256(content).hexdigest()[:16]
        file = self._catalogs.folder / release / f"{name}-{digest}.parquet"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = file.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(content)
            unfinished.replace(file)
        return file.name


def _known(rows: pa.Table) -> dict[str, tuple[str, int]]:
    """Return the dataset type, and when it came, of each dataset that is described."""
    columns = (rows[name].to_pylist() for name in ("_id", "dataproduct_subtype", "_came"))
    return {number: (kind, came) for number, kind, came in zip(*columns, strict=True)}
