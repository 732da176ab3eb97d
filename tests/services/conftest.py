"""A service over an empty home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.services.ingest import IngestService


@pytest.fixture
def store(tmp_path: Path) -> CatalogStore:
    return CatalogStore(tmp_path / "home" / "catalogs")


@pytest.fixture
def service(store: CatalogStore, tmp_path: Path) -> IngestService:
    return IngestService(store, tmp_path / "home" / "work")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real catalogs beside the repository; tests skip where it is absent."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("SCIPLAT_SHARED", root.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder
