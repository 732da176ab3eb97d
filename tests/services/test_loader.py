"""A file is read in a process of its own, and whatever it holds, an answer comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sciplat.errors import IngestError, LimitError
from sciplat.services.loader import Loader

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def loader() -> Iterator[Loader]:
    made = Loader(at_once=1, seconds=60, memory_bytes=2 << 30)
    yield made
    made.close()


def read(loader: Loader, folder: Path, content: bytes) -> int | None:
    (folder / "mine").write_bytes(content)
    return loader.load(folder / "mine", folder / "data.duckdb", largest=1_000_000).rows


def fits(row_bytes: int, rows: int, form: str) -> bytes:
    def card(key: str, value: object) -> str:
        return f"{key:<8}= {value:>20}".ljust(80)

    primary = [card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0), card("EXTEND", "T")]
    table = ["XTENSION= 'BINTABLE'".ljust(80), card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", row_bytes)]
    table += [card("NAXIS2", rows), card("PCOUNT", 0), card("GCOUNT", 1), card("TFIELDS", 1)]
    table += [f"TFORM1  = '{form}'".ljust(80), "TTYPE1  = 'x'".ljust(80)]
    end = "END".ljust(80)
    text = "".join("".join([*cards, end]).ljust(2880) for cards in (primary, table))
    return text.encode() + bytes(2880)


def test_rows_are_read(loader: Loader, tmp_path: Path) -> None:
    assert read(loader, tmp_path, b"ra,dec\n1,2\n3,4\n") == 2


@pytest.mark.parametrize(
    "content", [fits(8, 10**15, "D"), fits(8, 1, "999999999999D"), fits(10**12, 10**6, "D")]
)
def test_a_fits_file_that_lies_of_its_size_is_refused(loader: Loader, tmp_path: Path, content: bytes) -> None:
    with pytest.raises((IngestError, LimitError), match="mine: "):
        read(loader, tmp_path, content)


def test_a_reader_that_was_killed_is_started_again(loader: Loader, tmp_path: Path) -> None:
    read(loader, tmp_path, b"x\n1\n")
    assert loader._process is not None
    loader._process.kill()
    loader._process.wait()
    (tmp_path / "again").mkdir()

    assert read(loader, tmp_path / "again", b"x\n1\n") == 1


def test_a_file_that_takes_too_much_time_is_refused_with_what_to_do(tmp_path: Path) -> None:
    head = b'<VOTABLE><RESOURCE><TABLE><FIELD name="x" datatype="int"/><DATA><TABLEDATA>'
    made = Loader(at_once=1, seconds=1, memory_bytes=2 << 30)
    (tmp_path / "mine").write_bytes(head + b"<TR><TD>1</TD></TR>" * 2_000_000)
    try:
        with pytest.raises(LimitError, match=r"took more than 1 s .* send them as Parquet or FITS"):
            made.load(tmp_path / "mine", tmp_path / "data.duckdb", largest=10**9)
    finally:
        made.close()
