"""A table is amended for what the rows cost that have changed, and sorted anew when many have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from sciplat.engine import amend
from sciplat.engine.amend import amend_generation
from sciplat.engine.build import BuildLimits, build_generation, open_generation


def table(start: int, stop: int) -> pa.Table:
    return pa.table(
        {
            "id": [f"i{number}" for number in range(start, stop)],
            "south": pa.array(range(start, stop), pa.float64()),
            "corners": [[1.0, float(number)] for number in range(start, stop)],
        }
    )


@pytest.fixture
def limits(tmp_path: Path) -> BuildLimits:
    return BuildLimits(tmp_path / "sort")


@pytest.fixture
def made(tmp_path: Path, limits: BuildLimits) -> Path:
    path, rows = tmp_path / "g1.duckdb", table(0, 5000)
    build_generation(path, rows.schema, lambda: iter(rows.to_batches()), order_by=["south"], limits=limits)
    return path


def read(path: Path, limits: BuildLimits) -> list[dict[str, object]]:
    with open_generation(path, limits) as generation:
        return generation.rows(["id", "south", "corners"], order_by=["south"]).read_all().to_pylist()


def test_rows_go_and_come_and_the_old_file_stays(tmp_path: Path, made: Path, limits: BuildLimits) -> None:
    before = made.read_bytes()

    count = amend_generation(
        tmp_path / "g2.duckdb",
        made,
        key="id",
        gone=pa.array(["i3", "i7"]),
        rows=table(5000, 5010),
        limits=limits,
    )

    assert count == 5008
    assert read(tmp_path / "g2.duckdb", limits) == [
        row for row in table(0, 5010).to_pylist() if row["id"] not in ("i3", "i7")
    ]
    assert made.read_bytes() == before
    assert not list(tmp_path.glob("*.part*"))


def test_when_many_have_come_it_is_to_be_sorted_anew(
    tmp_path: Path, made: Path, limits: BuildLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(amend, "_LEAST", 100)
    nothing = pa.array([], pa.string())
    last, amended = made, 0
    for number in range(20):
        new = tmp_path / f"g{number + 2}.duckdb"
        rows = table(6000 + 100 * number, 6100 + 100 * number)
        if amend_generation(new, last, key="id", gone=nothing, rows=rows, limits=limits) is None:
            assert not new.exists()
            break
        last, amended = new, amended + 1

    assert 4 <= amended <= 6


def test_a_file_that_cannot_be_amended_is_made_anew(tmp_path: Path, limits: BuildLimits) -> None:
    broken = tmp_path / "g1.duckdb"
    broken.write_bytes(b"no database")

    nothing = pa.array([], pa.string())
    path = tmp_path / "g2.duckdb"
    assert amend_generation(path, broken, key="id", gone=nothing, rows=table(0, 1), limits=limits) is None
    assert not list(tmp_path.glob("g2*"))
