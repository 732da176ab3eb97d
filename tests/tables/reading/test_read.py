from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from astropy.io import fits

from sciplat.errors import IngestError
from sciplat.tables.arrow import with_columns
from sciplat.tables.read import open_sources
from sciplat.vo.schema import Column, Datatype


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


def test_empty_lines_before_the_names_are_skipped(tmp_path, read):
    (tmp_path / "stars.csv").write_bytes(b"\n \n# comment\n\nra,dec\n1,2\n")

    assert read(tmp_path / "stars.csv").to_pylist() == [{"ra": 1, "dec": 2}]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_line_that_is_no_utf8_is_refused_and_not_left_out(tmp_path):
    (tmp_path / "stars.csv").write_bytes(b"ra,dec\n1,2\n3,4,\xff\n5,6\n")

    assert "Expected 2 columns, got 3" in refused(tmp_path / "stars.csv")


def test_a_votable_in_an_encoding_that_nobody_knows_is_refused(tmp_path):
    (tmp_path / "stars.xml").write_bytes(b'<?xml version="1.0" encoding="UTF-88"?><VOTABLE/>')

    assert "unknown encoding" in refused(tmp_path / "stars.xml")


def test_a_broken_card_of_a_fits_header_is_refused(tmp_path, stars):
    path = tmp_path / "stars.fits"
    columns = [fits.Column("ra", "D", array=stars["ra"].to_numpy())]
    fits.BinTableHDU.from_columns(columns).writeto(path)
    path.write_bytes(path.read_bytes().replace(b"TTYPE1  = 'ra      '", b"TTYPE1  =  ra      '"))

    assert "the table cannot be read" in refused(path)


def test_columns_of_an_arrow_file_are_called_as_its_fields_are(tmp_path, read):
    columns = (Column("ra", Datatype.DOUBLE, unit="deg"),)
    described = with_columns(pa.schema([("ra", pa.float64())]), columns)
    table = pa.table([[1.5]], schema=described).rename_columns(["lon"])
    with pa.ipc.new_file(tmp_path / "stars.arrow", table.schema) as file:
        file.write_table(table)

    assert read(tmp_path / "stars.arrow").to_pylist() == [{"lon": 1.5}]
