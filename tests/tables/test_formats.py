from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from sciplat.errors import UsageError
from sciplat.tables.document import Document
from sciplat.tables.formats import FORMATS, negotiate
from sciplat.tables.stream import TableStream


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "votable"),
        ("  ", "votable"),
        ("votable", "votable"),
        ("VOTable", "votable"),
        ("application/x-votable+xml", "votable"),
        ("application/x-votable+xml;serialization=BINARY2", "votable"),
        ("Application/X-VOTable+XML ; Serialization = binary2", "votable"),
        ("votable/b2", "votable"),
        ("text/xml", "votable"),
        ("votable/td", "votable/td"),
        ('application/x-votable+xml; charset=utf-8; serialization="tabledata"', "votable/td"),
        ("text/xml;serialization=TABLEDATA", "votable/td"),
        ("votable/b", "votable/b"),
        ("application/x-votable+xml;serialization=BINARY", "votable/b"),
        ("application/x-votable+xml;version=1.4", "votable"),
        ("application/x-votable+xml;version=1.5", "votable;version=1.5"),
        ("application/x-votable+xml;version=1.5;serialization=TABLEDATA", "votable/td;version=1.5"),
        ("votable/b; version=1.5", "votable/b;version=1.5"),
        ("json", "json"),
        ("application/json", "json"),
        ("csv", "csv"),
        ("text/csv", "csv"),
        ("text/csv;header=present", "csv"),
        ("text/csv;charset=UTF-8;header=present", "csv"),
        ("text/csv;header=present;charset=utf-8", "csv"),
        ("tsv", "tsv"),
        ("text/tab-separated-values", "tsv"),
        ("ecsv", "ecsv"),
        ("text/x-ecsv; charset=utf-8", "ecsv"),
        ("fits", "fits"),
        ("application/fits", "fits"),
        ("parquet", "parquet"),
        ("application/vnd.apache.parquet", "parquet"),
        ("sqlite", "sqlite"),
        ("application/vnd.sqlite3", "sqlite"),
        ("arrow", "arrow"),
        ("application/vnd.apache.arrow.stream", "arrow"),
    ],
)
def test_a_format_is_found_by_any_of_its_names(asked: str | None, name: str) -> None:
    assert negotiate(asked).name == name


@pytest.mark.parametrize("asked", ["xlsx", "text/csv;header=absent", "application/x-votable+xml;version=1.1"])
def test_an_unknown_format_is_told_which_there_are(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        negotiate(asked)

    assert asked in str(caught.value)
    assert all(each.name in str(caught.value) for each in FORMATS)


def test_who_asks_for_text_xml_gets_text_xml() -> None:
    assert negotiate("text/xml").mime == "text/xml"


def test_no_two_formats_share_a_name() -> None:
    names = [name for each in FORMATS for name in {each.name, each.mime, *each.aliases}]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_every_format_writes(each: object, make_stream: Callable[..., TableStream]) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([1, 2])})

    content = b"".join(each.write(make_stream(batch), Document()))  # type: ignore[attr-defined]

    assert content
