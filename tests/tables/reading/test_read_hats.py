from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciplat.errors import IngestError
from sciplat.tables.read import open_sources


@pytest.fixture
def hats(tmp_path):
    root = tmp_path / "stars"
    for pixel in (3, 11):
        folder = root / "dataset" / "Norder=0" / "Dir=0"
        folder.mkdir(parents=True, exist_ok=True)
        table = pa.table({"_healpix_29": [0], "alpha": [pixel * 30.0], "delta": [1.0], "Npix": [pixel]})
        pq.write_table(table, folder / f"Npix={pixel}.parquet")
    (root / "dataset" / "_common_metadata").write_bytes(b"ignored")
    (root / "hats.properties").write_text(
        "#HATS\nobs_collection=stars\nhats_col_ra=alpha\nhats_col_dec = delta\nhats_col_healpix=_healpix_29\n"
    )
    return root


def test_a_folder_is_its_partitions_without_their_own_columns(hats, read):
    assert read(hats).to_pydict() == {"alpha": [330.0, 90.0], "delta": [1.0, 1.0]}


def test_the_positions_are_those_of_the_properties(hats):
    columns = open_sources([hats])[0].columns

    assert [c.ucd for c in columns] == ["pos.eq.ra;meta.main", "pos.eq.dec;meta.main"]
    assert [c.unit for c in columns] == ["deg", "deg"]


def test_a_collection_is_its_primary_catalog(hats, read):
    (hats.parent / "collection.properties").write_text("obs_collection=c\nhats_primary_table_url=stars\n")

    assert read(hats.parent).num_rows == 2


def test_a_position_that_is_not_there_is_named(hats):
    (hats / "hats.properties").write_text("hats_col_ra=ra\nhats_col_dec=delta\n")

    with pytest.raises(IngestError, match=r"stars/dataset/.*Npix=11\.parquet: column 'ra'.* is missing"):
        open_sources([hats])


def test_a_folder_without_data_is_refused(tmp_path):
    (tmp_path / "hats.properties").write_text("hats_col_ra=ra\n")

    with pytest.raises(IngestError, match="no Parquet files under dataset/"):
        open_sources([tmp_path])
