"""Finished spools, opened again."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sciplat.engine.result import Result
from sciplat.engine.spool import part_of
from sciplat.errors import EngineError, NotFoundError
from sciplat.vo.schema import Column, Datatype


@pytest.fixture
def spool(ask) -> Path:
    columns = (
        Column("id", Datatype.LONG, ucd="meta.id;meta.main"),
        Column("name"),
        Column("mag", unit="mag"),
    )
    running = ask("SELECT id, name, mag FROM g_1.main.data", columns=columns, maxrec=250_000, durable=True)
    running.wait()
    return running.spool


def test_a_page_is_cut_from_any_row(spool: Path) -> None:
    with Result.open(spool) as result:
        assert result.rows == 250_000
        assert result.overflow
        assert result.slice(0, 2)["id"].to_pylist() == [0, 1]
        assert result.slice(65_000, 70_000)["id"].to_pylist() == list(range(65_000, 135_000))
        assert result.slice(249_999, 10)["name"].to_pylist() == ["star 249999"]
        assert result.slice(250_000, 10).num_rows == 0
        assert result.slice(-5, 3)["id"].to_pylist() == [0, 1, 2]


def test_columns_keep_their_descriptions(spool: Path) -> None:
    with Result.open(spool) as result:
        assert result.columns[0] == Column("id", Datatype.LONG, ucd="meta.id;meta.main")
        assert result.columns[2] == Column("mag", Datatype.FLOAT, unit="mag")


def test_all_rows_stream(spool: Path) -> None:
    with Result.open(spool) as result:
        stream = result.stream()
        assert sum(batch.num_rows for batch in stream.batches) == 250_000
        assert stream.overflow


def test_a_spool_is_a_plain_arrow_file(spool: Path) -> None:
    with pa.memory_map(str(spool)) as source:
        assert pa.ipc.open_file(source).read_all().num_rows == 250_000


def test_mapping_takes_no_memory_of_its_own(spool: Path) -> None:
    before = pa.total_allocated_bytes()
    with Result.open(spool) as result:
        table = result.slice(0, 200_000)
        assert table.num_rows == 200_000
        assert pa.total_allocated_bytes() - before < 100_000


def test_a_result_that_is_not_there_or_not_ready_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such result"):
        Result.open(tmp_path / "gone.arrow")
    part_of(tmp_path / "soon.arrow").touch()
    with pytest.raises(NotFoundError, match="not finished"):
        Result.open(tmp_path / "soon.arrow")


@pytest.mark.parametrize("damage", ["cut", "empty", "foreign", "noise"])
def test_a_damaged_result_says_so(spool: Path, tmp_path: Path, damage: str) -> None:
    bad = tmp_path / "bad.arrow"
    match damage:
        case "cut":
            bad.write_bytes(spool.read_bytes()[:-100])
        case "empty":
            bad.touch()
        case "foreign":
            with pa.OSFile(str(bad), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("x", pa.int8())])):
                pass
        case _:
            bad.write_bytes(b"\x07" * 5000)

    with pytest.raises(EngineError, match="incomplete or damaged"):
        Result.open(bad)
