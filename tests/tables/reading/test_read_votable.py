from __future__ import annotations

import numpy as np
import pytest
from astropy.io.votable import from_table
from astropy.table import MaskedColumn, Table

from sciplat.errors import IngestError
from sciplat.tables.read_votable import open_votable
from sciplat.vo.schema import Datatype


@pytest.fixture
def votable(tmp_path):
    def write(form: str):
        table = Table(
            {
                "id": MaskedColumn(np.array([1, 2, 3], "i8"), mask=[False, form != "binary", False]),
                "ra": [1.0, 2.0, np.nan],
                "pair": np.array([[1, 2], [3, 4], [5, 6]], "f4"),
                "name": ["a", "bb", "ü"],
                "ok": [True, False, True],
            }
        )
        document = from_table(table)
        field = document.get_first_table().get_field_by_id("ra")
        field.unit, field.ucd, field.description = "deg", "pos.eq.ra;meta.main", "Right\n  ascension"
        path = tmp_path / f"{form}.vot"
        document.to_xml(str(path), tabledata_format=form)
        return path

    return write


@pytest.mark.parametrize("form", ["tabledata", "binary", "binary2"])
def test_each_serialization_is_read(votable, read, form):
    rows = read(votable(form)).to_pydict()

    assert rows["id"][0] == 1
    assert rows["id"][2] == 3
    assert rows["ra"] == [1.0, 2.0, None]
    assert rows["pair"] == [[1, 2], [3, 4], [5, 6]]
    assert rows["name"] == ["a", "bb", "ü"]
    assert rows["ok"] == [True, False, True]


@pytest.mark.parametrize("form", ["tabledata", "binary2"])
def test_null_integers_are_null(votable, read, form):
    assert read(votable(form))["id"].to_pylist() == [1, None, 3]


def test_what_fields_say_is_kept(votable):
    columns = {column.name: column for column in open_votable(votable("binary2")).columns}

    assert columns["ra"].unit == "deg"
    assert columns["ra"].ucd == "pos.eq.ra;meta.main"
    assert columns["ra"].description == "Right ascension"
    assert columns["pair"].arraysize == "2"
    assert columns["name"].datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR)


def test_a_cut_document_is_refused(votable, read):
    path = votable("tabledata")
    path.write_bytes(path.read_bytes()[:-120])

    with pytest.raises(IngestError, match=r"tabledata\.vot: not a complete VOTable"):
        read(path)


def test_a_document_without_table_is_refused(tmp_path):
    path = tmp_path / "none.vot"
    path.write_text(
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE/></VOTABLE>'
    )

    with pytest.raises(IngestError, match=r"none\.vot: the VOTable holds no table"):
        open_votable(path)
