from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from sciplat.errors import IngestError
from sciplat.tables import read_csv
from sciplat.tables.read_csv import open_csv


def test_types_are_those_of_all_lines(csv, read):
    rows = read(csv("id,mag,ok,when,name\n1,15,true,2026-01-02T03:04:05,a\n2,15.5,false,,007\n3,,true,,\n"))

    assert rows.to_pydict() == {
        "id": [1, 2, 3],
        "mag": [15.0, 15.5, None],
        "ok": [True, False, True],
        "when": [dt.datetime(2026, 1, 2, 3, 4, 5), None, None],  # noqa: DTZ001 - a column has no zone
        "name": ["a", "007", None],
    }


def test_a_number_that_is_none_far_down_makes_the_column_text(csv, monkeypatch):
    monkeypatch.setattr(read_csv, "_BLOCK_BYTES", 1000)
    path = csv("a,b\n" + "1,1\n" * 5000 + "x,1.5\n")

    source = open_csv(path)

    assert source.schema.types == [pa.string(), pa.float64()]
    assert source.rows == 5001
    assert sum(batch.num_rows for batch in source.batches()) == 5001


def test_blanks_around_numbers_do_not_count(csv, read):
    assert read(csv("ra, dec\n1.5, +2.5\n 2 , 3\n")).to_pydict() == {"ra": [1.5, 2.0], "dec": [2.5, 3.0]}


def test_hexadecimal_ids_stay_text(csv, read):
    assert read(csv("id\n0x10\n0x11\n"))["id"].to_pylist() == ["0x10", "0x11"]


def test_integers_beyond_64_bits_are_no_rounded_numbers(csv, read):
    rows = read(csv("id\n18446744073709551615\n1\n"))

    assert rows["id"].to_pylist() == ["18446744073709551615", "1"]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found(csv, read, delimiter):
    path = csv(f"ra{delimiter}dec\n1{delimiter}2\n")

    assert read(path).to_pylist() == [{"ra": 1, "dec": 2}]


def test_comments_before_the_names_and_a_byte_order_mark_are_skipped(csv, read):
    assert read(csv("\ufeff# made by hand\n# twice\nra,dec\n1,2\n")).to_pylist() == [{"ra": 1, "dec": 2}]


def test_nan_and_null_are_null(csv, read):
    assert read(csv('x,y\nNaN,a\nNULL,""\n1.5,NULL\n')).to_pydict() == {
        "x": [None, None, 1.5],
        "y": ["a", "", None],
    }


def test_a_short_line_is_named(csv):
    with pytest.raises(IngestError, match=r"stars\.csv: line 4 has 2 fields, not 3"):
        open_csv(csv("# note\na,b,c\n1,2,3\n1,2\n"))


def test_names_must_be_within_the_first_megabyte(csv):
    with pytest.raises(IngestError, match="no line with the columns' names in its first megabyte"):
        open_csv(csv(",".join(f"c{i}" for i in range(300_000)) + "\n"))


def test_a_name_beyond_all_measure_is_told(csv):
    with pytest.raises(IngestError, match="names cannot be read"):
        open_csv(csv("a" * 200_000 + "\n1\n"))


def test_a_name_that_is_there_twice_is_named(csv):
    with pytest.raises(IngestError, match=r"stars\.csv: column 'a' is there twice"):
        open_csv(csv("a,a\n1,2\n"))


def test_text_that_is_no_utf8_is_refused(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"a\n\xfc\n")

    with pytest.raises(IngestError, match=r"latin\.csv: cannot be read as CSV"):
        open_csv(tmp_path / "latin.csv")


def test_names_alone_are_a_table_without_rows(csv):
    source = open_csv(csv("a,b\n"))

    assert source.rows == 0
    assert list(source.batches()) == []


ECSV = """# %ECSV 1.0
# ---
# delimiter: ','
# datatype:
# - {name: id, datatype: string}
# - {name: n, datatype: int16}
# - {name: flux, datatype: float32}
# - {name: seen, datatype: string}
# - {name: spot, datatype: string, subtype: 'float64[2]', meta: {xtype: point}}
# - {name: grid, datatype: string, subtype: 'int64[2,null]'}
# - {name: odd, datatype: complex128}
id,n,flux,seen,spot,grid,odd
"""


def test_the_types_of_an_ecsv_file_are_those_of_its_header(tmp_path):
    path = tmp_path / "mine"
    path.write_text(
        f'{ECSV}007,1,2,2026-01-02T03:04:05,"[1,2.5]","[[1,2],[3,null]]",7\n,,,,,,\n1e5,,,,"[NaN,Infinity]","[]",\n'
    )
    source = open_csv(path)
    (batch,) = source.batches()

    assert batch.column("id").to_pylist() == ["007", None, "1e5"]
    assert [str(kind) for kind in source.schema.types] == [
        "string", "int16", "float", "timestamp[us]", "fixed_size_list<item: double>[2]", "list<item: int64>",
        "int64",
    ]  # fmt: skip
    assert batch.column("spot").to_pylist()[0] == [1.0, 2.5]
    assert batch.column("grid").to_pylist() == [[1, 2, 3, None], None, []]
    assert source.columns[4].xtype == "point"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x,70000,,,,,", r"mine: column 'n', row 2: '70000' is not of the type that the header says"),
        ("x,,many,,,,", r"column 'flux', row 2: 'many'"),
        ('x,,,,"[1]",,', r"column 'spot', row 2: '\[1\]'"),
        ('x,,,,,"[1",', r"column 'grid', row 2: '\[1'"),
        ('x,,,,,"{}",', r"column 'grid', row 2"),
        (f'x,,,,,"{"[" * 9000}",', r"column 'grid', row 2"),
    ],
)
def test_what_is_not_of_the_type_of_the_header_is_refused(tmp_path, row, message):
    path = tmp_path / "mine"
    path.write_text(f"{ECSV}x,,,,,,\n{row}\n")

    with pytest.raises(IngestError, match=message):
        open_csv(path)
