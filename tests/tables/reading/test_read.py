from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from sciplat.errors import IngestError
from sciplat.tables.read import open_sources


def refused(path: Path) -> str:
    with pytest.raises(IngestError) as caught:
        open_sources([path])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_format_is_told_by_content_not_by_suffix(parquet, stars, tmp_path):
    wrong = parquet(stars, "stars.csv")

    (source,) = open_sources([wrong])

    assert source.rows == 3
    assert source.schema.names == stars.schema.names


def test_a_missing_file_is_named(tmp_path):
    assert "nowhere.parquet: there is no such file" in refused(tmp_path / "nowhere.parquet")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.csv").touch()

    assert refused(tmp_path / "empty.csv") == "empty.csv: the file is empty"


def test_a_file_of_no_known_format_is_refused(tmp_path):
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")

    assert "not a table in Parquet, FITS, VOTable, Arrow, CSV or HATS" in refused(tmp_path / "image.png")


def test_a_folder_without_properties_is_refused(tmp_path):
    assert "no hats.properties" in refused(tmp_path)


def test_a_cut_gzip_file_is_refused(tmp_path):
    whole = gzip.compress(b"ra,dec\n" + b"1,2\n" * 100_000)
    (tmp_path / "cut.csv.gz").write_bytes(whole[:100])

    assert "cut.csv.gz: cannot be read" in refused(tmp_path / "cut.csv.gz")


def test_a_gzipped_csv_is_read(tmp_path, read):
    (tmp_path / "stars.csv.gz").write_bytes(gzip.compress(b"ra,dec\n1,2\n"))

    assert read(tmp_path / "stars.csv.gz").to_pylist() == [{"ra": 1, "dec": 2}]
