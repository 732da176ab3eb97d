"""Files of every format, small enough to be read in a glance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits

from sciplat.tables.merge import agree, rows_of
from sciplat.tables.read import open_sources


@pytest.fixture
def stars() -> pa.Table:
    return pa.table(
        {
            "id": pa.array([3, 1, 2], pa.int64()),
            "ra": [10.0, 350.0, 180.0],
            "dec": [-30.0, 0.0, 89.0],
            "mag": pa.array([15.5, None, 17.0], pa.float32()),
            "name": ["a", None, "c é"],
        }
    )


@pytest.fixture
def parquet(tmp_path: Path) -> Callable[..., Path]:
    def write(table: pa.Table | dict, name: str = "stars.parquet", **options: object) -> Path:
        path = tmp_path / name
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path, **options)
        return path

    return write


@pytest.fixture
def fits_table(tmp_path: Path) -> Callable[..., Path]:
    def write(*hdus: list[fits.Column], name: str = "stars.fits") -> Path:
        path = tmp_path / name
        tables = [fits.BinTableHDU.from_columns(columns) for columns in hdus]
        fits.HDUList([fits.PrimaryHDU(data=np.zeros((2, 2), "i2")), *tables]).writeto(path)
        return path

    return write


@pytest.fixture
def read() -> Callable[..., pa.Table]:
    """Open files and return all their rows, in the types in which they are ingested."""

    def read(*paths: Path) -> pa.Table:
        sources = open_sources(paths)
        return pa.Table.from_batches([rows.batch for rows in rows_of(sources, agree(sources))])

    return read


@pytest.fixture
def csv(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a file of text."""

    def write(text: str) -> Path:
        path = tmp_path / "stars.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write
