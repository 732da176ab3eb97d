"""What somebody sends becomes rows with the same values, or a message that says why not."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import MaskedColumn
from astropy.table import Table as AstropyTable

from sciplat.errors import IngestError, LimitError
from sciplat.services.load import load
from sciplat.vo.schema import HEALPIX_COLUMN, Table

MEMORY = 256_000_000
WRITERS = {
    "votable": {"format": "votable"},
    "binary": {"format": "votable", "tabledata_format": "binary"},
    "binary2": {"format": "votable", "tabledata_format": "binary2"},
    "csv": {"format": "ascii.csv"},
    "tsv": {"format": "ascii.tab"},
    "fits": {"format": "fits"},
}


def rows(path: Path) -> pa.Table:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(f"SELECT * EXCLUDE ({HEALPIX_COLUMN}) FROM main.data").to_arrow_table()


def make(folder: Path, content: bytes, *, largest: int = 1_000_000) -> Table:
    (folder / "mine").write_bytes(content)
    return load(folder / "mine", folder / "data.duckdb", largest=largest, memory_bytes=MEMORY)


def stars() -> AstropyTable:
    table = AstropyTable()
    table["id"] = [9007199254740993, 2, 3]
    table["ra"] = [10.5, 359.999, -10.0]
    table["dec"] = [-20.25, 0.0, 89.5]
    table["ra"].unit = table["dec"].unit = "deg"
    table["mag"] = MaskedColumn([20.5, 0.0, 1e-30], mask=[False, True, False], unit="mag")
    table["name"] = ["first", "second one", "third"]
    return table


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", [*WRITERS, "parquet"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_gives_the_same_rows_in_their_order(tmp_path: Path, form: str, packed: bool) -> None:
    if form == "parquet":
        pq.write_table(
            pa.table({name: stars()[name].tolist() for name in stars().colnames}), tmp_path / "file"
        )
    else:
        stars().write(tmp_path / "file", **WRITERS[form])
    content = (tmp_path / "file").read_bytes()
    table = make(tmp_path, gzip.compress(content) if packed else content)

    assert table.rows == 3
    assert table.position == ("ra", "dec")
    assert [column.name for column in table.columns if not column.hidden] == stars().colnames
    assert rows(tmp_path / "data.duckdb").to_pydict() == {
        "id": [9007199254740993, 2, 3],
        "ra": [10.5, 359.999, -10.0],
        "dec": [-20.25, 0.0, 89.5],
        "mag": [20.5, None, 1e-30],
        "name": ["first", "second one", "third"],
    }
    if form in ("votable", "binary", "binary2", "fits"):
        assert table.column("mag").unit == "mag"


def test_a_row_that_is_nowhere_on_the_sky_stays_and_has_no_cell(tmp_path: Path) -> None:
    table = make(tmp_path, b"ra,dec\n-10,0\n350,0\n710,0\n1,-999\nnan,3\n,\n")
    with duckdb.connect(str(tmp_path / "data.duckdb"), read_only=True) as connection:
        cells = [row[0] for row in connection.sql(f"SELECT {HEALPIX_COLUMN} FROM data").fetchall()]

    assert table.rows == 6
    assert len(set(cells[:3])) == 1
    assert cells[0] is not None
    assert cells[3:] == [None, None, None]


def test_a_table_may_have_no_rows_and_no_position(tmp_path: Path) -> None:
    table = make(tmp_path, b"name,b_v\n")

    assert (table.rows, table.position) == (0, None)
    assert [column.name for column in table.columns] == ["name", "b_v"]


def test_columns_may_have_any_names_that_can_be_told_apart(tmp_path: Path) -> None:
    table = make(tmp_path, "B-V,select,größe,a b,2mass\n1,2,3,4,5\n".encode())

    assert [column.name for column in table.columns] == ["B-V", "select", "größe", "a b", "2mass"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "mine: the file is empty"),
        (b"\x00\x01\x02", "mine: not a table in"),
        (b"<html><body>not here</body></html>", "mine: not a VOTable: it begins with html"),
        (b"ra,RA\n1,2\n", "mine: column 'RA' differs from 'ra' in case only"),
        (b"ra,dec\n1,2\n3\n", "mine: line 3 has 1 fields, not 2"),
        (b"_healpix_29,x\n1,2\n", "mine: column '_healpix_29' is called"),
        (b"PAR1 and no more", "mine: not a complete Parquet file"),
        (b"SIMPLE  =                    T" + b" " * 2850 + b"END", "mine: "),
        (gzip.compress(b"ra,dec\n1,2\n", mtime=0)[:-9], "mine: "),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(IngestError, match=message):
        make(tmp_path, content)


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="mine: unpacked, it is more than 10 times as large"):
        make(tmp_path, gzip.compress(b"a\n" + b"1\n" * 1_000_000), largest=100_000)


def test_too_many_columns_are_refused(tmp_path: Path) -> None:
    names = ",".join(f"c{i}" for i in range(5001))
    with pytest.raises(LimitError, match="5001 columns"):
        make(tmp_path, names.encode())
