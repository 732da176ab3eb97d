"""A dataset by its id: what it is, and the file that it lies in."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lsst.daf.butler import Butler

__all__ = ["Stored", "stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A dataset of a repository."""

    id: uuid.UUID
    dataset_type: str
    storage_class: str
    data_id: Mapping[str, str | int]
    run: str
    path: Path | None
    """None where only the registry knows of it: its file was dropped, and can be made again."""


def stored(butler: Butler, id: uuid.UUID) -> Stored | None:  # noqa: A002  the Butler's word
    """Return a dataset, or None where the repository has none with this id."""
    ref = butler.get_dataset(id)
    if ref is None:
        return None
    path = Path(butler.getURI(ref).ospath) if butler.stored(ref) else None
    kind = ref.datasetType
    return Stored(id, kind.name, kind.storageClass_name, dict(ref.dataId.mapping), ref.run, path)
